#!/usr/bin/env python3
"""What becomes of the conversions of whole networks, and what they would cost.

    python3 bench/requant.py DIR [DIR ...] [--afpc target/release/afpc] [--samples 2] [--targets cortex-m4,aarch64] [--no-calib]
        [-- RECIPE]

Each DIR holds a network: model.onnx (or graph.mlir), calib.npy (calibration samples, float32) and x.npy (inputs). What
stands behind `--` goes to afpc compile, such as `--formats e2m2` or `--calib-samples 16`. For each network:

* the conversions that quantization inserted, and those of them that were removed, absorbed, and left; of these, those at
  inputs and outputs;
* whether the program computes the same bits before and after afp-eliminate-requant, by the interpreter;
* with --targets, the instructions of an inference with and without that pass, under QEMU, and whether the bits are the
  interpreter's.
"""
import argparse, json, os, subprocess, sys, tempfile
import numpy as np

BEFORE = "afp-encode-weights"


def model_of(folder):
    for name in ("model.onnx", "graph.mlir"):
        if os.path.exists(path := os.path.join(folder, name)):
            return path
    sys.exit(f"{folder}: expected model.onnx or graph.mlir, found neither")


def run(*command):
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"{' '.join(command)}\n{found.stderr}")
    return found.stdout


def outputs(afpc, program, given, result, *options):
    """The outputs of a program, and what afpc says of the run."""
    said = json.loads(run(afpc, "run", program, "--input", given, "-o", result, "--json", *options))
    return np.load(result).tobytes(), said


def network(arguments, folder):
    model, afpc = model_of(folder), arguments.afpc
    samples = [] if arguments.no_calib else ["--calib", os.path.join(folder, "calib.npy")]
    recipe = [*samples, *arguments.recipe]
    with tempfile.TemporaryDirectory() as scratch:
        at = lambda name: os.path.join(scratch, name)
        run(afpc, "compile", model, *recipe, "--emit", "mlir", "--until", BEFORE, "-o", at("before.mlirbc"))
        run(afpc, "compile", model, *recipe, "--emit", "mlir", "-o", at("after.mlirbc"))
        report = run(afpc, "compile", at("after.mlirbc"), "--emit", "report", "--backend", "cranelift", "--json", "-o", scratch)
        row = {"network": os.path.basename(os.path.normpath(folder)), **json.loads(report)["conversions"]}
        each = row.pop("each", [])
        row["inside"] = [c for c in each if c.get("fate") == "left" and "the program" not in c.get("reason", "")]
        x = np.load(os.path.join(folder, "x.npy"))[: arguments.samples]
        np.save(at("x.npy"), x)
        bits = {}
        for kind in ("before", "after"):
            bits[kind], _ = outputs(afpc, at(f"{kind}.mlirbc"), at("x.npy"), at("y.npy"), "--backend", "interpreter")
        row["equal"] = bits["before"] == bits["after"]
        np.save(at("one.npy"), x[:1])
        one, _ = outputs(afpc, at("after.mlirbc"), at("one.npy"), at("y.npy"), "--backend", "interpreter")
        for target in arguments.targets:
            for kind in ("before", "after"):
                found, said = outputs(afpc, at(f"{kind}.mlirbc"), at("one.npy"), at("y.npy"), "--backend", "llvm", "--target", target)
                row["equal"] &= found == one
                row[f"{target} {kind}"] = said["instructions"]["least"]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--targets", type=lambda text: text.split(","), default=[])
    parser.add_argument("--no-calib", action="store_true", help="without samples: scale exponents are dynamic")
    parser.add_argument("--json", action="store_true")
    own, _, recipe = (lambda a: (a[: a.index("--")], "--", a[a.index("--") + 1 :]) if "--" in a else (a, "", []))(sys.argv[1:])
    arguments = parser.parse_args(own)
    arguments.recipe = recipe
    header = ["inserted", "removed", "absorbed", "left", "boundary"]
    if not arguments.json:
        counted = "".join(f"{target:>16} without{'':>8}with" for target in arguments.targets)
        print(f"{'network':<28}" + "".join(f"{name:>10}" for name in header) + "  bits " + counted, flush=True)
    for folder in arguments.folders:
        row = network(arguments, folder)
        if arguments.json:
            print(json.dumps(row), flush=True)
            continue
        counted = "".join(f"{row[f'{t} before']:>24}{row[f'{t} after']:>12}" for t in arguments.targets)
        print(f"{row['network']:<28}" + "".join(f"{row.get(name, '-'):>10}" for name in header)
              + ("  equal" if row["equal"] else "  DIFFER") + counted, flush=True)
        for c in row["inside"]:
            print(f"    inside: {c['operator']} of {c['value']}: {c['reason']}")


main()
