#!/usr/bin/env python3
"""LLVM and Cranelift beside each other: how long they take to make a network's code, and how long the code takes.

    bench/backends.py DIR... [--formats FILE|FORMAT] [--calib-samples N] [--target x86-64-v4+vnni] [--rounds 5]
                      [--time 0.2] [--under COMMAND] [--afpc target/release/afpc] [--json FILE]

Each DIR holds model.onnx and calib.npy (bench/inputs.py makes them), and formats.json if formats were searched for; a
file of formats may have {} for the folder's name. A network is quantized once. Then `afpc bench` makes code of the
program and times it, by LLVM, by LLVM held to vectors of 128 bits, and by Cranelift, in turns, so that a machine whose
speed drifts slows all of them alike. Printed are medians over the rounds, and the ratios that docs/codegen.md has aims
for: of run times to both kinds of LLVM's code, and of the time to make the code, kernels and machine code together and
machine code alone. COMMAND is put before each timed one.
"""
import argparse, json, os, shlex, statistics, subprocess, tempfile

VARIANTS = {
    "LLVM": ["--backend", "llvm"],
    "LLVM, 128 bits": ["--backend", "llvm", "--vector-bits", "128"],
    "Cranelift": ["--backend", "cranelift"],
}


def quantized(folder, options, scratch):
    """The exact program, as bytecode."""
    name = os.path.basename(os.path.normpath(folder))
    own = os.path.join(folder, "formats.json")
    formats = (options.formats or (own if os.path.exists(own) else "e2m4")).replace("{}", name)
    program = os.path.join(scratch, "program.mlirbc")
    command = [options.afpc, "compile", os.path.join(folder, "model.onnx"), "--calib", os.path.join(folder, "calib.npy"),
               "--formats", formats, "--emit", "mlir", "-o", program]
    if options.calib_samples:
        command += ["--calib-samples", str(options.calib_samples)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return program


def turn(program, variant, options):
    command = [*shlex.split(options.under), options.afpc, "bench", program, "--target", options.target,
               "--time", str(options.time), "--json", *VARIANTS[variant]]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    times = found["generation_seconds"]
    return {"run": found["seconds"]["median"], "code": times["code"], "all": times["kernels"] + times["code"]}


def measure(folder, options):
    with tempfile.TemporaryDirectory() as scratch:
        program = quantized(folder, options, scratch)
        turns = {variant: [] for variant in VARIANTS}
        for _ in range(options.rounds):
            for variant, found in turns.items():
                found.append(turn(program, variant, options))
    return {variant: {key: statistics.median(one[key] for one in found) for key in found[0]}
            for variant, found in turns.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--formats", help="formats of weights, or a formats file; DIR/formats.json or e2m4 unless given")
    parser.add_argument("--calib-samples", type=int)
    parser.add_argument("--target", default="x86-64-v4+vnni")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=float, default=0.2, help="seconds of a turn")
    parser.add_argument("--under", default="", help="what runs the timed commands, such as 'taskset 1'")
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--json", help="where all medians are written, in seconds")
    options = parser.parse_args()
    print("| network | LLVM, us | LLVM 128 bits, us | Cranelift, us | ratios | made in: LLVM, ms | Cranelift, ms | ratio "
          "| machine code alone |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    results = {}
    for folder in options.folders:
        name = os.path.basename(os.path.normpath(folder))
        results[name] = found = measure(folder, options)
        wide, narrow, cranelift = found.values()
        print(f"| {name} | {1e6 * wide['run']:.1f} | {1e6 * narrow['run']:.1f} | {1e6 * cranelift['run']:.1f} "
              f"| {cranelift['run'] / wide['run']:.2f}, {cranelift['run'] / narrow['run']:.2f} "
              f"| {1e3 * wide['all']:.0f} | {1e3 * cranelift['all']:.0f} | 1/{wide['all'] / cranelift['all']:.1f} "
              f"| 1/{wide['code'] / cranelift['code']:.0f} |", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
