#!/usr/bin/env python3
"""Convolutions of 3x3 by Winograd's transforms, beside the same layers by dot products of their windows.

    bench/winograd.py [--layers 56x64,28x128,14x256,7x512] [--weights e2m1] [--formats ue0m6,ue0m7]
                      [--target x86-64-v4+vnni] [--rounds 7] [--time 0.2] [--threads 1] [--afpc target/release/afpc]

A layer SIZExCHANNELS has SIZE x SIZE pixels and as many outputs as inputs, with random weights. Of the two formats of its
input the first has few enough bits for the transforms, the second has not: the kernel of the second takes the same
time for all formats of a byte. Both are compiled and timed in turn, so many rounds; printed are the medians in
microseconds of the layer alone, and the median of the rounds' ratios with the lowest and the highest.
"""
import argparse, json, os, random, statistics, subprocess, sys, tempfile


def program(size, channels, weights, inputs):
    """The layer as an exact program."""
    text = weights.lstrip("u")
    exponent, mantissa = (int(part) for part in text[1:].split("m"))
    width = exponent + mantissa + (0 if weights.startswith("u") else 1)
    # Not the code of a negative zero.
    codes = [code for code in range(1 << width) if code != 1 << width - 1]
    numbers = random.Random(1)
    payload = "".join(f"{numbers.choice(codes):02X}" for _ in range(channels * 9 * channels))
    shape, kernel = f"1x{size}x{size}x{channels}", f"{channels}x3x3x{channels}"
    return f"""!x = !afp.float<{inputs}, exp = -6>
!w = !afp.float<{weights}, exp = 0>
!r = !afp.float<{inputs}, exp = 2>
func.func @main(%x: tensor<{shape}xf32>) -> tensor<{shape}xf32> {{
  %w = afp.constant dense<"0x{payload}"> : tensor<{kernel}xi8> : tensor<{kernel}x!w>
  %0 = afp.quantize %x : tensor<{shape}xf32> to tensor<{shape}x!x>
  %1 = afp.conv2d %0, %w {{pad = array<i64: 1, 1, 1, 1>}} : (tensor<{shape}x!x>, tensor<{kernel}x!w>) -> tensor<{shape}x!afp.exact>
  %2 = afp.encode %1 {{afp.name = "layer"}} : tensor<{shape}x!afp.exact> to tensor<{shape}x!r>
  %3 = afp.dequantize %2 : tensor<{shape}x!r> to tensor<{shape}xf32>
  return %3 : tensor<{shape}xf32>
}}
"""


def measure(path, options):
    """Strategy and seconds of the layer."""
    command = [options.afpc, "bench", path, "--target", options.target, "--threads", str(options.threads),
               "--time", str(options.time), "--per-layer", "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    layer = next(layer for layer in found["layers"] if layer["name"] == "layer")
    return layer["strategy"], layer["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", default="56x64,28x128,14x256,7x512")
    parser.add_argument("--weights", default="e2m1")
    parser.add_argument("--formats", default="ue0m6,ue0m7")
    parser.add_argument("--target", default="x86-64-v4+vnni")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--time", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--afpc", default="target/release/afpc")
    options = parser.parse_args()
    formats = options.formats.split(",")
    if len(formats) != 2:
        sys.exit(f"--formats: expected two, found '{options.formats}'")
    print("| layer | " + " | ".join(f"{name}, us" for name in formats) + " | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for layer in options.layers.split(","):
            size, channels = (int(number) for number in layer.split("x"))
            paths = [os.path.join(folder, f"{layer}-{name}.mlir") for name in formats]
            for path, name in zip(paths, formats):
                with open(path, "w") as file:
                    file.write(program(size, channels, options.weights, name))
            rounds = [[measure(path, options) for path in paths] for _ in range(options.rounds)]
            cells = []
            for turn in range(2):
                median = statistics.median(seconds for _, seconds in (found[turn] for found in rounds))
                cells.append(f"{median * 1e6:.0f} ({rounds[0][turn][0]})")
            ratios = sorted(found[1][1] / found[0][1] for found in rounds)
            cells.append(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
            print(f"| {size} x {size} x {channels} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
