"""Runs a command until it ends by itself, and kills it before that: kill.py TIMES OUTPUT -- COMMAND...

The first deaths come after some hundredths of a second, later ones later, so that they meet every part of the work. OUTPUT must not
exist before the command has ended by itself.
"""

import os
import random
import subprocess
import sys

times, output, command = int(sys.argv[1]), sys.argv[2], sys.argv[4:]
draw = random.Random(0)
for attempt in range(times):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        process.wait(timeout=draw.uniform(0.05, 0.3 + 0.2 * attempt))
        break
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        assert not os.path.exists(output), "a search that was killed has written its result"
sys.exit(subprocess.run(command, stdout=subprocess.DEVNULL).returncode)
