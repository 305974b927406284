#!/usr/bin/env python3
"""Compiled networks against the interpreter, bit by bit, on real inputs.

  bench/bits.py [--afpc PATH] [--samples N] [--simulate] [--json FILE] DIR...

Each DIR holds model.onnx or graph.mlir, calib.npy and x.npy (float32, one sample a row). The network is quantized once
(weights e2m4, 128 calibration samples), run by the interpreter, by the shared library that LLVM makes
(O3), by Cranelift in memory, with shift-and-add products and with packed weights; with --simulate also
as aarch64, aarch64+dotprod and Cortex-M4 code under QEMU, where the instructions of one inference are
counted. Exits with 1 if any output differs in a bit.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HOST = {
    "llvm": ["--backend", "llvm"],
    "cranelift": ["--backend", "cranelift"],
    "shift-add": ["--backend", "llvm", "--multiply", "shift-add"],
    "packed": ["--backend", "llvm", "--weights", "packed"],
}
SIMULATED = {name: ["--backend", "llvm", "--target", name] for name in ["aarch64", "aarch64+dotprod", "cortex-m4"]}
SIMULATED |= {f"{name} shift-add": [*options, "--multiply", "shift-add"] for name, options in SIMULATED.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--afpc", default="target/debug/afpc")
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    ways = HOST | (SIMULATED if arguments.simulate else {})
    table, different = {}, 0
    for folder in arguments.folders:
        with tempfile.TemporaryDirectory() as scratch:
            row = network(arguments, folder, Path(scratch), ways)
        table[folder.name] = row
        different += sum(not cell["equal"] for cell in row.values())
        cells = [f"{way} {'equal' if cell['equal'] else 'DIFFERENT'}{count(cell)}" for way, cell in row.items()]
        print(f"{folder.name}: {'; '.join(cells)}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=1) + "\n")
    sys.exit(1 if different else 0)


def count(cell):
    return f" ({cell['instructions']:,} instructions)" if "instructions" in cell else ""


def network(arguments, folder, scratch, ways):
    def afpc(*options):
        run = subprocess.run([arguments.afpc, *map(str, options)], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"{folder.name}: afpc {' '.join(map(str, options))}\n{run.stderr}")
        return run.stdout

    model = next(folder / name for name in ["model.onnx", "graph.mlir"] if (folder / name).exists())
    program, inputs = scratch / "program.mlirbc", scratch / "x.npy"
    np.save(inputs, np.load(folder / "x.npy", mmap_mode="r")[: arguments.samples])
    afpc("compile", model, "--calib", folder / "calib.npy", "--calib-samples", 128,
         "--formats", "e2m4", "--emit", "mlir", "-o", program)
    afpc("run", program, "--input", inputs, "-o", scratch / "interpreter.npz")
    expected = dict(np.load(scratch / "interpreter.npz"))
    row = {}
    for number, (way, options) in enumerate(ways.items()):
        output = scratch / f"{number}.npz"
        said = afpc("run", program, "--input", inputs, "-o", output, *options)
        found = dict(np.load(output))
        equal = found.keys() == expected.keys() and all(
            found[key].shape == expected[key].shape and found[key].tobytes() == expected[key].tobytes() for key in found
        )
        row[way] = {"equal": equal, "samples": int(np.load(inputs, mmap_mode="r").shape[0])}
        counted = re.search(r"^instructions +(\d+)", said, re.M)
        if counted:
            row[way]["instructions"] = int(counted[1])
    return row


if __name__ == "__main__":
    main()
