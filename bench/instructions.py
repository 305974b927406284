#!/usr/bin/env python3
"""Instructions for a product, by layer, and for whole networks, counted by QEMU.

    bench/instructions.py [DIR...] [--targets aarch64+i8mm,aarch64+dotprod,aarch64] [--formats e2m2] [--afpc target/release/afpc]

Of each kind of layer two chains are compiled that differ by one layer; what one executes more than the other is the
layer, with its epilogue and all. Each DIR holds model.onnx and calib.npy (bench/inputs.py makes them), and
formats.json if formats were searched for.
"""
import argparse, json, os, struct, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from latency import network  # noqa: E402

# Rows (and columns) and channels; the layer, as bench/latency.py describes it; products.
LAYERS = {
    "3x3, 64 to 64 channels, 28 x 28": (28, 64, ("conv", 64, 3, 1), 28 * 28 * 64 * 64 * 9),
    "1x1, 128 to 128 channels, 28 x 28": (28, 128, ("conv", 128, 1, 1), 28 * 28 * 128 * 128),
    "depthwise 3x3, 128 channels, 28 x 28": (28, 128, ("dw", 3, 1), 28 * 28 * 128 * 9),
}


def executed(arguments, target, model, sample, *options):
    command = [arguments.afpc, "run", model, *options, "--backend", "llvm", "--target", target, "--input", sample, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}:\n{ran.stderr}")
    return json.loads(ran.stdout)["instructions"]["most"]


def layer(arguments, target, side, channels, one):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        model, sample = os.path.join(folder, "chain.mlir"), os.path.join(folder, "x.raw")
        with open(sample, "wb") as file:
            count = side * side * channels
            file.write(struct.pack(f"<{count}f", *((i * 37 % 101) / 50 - 1 for i in range(count))))
        for times in (1, 2):
            with open(model, "w") as file:
                file.write(network(side, channels, [one] * times, 0))
            options = ["--formats", arguments.formats, "--activations", "static"]
            found.append(executed(arguments, target, model, sample, *options))
    return found[1] - found[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="DIR")
    parser.add_argument("--targets", default="aarch64+i8mm,aarch64+dotprod,aarch64")
    parser.add_argument("--formats", default="e2m2")
    parser.add_argument("--afpc", default="target/release/afpc")
    arguments = parser.parse_args()
    targets = arguments.targets.split(",")
    print("| instructions for a product | " + " | ".join(targets) + " |\n| --- |" + " --- |" * len(targets))
    for name, (side, channels, one, products) in LAYERS.items():
        counts = [layer(arguments, target, side, channels, one) / products for target in targets]
        print(f"| {name} | " + " | ".join(f"{count:.3f}" for count in counts) + " |", flush=True)
    if arguments.folders:
        import numpy
        print("\n| millions of instructions | " + " | ".join(targets) + " |\n| --- |" + " --- |" * len(targets))
    for folder in arguments.folders:
        path = lambda name: os.path.join(folder, name)
        formats = path("formats.json") if os.path.exists(path("formats.json")) else arguments.formats
        options = ["--calib", path("calib.npy"), "--calib-samples", "16", "--rounding", "nearest", "--formats", formats]
        with tempfile.TemporaryDirectory() as inside:
            sample = os.path.join(inside, "x.raw")
            numpy.load(path("calib.npy"), mmap_mode="r")[:1].astype(numpy.float32).tofile(sample)
            counts = [executed(arguments, target, path("model.onnx"), sample, *options) for target in targets]
        name = os.path.basename(os.path.normpath(folder))
        print(f"| {name} | " + " | ".join(f"{count / 1e6:.2f}" for count in counts) + " |", flush=True)


if __name__ == "__main__":
    main()
