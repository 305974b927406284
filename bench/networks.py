#!/usr/bin/env python3
"""Float and AFP results of whole networks, in one table.

    python3 -m venv venv && venv/bin/pip install numpy onnxruntime
    venv/bin/python bench/networks.py DIR [DIR ...] [--afpc target/release/afpc] [--formats e2m4] [--float-samples 20]

Each DIR holds a network: model.onnx (or graph.mlir), calib.npy (calibration samples, float32), x.npy (evaluation
samples) and, where there are labels, x.npy.labels.npy. For each network:

* the float interpreter against onnxruntime on the first samples: the largest difference of any output, relative to the
  largest output of that sample;
* the AFP program against float on all samples: agreement of the largest output, SQNR over all outputs
  (10 log10 of sum f^2 / sum (f - q)^2), Top-1 of both, samples lost and gained.
"""
import argparse, json, os, subprocess, sys, tempfile
import numpy as np


def model_of(folder):
    for name in ("model.onnx", "graph.mlir"):
        if os.path.exists(path := os.path.join(folder, name)):
            return path
    sys.exit(f"{folder}: expected model.onnx or graph.mlir, found neither")


def relative_error(afpc, model, x):
    """Largest difference between onnxruntime and the float interpreter, relative to each sample's largest output."""
    import onnxruntime
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    expected = np.stack([session.run(None, {name: sample[None]})[0].reshape(-1) for sample in x])
    with tempfile.TemporaryDirectory() as folder:
        given, result = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
        np.save(given, x)
        subprocess.run([afpc, "run", model, "--input", given, "--float", "-o", result, "--json"], check=True, stdout=subprocess.DEVNULL)
        found = np.load(result).reshape(len(x), -1)
    return float((np.abs(found - expected).max(1) / np.abs(expected).max(1)).max())


def scores(afpc, model, folder, formats):
    command = [afpc, "run", model, "--input", os.path.join(folder, "x.npy"), "--calib", os.path.join(folder, "calib.npy"),
               "--formats", formats, "--compare", "--json"]
    labels = os.path.join(folder, "x.npy.labels.npy")
    if os.path.exists(labels):
        command += ["--labels", labels]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folders", nargs="+", metavar="DIR")
    p.add_argument("--afpc", default="target/release/afpc")
    p.add_argument("--formats", default="e2m4")
    p.add_argument("--float-samples", type=int, default=20)
    a = p.parse_args()
    print("| network | float: largest relative error | samples | agreement | SQNR dB | Top-1 float | Top-1 AFP | lost | gained |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for folder in a.folders:
        model = model_of(folder)
        error = "-"
        if model.endswith(".onnx"):
            error = f"{relative_error(a.afpc, model, np.load(os.path.join(folder, 'x.npy'), mmap_mode='r')[:a.float_samples].copy()):.1e}"
        r = scores(a.afpc, model, folder, a.formats)
        top1 = lambda key: f"{r[key]['percent']:.1f}" if r.get(key) else "-"
        print(f"| {os.path.basename(os.path.normpath(folder))} | {error} | {r['samples']} | {r['agreement']['percent']:.1f} % | {r['sqnr_db']:.1f} | "
              f"{top1('float_top1')} | {top1('top1')} | {r.get('lost', '-')} | {r.get('gained', '-')} |", flush=True)


if __name__ == "__main__":
    main()
