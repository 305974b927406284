#!/usr/bin/env python3
"""Attention by layers: products of computed matrices, softmax, and a table behind them.

    bench/attention.py [--sizes 4x64x32,3x197x64] [--target x86-64-v4+vnni] [--backend llvm]
                       [--rounds 5] [--time 0.1] [--threads 1] [--afpc target/release/afpc] [--other AFPC]

A size HEADSxTOKENSxDEPTH is that of the queries and keys: two inputs of e0m7. The keys are transposed and
multiplied by the queries; a softmax of the rows is multiplied by the keys, which are the values too; and a table of gelu
is looked up. Programs are compiled and timed in turn by both compilers, where another one is named, so many rounds;
printed are the medians of each layer in microseconds, and the median of the rounds' ratios with the lowest and the
highest.
"""
import argparse, json, math, os, statistics, subprocess, tempfile

LAYERS = ["transpose", "scores", "softmax", "values", "gelu"]


def gelu():
    """The table for fixed point of 8 bits, in units of 2^-6 (rule U2)."""
    def code(of):
        x = (of - 256 if of > 127 else of) / 64
        return min(math.floor(64 * x / 2 * (1 + math.erf(x / math.sqrt(2))) + 0.5), 127) & 255
    return "".join(f"{code(of):02X}" for of in range(256))


def program(heads, tokens, depth):
    """Attention as an exact program."""
    rows, columns, scores = f"{heads}x{tokens}x{depth}", f"{heads}x{depth}x{tokens}", f"{heads}x{tokens}x{tokens}"
    inputs = "\n".join(
        f"  %{name}0 = afp.quantize %{name} : tensor<{rows}xf32> to tensor<{rows}x!x>" for name in "qk")
    return f"""!x = !afp.float<e0m7, exp = -6>
!s = !afp.float<e0m7, exp = -4>
!p = !afp.float<ue0m8, exp = -8>
func.func @main(%q: tensor<{rows}xf32>, %k: tensor<{rows}xf32>) -> tensor<{rows}xf32> {{
{inputs}
  %0 = afp.transpose %k0 {{perm = array<i64: 0, 2, 1>, afp.name = "transpose"}} : tensor<{rows}x!x> to tensor<{columns}x!x>
  %1 = afp.matmul %q0, %0 : (tensor<{rows}x!x>, tensor<{columns}x!x>) -> tensor<{scores}x!afp.exact>
  %2 = afp.encode %1 {{afp.name = "scores"}} : tensor<{scores}x!afp.exact> to tensor<{scores}x!s>
  %3 = afp.softmax %2 {{axis = 2 : i64, afp.name = "softmax"}} : tensor<{scores}x!s> to tensor<{scores}x!p>
  %4 = afp.matmul %3, %k0 : (tensor<{scores}x!p>, tensor<{rows}x!x>) -> tensor<{rows}x!afp.exact>
  %5 = afp.encode %4 {{afp.name = "values"}} : tensor<{rows}x!afp.exact> to tensor<{rows}x!x>
  %6 = afp.table %5 {{function = "gelu", values = dense<"0x{gelu()}"> : tensor<256xi8>, afp.name = "gelu"}} : tensor<{rows}x!x> to tensor<{rows}x!x>
  %7 = afp.dequantize %6 : tensor<{rows}x!x> to tensor<{rows}xf32>
  return %7 : tensor<{rows}xf32>
}}
"""


def measure(afpc, path, options):
    """Microseconds and strategy of each layer."""
    command = [afpc, "bench", path, "--target", options.target, "--backend", options.backend, "--per-layer", "--json",
               "--threads", str(options.threads), "--time", str(options.time)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {layer["name"]: (layer["seconds"] * 1e6, layer["strategy"]) for layer in found["layers"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="4x64x32,3x197x64")
    parser.add_argument("--target", default="x86-64-v4+vnni")
    parser.add_argument("--backend", default="llvm")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--other", help="another compiler to compare with")
    options = parser.parse_args()
    compilers = [options.afpc] + ([options.other] if options.other else [])
    columns = ["heads x tokens x depth", "layer", "us"] + (["other, us", "ratio"] if options.other else [])
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes.split(","):
            path = os.path.join(folder, f"{size}.mlir")
            with open(path, "w") as file:
                file.write(program(*(int(number) for number in size.split("x"))))
            rounds = [[measure(afpc, path, options) for afpc in compilers] for _ in range(options.rounds)]
            for layer in LAYERS:
                times = [[found[layer][0] for found in turn] for turn in rounds]
                cells = [f"{statistics.median(own[at] for own in times):.1f} ({rounds[0][at][layer][1]})"
                         for at in range(len(compilers))]
                if options.other:
                    ratios = sorted(other / own for own, other in times)
                    cells.append(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
                print(f"| {size} | {layer} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
