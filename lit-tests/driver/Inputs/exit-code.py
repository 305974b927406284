"""exit-code.py CODE COMMAND...: succeeds if the command ends with exactly this code."""

import subprocess
import sys

result = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
if result.returncode != int(sys.argv[1]):
    sys.exit(f"expected exit code {sys.argv[1]}, found {result.returncode}\n{result.stderr}")
