#!/usr/bin/env python3
"""Measures the cost table of a target, and says how well a table predicts.

    bench/latency.py measure TARGET -o ptq/src/cost/tables/TARGET.json [--rows FILE] [--afpc target/release/afpc] [--repeat 3]
    bench/latency.py judge TABLE MODEL [MODEL ...] [--afpc target/release/afpc] [--formats e2m2]

`measure` compiles small networks of one to four layers, of many shapes and formats, and fits the coefficients of
docs/cost.md to them, none below zero, by least squares on (predicted - measured)^2 / (predicted * measured): twice as much
is as wrong as half as much. Where this machine runs the target, layers are
timed by `afpc bench --per-layer`, in nanoseconds; elsewhere `afpc run --target` counts the instructions of the networks. With --rows what was measured is kept in FILE, and
read from there the next time.

`judge` compares what a table predicts with what is measured of whole networks that the fit has not seen: per layer where
layers can be timed, else in all. Standard library only.
"""
import argparse, json, os, random, struct, subprocess, sys, tempfile

# As calibrated networks are: nothing is found out when the code runs.
STATIC = ["--activations", "static"]
# Weights whose integers have one byte, two, and more; activations have a byte by default.
FORMATS = {"byte": "e2m2", "pair": "e3m2", "wide": "e4m2"}
# Height (= width) and channels of the input, then layers: convolution (channels, kernel, stride), depthwise (kernel,
# stride), maximum and mean over 2x2.
CHAINS = [
    (32, 3, [("conv", 16, 3, 1), ("conv", 16, 3, 1)]),
    (32, 3, [("conv", 24, 3, 2), ("dw", 3, 1), ("conv", 48, 1, 1)]),
    (16, 32, [("conv", 32, 3, 1)]),
    (16, 16, [("conv", 64, 1, 1), ("dw", 3, 1)]),
    (16, 48, [("dw", 3, 2), ("conv", 40, 1, 1)]),
    (8, 64, [("conv", 64, 3, 1), ("conv", 128, 1, 1)]),
    (8, 128, [("dw", 3, 1), ("conv", 128, 1, 1)]),
    (8, 20, [("conv", 50, 5, 1), ("pool",)]),
    (28, 1, [("conv", 20, 5, 1), ("pool",)]),
    (7, 160, [("conv", 96, 1, 1), ("conv", 160, 1, 1)]),
    (4, 256, [("dw", 3, 1), ("conv", 256, 1, 1)]),
    (1, 640, [("conv", 128, 1, 1), ("conv", 128, 1, 1)]),
    (1, 256, [("conv", 500, 1, 1), ("conv", 10, 1, 1)]),
    (1, 64, [("conv", 12, 1, 1)]),
    (24, 8, [("dw", 3, 1), ("pool",), ("conv", 12, 1, 1)]),
    (12, 24, [("conv", 24, 3, 1), ("pool",)]),
    (14, 72, [("conv", 18, 1, 1)]),
    (20, 16, [("dw", 5, 1), ("pool",)]),
    (16, 3, [("conv", 3, 3, 1), ("mean",)]),
    (8, 64, [("conv", 96, 1, 1), ("mean",), ("conv", 10, 1, 1)]),
    (10, 32, [("conv", 8, 3, 1), ("conv", 32, 3, 1), ("mean",)]),
    # Few numbers at both ends, many between them.
    (16, 8, [("conv", 96, 1, 1), ("dw", 3, 1), ("conv", 8, 1, 1)]),
    (12, 4, [("conv", 64, 1, 1), ("dw", 3, 1), ("dw", 5, 1), ("conv", 4, 1, 1)]),
    (8, 8, [("conv", 128, 1, 1), ("dw", 3, 2), ("conv", 8, 1, 1)]),
    (10, 4, [("conv", 48, 3, 1), ("conv", 48, 3, 1), ("conv", 4, 1, 1)]),
    (16, 4, [("conv", 64, 1, 1), ("pool",), ("conv", 4, 1, 1)]),
    (16, 4, [("conv", 64, 1, 1), ("mean",), ("conv", 4, 1, 1)]),
]


