#!/usr/bin/env python3
"""Scale exponents that are chosen at run time, without calibration data, beside calibrated static ones.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python bench/dynamic.py DIR... [--afpc target/release/afpc] [--backend cranelift] [--samples N]
        [--static ...] [--dynamic ...] [--targets x86-64-v3,cortex-m4]

Each DIR holds a network: model.onnx, calib.npy, x.npy and x.npy.labels.npy. Two programs are compiled, both with weights in
e2m4 and activations of 8 bits: one with --calib, and one without, which sees no sample of the user's. Both run on the same
samples, onnxruntime runs the float network on them, and what is printed is, in rows of a table in markdown: agreement with the float network;
rows lost and gained against it; and, of the rows that one program alone has right (or alone agrees on with the float
network), the difference between the two with its interval of 95 % and p of McNemar's exact test.

With --targets, the instructions of one inference by both programs, counted under QEMU, and nothing else.
"""
import argparse, json, math, os, subprocess, sys, tempfile
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import int8
from metrics import Z


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def classes(rows):
    """The class that each sample is given."""
    return rows.reshape(len(rows), -1).argmax(1)


def paired(a, b):
    """By how many points `b` is right more often than `a`, the interval of that, and McNemar's p."""
    only_a, only_b, rows = int((a & ~b).sum()), int((b & ~a).sum()), len(a)
    net, disagreeing = only_b - only_a, only_a + only_b
    half = Z * math.sqrt(max(disagreeing - net * net / rows, 0))
    tail = sum(math.comb(disagreeing, k) for k in range(min(only_a, only_b) + 1)) / 2**disagreeing
    return 100 * net / rows, [100 * (net - half) / rows, 100 * (net + half) / rows], min(1.0, 2 * tail)


def difference(a, b):
    net, (lo, hi), p = paired(a, b)
    return f"{net:+.2f} ({lo:+.2f} to {hi:+.2f}), p {p:.2f}"


def measure(options, folder, scratch):
    model, calibration, samples = (os.path.join(folder, name) for name in ("model.onnx", "calib.npy", "x.npy"))
    labels, x = np.load(samples + ".labels.npy"), np.load(samples, mmap_mode="r")
    if options.samples and options.samples < len(x):
        labels, samples = labels[: options.samples], os.path.join(scratch, "x.npy")
        np.save(samples, x[: options.samples])
    program = os.path.join(scratch, "program.mlirbc")

    def of_program(*how):
        run(options.afpc, "compile", model, *how, "--emit", "mlir", "-o", program)
        outputs = os.path.join(scratch, "y.npy")
        run(options.afpc, "run", program, "--input", samples, "-o", outputs, "--backend", options.backend)
        return classes(np.load(outputs))

    truth = classes(int8.outputs(model, np.load(samples, mmap_mode="r"), options.threads)[0])
    right = truth == labels
    static = of_program("--calib", calibration, *options.static.split())
    dynamic = of_program(*options.dynamic.split())
    name = os.path.basename(os.path.normpath(folder))
    for kind, found in (("static", static), ("dynamic", dynamic)):
        hit = found == labels
        lost, gained = int((right & ~hit).sum()), int((hit & ~right).sum())
        print(f"| {name} | {kind} | {100 * (found == truth).mean():.2f} % of {len(truth)} | {lost} | {gained} | {lost - gained} |")
    agreement, accuracy = (difference(static == to, dynamic == to) for to in (truth, labels))
    print(f"| {name} | dynamic - static, points | {agreement} | | | {accuracy} |", flush=True)


def count(options, folder, scratch):
    model, calibration, one = (os.path.join(folder, "model.onnx"), os.path.join(folder, "calib.npy"), os.path.join(scratch, "x.npy"))
    np.save(one, np.load(os.path.join(folder, "x.npy"), mmap_mode="r")[:1])
    programs = []
    for kind, how in ("static", ["--calib", calibration, *options.static.split()]), ("dynamic", options.dynamic.split()):
        programs.append(os.path.join(scratch, f"{kind}.mlirbc"))
        run(options.afpc, "compile", model, *how, "--emit", "mlir", "-o", programs[-1])
    for target in options.targets.split(","):
        under = ["--input", one, "-o", os.path.join(scratch, "y.npy"), "--backend", "llvm", "--target", target, "--json"]
        static, dynamic = (json.loads(run(options.afpc, "run", p, *under))["instructions"]["least"] for p in programs)
        name = os.path.basename(os.path.normpath(folder))
        print(f"| {name} | `{target}` | {static:,} | {dynamic:,} | {100 * (dynamic / static - 1):+.0f} % |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="+", metavar="DIR")
    arguments.add_argument("--afpc", default="target/release/afpc")
    arguments.add_argument("--backend", default="cranelift")
    arguments.add_argument("--samples", type=int, help="use the first samples alone")
    arguments.add_argument("--threads", type=int, default=2, help="of onnxruntime")
    arguments.add_argument("--static", default="", help="more options for the static program")
    arguments.add_argument("--dynamic", default="", help="more options for the dynamic program")
    arguments.add_argument("--targets", help="count instructions on these")
    options = arguments.parse_args()
    header = ["network", "exponents", "agreement", "lost", "gained", "net"]
    if options.targets:
        header = ["network", "target", "static", "dynamic", ""]
    print("\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header))))
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as scratch:
            (count if options.targets else measure)(options, folder, scratch)


if __name__ == "__main__":
    main()
