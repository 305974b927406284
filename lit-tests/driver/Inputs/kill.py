"""Runs a command until it ends by itself, and kills it before that: kill.py TIMES OUTPUT -- COMMAND...

The first deaths come after some hundredths of a second, later ones later, so that they meet every part of the work. OUTPUT, where a
command that was killed has left it, must be what the command writes when it ends by itself: it may die behind its last write.
"""

import os
import random
import subprocess
import sys

times, output, command = int(sys.argv[1]), sys.argv[2], sys.argv[4:]
draw = random.Random(0)
left = []
for attempt in range(times):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        process.wait(timeout=draw.uniform(0.05, 0.3 + 0.2 * attempt))
        break
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        if os.path.exists(output):
            with open(output, "rb") as file:
                left.append(file.read())
            os.remove(output)
status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
with open(output, "rb") as file:
    written = file.read()
assert all(found == written for found in left), "a search that was killed has left a part of its result"
sys.exit(status)