def network(side, channels, layers, seed):
    """The text of a chain, with weights that look like trained ones."""
    draw = random.Random(seed)

    def constant(shape):
        count = 1
        for size in shape:
            count *= size
        data = struct.pack(f"<{count}f", *(draw.gauss(0, 0.3) for _ in range(count)))
        return f'dense<"0x{data.hex().upper()}"> : tensor<{"x".join(map(str, shape))}xf32>'

    def tensor(side, channels):
        return f"tensor<1x{side}x{side}x{channels}xf32>"

    def attributes(kernel, stride):
        before = (kernel - 1) // 2 if kernel > 1 and side > kernel else 0
        after = before if (side + 2 * before - kernel) % stride == 0 else before - 1
        pad = [before, after, before, after]
        out = (side + before + after - kernel) // stride + 1
        text = f"pad = array<i64: {', '.join(map(str, pad))}>, stride = array<i64: {stride}, {stride}>"
        return text, out

    lines, value = [], "%x"
    start = tensor(side, channels)
    for number, (kind, *sizes) in enumerate(layers):
        result = f"%y{number}"
        if kind in ("pool", "mean"):
            out = side // 2
            assert side % 2 == 0, "even sides before a pool"
            window = "kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>"
            if kind == "pool":
                lines.append(f"{result} = tosa.max_pool2d {value} {{{window}}} : ({tensor(side, channels)}) -> "
                             f"{tensor(out, channels)}")
            else:
                lines.append(f"{result} = tosa.avg_pool2d {value}, %zero, %zero {{acc_type = f32, {window}}} : "
                             f"({tensor(side, channels)}, tensor<1xf32>, tensor<1xf32>) -> {tensor(out, channels)}")
            value, side = result, out
            continue
        outputs = sizes[0] if kind == "conv" else channels
        kernel, stride = sizes[-2:]
        shape = [outputs, kernel, kernel, channels] if kind == "conv" else [kernel, kernel, channels, 1]
        operator = "conv2d" if kind == "conv" else "depthwise_conv2d"
        text, out = attributes(kernel, stride)
        of_weights = f"tensor<{'x'.join(map(str, shape))}xf32>"
        lines += [
            f'%w{number} = "tosa.const"() <{{values = {constant(shape)}}}> : () -> {of_weights}',
            f'%b{number} = "tosa.const"() <{{values = {constant([outputs])}}}> : () -> tensor<{outputs}xf32>',
            f"%s{number} = tosa.{operator} {value}, %w{number}, %b{number}, %zero, %zero {{acc_type = f32, dilation = "
            f"array<i64: 1, 1>, {text}}} : ({tensor(side, channels)}, {of_weights}, tensor<{outputs}xf32>, tensor<1xf32>, "
            f"tensor<1xf32>) -> {tensor(out, outputs)}",
            f"{result} = tosa.clamp %s{number} {{min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32}} : "
            f"({tensor(out, outputs)}) -> {tensor(out, outputs)}",
        ]
        value, side, channels = result, out, outputs
    zero = '%zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>'
    end = tensor(side, channels)
    body = "\n  ".join([zero, *lines, f"return {value} : {end}"])
    return f"func.func @chain(%x: {start}) -> {end} {{\n  {body}\n}}\n"


def integers(text):
    """The largest integer of a format and whether it has a sign."""
    signed = not text.startswith("u")
    exponents, mantissa = (int(part) for part in text.lstrip("u")[1:].split("m"))
    if exponents == 0:
        return (1 << mantissa) - 1, signed
    return ((1 << (mantissa + 1)) - 1) << ((1 << exponents) - 2), signed


def width_class(weights, values):
    """By the bytes of the integers that are multiplied."""
    def size(text):
        largest, signed = integers(text)
        return 1 if largest <= (127 if signed else 255) else 2 if largest <= 32767 else 4
    return {1: "byte", 2: "pair", 4: "wide"}[max(size(weights), size(values))]


