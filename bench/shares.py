#!/usr/bin/env python3
"""Shares of a machine's peak that kinds of layers reach: convolutions by kernel, input channels and pixels.

    bench/shares.py DIR... [--target x86-64-v4+vnni] [--formats e2m4] [--rounds 5] [--afpc target/release/afpc]

Each DIR holds model.onnx and calib.npy (bench/inputs.py and bench/resnet50.py make them). A round measures the peak and all layers
(`afpc bench --per-layer`); a layer's share is the median of the rounds', and a kind's that of its layers.
"""
import argparse, collections, json, os, statistics, subprocess, sys, tempfile


def run(*command):
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}:\n{ran.stderr}")
    return ran.stdout


def shapes(arguments, network):
    """By name: kernel rows, input channels and pixels of the result."""
    with tempfile.TemporaryDirectory() as folder:
        run(arguments.afpc, "compile", *network, "--target", arguments.target, "-o", folder, "--emit", "report", "--quiet")
        with open(os.path.join(folder, "report.json")) as file:
            layers = json.load(file)["layers"]
    found = {}
    for layer in layers:
        if layer["operator"] == "conv2d":
            _, rows, _, channels = layer["weights"][0]["shape"]
            images, height, width, _ = layer["output"]["shape"]
            found[layer["name"]] = (rows, channels, images * height * width)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--target", default="x86-64-v4+vnni")
    parser.add_argument("--formats", default="e2m4")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--afpc", default="target/release/afpc")
    arguments = parser.parse_args()
    kinds = collections.defaultdict(list)
    for folder in arguments.folders:
        network = [os.path.join(folder, "model.onnx"), "--calib", os.path.join(folder, "calib.npy"), "--calib-samples", "1",
                   "--formats", arguments.formats, "--rounding", "nearest"]
        of, shares = shapes(arguments, network), collections.defaultdict(list)
        for _ in range(arguments.rounds):
            measured = json.loads(run(arguments.afpc, "bench", *network, "--target", arguments.target, "--per-layer", "--json"))
            for layer in measured["layers"]:
                if layer["name"] in of and layer["macs"]:
                    shares[layer["name"]].append(layer["macs"] / layer["seconds"] / 1e9 / measured["peak_gmacs"])
        for name, all_rounds in shares.items():
            kinds[of[name]].append(statistics.median(all_rounds))
    print("| kernel | input channels | pixels | layers | share of the peak |\n| --- | --- | --- | --- | --- |")
    for (rows, channels, pixels), found in sorted(kinds.items(), key=lambda kind: (-kind[0][0], kind[0][1], -kind[0][2])):
        print(f"| {rows}x{rows} | {channels} | {pixels} | {len(found)} | {100 * statistics.median(found):.0f} % |")


if __name__ == "__main__":
    main()