def product(sizes):
    total = 1
    for size in sizes:
        total *= size
    return total


MOVES = ("max_pool2d", "pad", "slice", "transpose")


def features(layer, lanes):
    """What a layer of a report is made of: coefficients of the table, and how often each counts."""
    outputs, found = product(layer["output"]["shape"]), {"layer": 1}
    if layer["operator"] not in ("conv2d", "depthwise_conv2d", "fully_connected"):
        read = sum(product(value["shape"]) for value in layer["inputs"])
        operator = layer["operator"]
        kind = operator if operator in ("quantize", "dequantize") else "moved" if operator in MOVES else "computed"
        return found | {kind: read}
    weights, value = layer["weights"][0], layer["inputs"][0]
    kind = width_class(weights["format"], value["format"])
    is_depthwise = layer["operator"] == "depthwise_conv2d"
    shape = weights["shape"]
    channels = product(shape[2:]) if is_depthwise else shape[0]
    depth = product(shape) // channels
    taps = product(shape[:2]) if is_depthwise else product(shape[1:-1])
    grouped = not is_depthwise and shape[-1] != value["shape"][-1]
    name = "depthwise" if is_depthwise else "conv"
    if lanes > 1 and (channels < 4 or grouped):
        kind = "wide"
    positions = outputs // channels
    found |= {"weight": channels * depth, "result": outputs}
    if lanes > 1 and kind != "wide":
        ways = 1 if is_depthwise else 4 if kind == "byte" else 2
        depth = taps * -(-(depth // taps) // ways) * ways
        channels = -(-channels // lanes) * lanes
    return found | {f"{name}.{kind}": positions * channels * depth}


def command(arguments, *words):
    result = subprocess.run([arguments.afpc, *words], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(words)}:\n{result.stderr}")
    return result.stdout


def measured(arguments, target, model, formats, folder):
    """Pairs of features and cost: of layers in nanoseconds, or of the network in instructions."""
    lanes = LANES.get(target, 1)
    report = json.loads(command(arguments, "compile", model, "--formats", formats, *STATIC, "--target", target, "--emit", "report",
                                "--json", "-o", folder))
    layers = {layer["name"]: layer for layer in report["layers"]}
    if target.startswith("x86-64"):
        times = {name: [] for name in layers}
        for _ in range(arguments.repeat):
            timed = json.loads(command(arguments, "bench", model, "--formats", formats, *STATIC, "--target", target, "--per-layer",
                                       "--json", "--time", "0.3"))
            for layer in timed["layers"]:
                times[layer["name"]].append(layer["seconds"])
        return [(name, features(layers[name], lanes), 1e9 * min(t)) for name, t in times.items() if t and min(t) > 0]
    shape = next(value["shape"] for value in report["layers"][0]["inputs"])
    sample = os.path.join(folder, "x.raw")
    with open(sample, "wb") as file:
        draw = random.Random(1)
        file.write(struct.pack(f"<{product(shape)}f", *(draw.uniform(-1, 1) for _ in range(product(shape)))))
    ran = json.loads(command(arguments, "run", model, "--formats", formats, "--backend", "llvm", "--target", target,
                             "--input", sample, "--json"))
    total = {}
    for layer in layers.values():
        for feature, count in features(layer, lanes).items():
            total[feature] = total.get(feature, 0) + count
    return [("all", total, ran["instructions"]["most"])]


LANES = {"x86-64-v2": 4, "x86-64-v3": 8, "x86-64-v3+avxvnni": 8, "x86-64-v4": 16, "x86-64-v4+vnni": 16, "x86-64-v4+amx": 16, "aarch64": 4,
         "aarch64+dotprod": 4, "aarch64+i8mm": 4}


def fit(rows):
    """Coefficients, none below zero: coordinate descent, five times with weights by the predictions before."""
    names = sorted({name for found, _ in rows for name in found})
    size, found, weights = len(names), {}, [1 / cost for _, cost in rows]
    for _ in range(5):
        scaled = [[row.get(name, 0) * weight for name in names] for (row, _), weight in zip(rows, weights)]
        costs = [cost * weight for (_, cost), weight in zip(rows, weights)]
        gram = [[sum(row[i] * row[j] for row in scaled) for j in range(size)] for i in range(size)]
        target = [sum(row[i] * cost for row, cost in zip(scaled, costs)) for i in range(size)]
        values = [0.0] * size
        for _ in range(10000):
            for i in range(size):
                rest = target[i] - sum(gram[i][j] * values[j] for j in range(size) if j != i)
                values[i] = max(rest / gram[i][i], 0.0)
        found = dict(zip(names, values))
        guesses = [predicted({"coefficients": found}, row) for row, _ in rows]
        weights = [1 / (max(guess, 0.1 * cost) * cost) ** 0.5 for guess, (_, cost) in zip(guesses, rows)]
    return found


def predicted(table, found):
    return sum(table["coefficients"].get(name, 0.0) * count for name, count in found.items())


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    for rank, index in enumerate(order):
        found[index] = rank
    return found


def correlation(a, b):
    """Spearman's: of ranks."""
    a, b = ranks(a), ranks(b)
    mean = sum(a) / len(a)
    spread = sum((x - mean) ** 2 for x in a)
    return sum((x - mean) * (y - mean) for x, y in zip(a, b)) / spread if spread else 1.0


def describe(pairs):
    errors = sorted(abs(p / m - 1) for p, m in pairs)
    total = sum(p for p, _ in pairs) / sum(m for _, m in pairs)
    text = f"{len(pairs)} measured, median error {100 * errors[len(errors) // 2]:.0f} %, sum {total:.2f} of the measured"
    return text + (f", rank correlation {correlation(*zip(*pairs)):.3f}" if len(pairs) > 2 else "")


def measure(arguments):
    target, rows = arguments.target, []
    if arguments.rows and os.path.exists(arguments.rows):
        with open(arguments.rows) as file:
            rows = json.load(file)
    else:
        with tempfile.TemporaryDirectory() as folder:
            for number, chain in enumerate(CHAINS):
                model = os.path.join(folder, "chain.mlir")
                with open(model, "w") as file:
                    file.write(network(*chain, number))
                for formats in FORMATS.values():
                    rows += [(found, cost) for _, found, cost in measured(arguments, target, model, formats, folder)]
        if arguments.rows:
            with open(arguments.rows, "w") as file:
                json.dump(rows, file)
    coefficients = {name: float(f"{value:.4g}") for name, value in fit(rows).items()}
    timed = target.startswith("x86-64")
    table = {"version": 1, "target": target, "unit": "nanoseconds" if timed else "instructions",
             "lanes": LANES.get(target, 1), "coefficients": coefficients}
    with open(arguments.output, "w") as file:
        file.write(json.dumps(table, indent=2) + "\n")
    print(describe([(predicted(table, found), cost) for found, cost in rows]))


def judge(arguments):
    with open(arguments.table) as file:
        table = json.load(file)
    everything = []
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.models:
            for formats in arguments.formats.split(","):
                rows = measured(arguments, table["target"], model, formats, folder)
                pairs = [(predicted(table, found), cost) for _, found, cost in rows]
                everything += pairs
                print(f"{model} {formats}: {describe(pairs)}")
                if arguments.verbose:
                    for (name, found, cost), (guess, _) in zip(rows, pairs):
                        print(f"  {name:<40} {guess:>12.0f} {cost:>12.0f} {guess / cost:>6.2f} {found}")
    print(f"all: {describe(everything)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure")
    one.add_argument("target")
    one.add_argument("-o", "--output", required=True)
    one.add_argument("--rows")
    one.set_defaults(run=measure)
    other = commands.add_parser("judge")
    other.add_argument("table")
    other.add_argument("models", nargs="+")
    other.add_argument("--formats", default="e2m2")
    other.add_argument("--verbose", action="store_true")
    other.set_defaults(run=judge)
    for command in (one, other):
        command.add_argument("--afpc", default="target/release/afpc")
        command.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
