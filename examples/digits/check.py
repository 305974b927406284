"""Evaluates graph.mlir with numpy alone and compares the accuracy with metrics.json and README.md.

Reads the operators line by line from the text, so it shares no code with training or export.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent

OPERATION = re.compile(r'\s*%(?P<result>\w+) = "?tosa\.(?P<name>\w+)"?(?P<rest>.*) : \((?P<types>.*)\) -> (?P<type>\S+)$')
RESOURCE = re.compile(r'\s*(\w+): "0x04000000([0-9A-F]+)",?$')


def shape_of(type_text):
    return tuple(int(n) for n in re.fullmatch(r"tensor<([\dx]+)xf32>", type_text)[1].split("x"))


def parse_resources(text):
    matches = filter(None, map(RESOURCE.match, text.splitlines()))
    return {m[1]: np.frombuffer(bytes.fromhex(m[2]), "<f4") for m in matches}


def constant(rest, shape, resources):
    key = re.search(r"dense_resource<(\w+)>", rest)
    if key:
        return resources[key[1]].reshape(shape)
    return np.full(shape, float(re.search(r"dense<([^>]+)>", rest)[1]), np.float32)


def windows(x, kernel, stride, pad, fill):
    """[N, H, W, C] to [N, OH, OW, C, KH, KW]."""
    top, bottom, left, right = pad
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(1, 2))
    return view[:, :: stride[0], :: stride[1]]


def conv2d(a, x, weight, bias, *_zero_points):
    view = windows(x, weight.shape[1:3], a["stride"], a["pad"], 0)
    return np.einsum("nhwcij,oijc->nhwo", view, weight, optimize=True) + bias


def depthwise_conv2d(a, x, weight, bias, *_zero_points):
    view = windows(x, weight.shape[:2], a["stride"], a["pad"], 0)
    product = np.einsum("nhwcij,ijcm->nhwcm", view, weight, optimize=True)
    return product.reshape(*product.shape[:3], -1) + bias


def max_pool2d(a, x):
    return windows(x, a["kernel"], a["stride"], a["pad"], -np.inf).max((4, 5))


def avg_pool2d(a, x, *_zero_points):
    assert not any(a["pad"])
    return windows(x, a["kernel"], a["stride"], a["pad"], 0).mean((4, 5))


OPERATORS = {
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise_conv2d,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "clamp": lambda a, x: np.clip(x, a["min_val"], a["max_val"]),
    "add": lambda a, x, y: x + y,
    "matmul": lambda a, x, y, *_zero_points: x @ y,
}


def attributes(rest):
    arrays = {k: [int(n) for n in v.split(",")] for k, v in re.findall(r"(\w+) = array<i64: ([^>]*)>", rest)}
    floats = {k: np.float32(v) for k, v in re.findall(r"(\w+) = (\S+) : f32", rest)}
    assert arrays.get("dilation", [1, 1]) == [1, 1]
    return arrays | floats


def evaluate(text, images):
    """The logits of a batch; the graph itself is written for one image."""
    resources = parse_resources(text)
    values = {"arg0": images}
    for match in filter(None, map(OPERATION.match, text.splitlines())):
        name, rest = match["name"], match["rest"]
        if name == "const_shape":
            continue  # a reshape takes the extents from its result type
        shape = shape_of(match["type"])
        operands = re.findall(r"%(\w+)", rest)
        if name == "const":
            result = constant(rest, shape, resources)
        elif name == "reshape":
            result = values[operands[0]].reshape(-1, *shape[1:])
        else:
            result = OPERATORS[name](attributes(rest), *(values[o] for o in operands))
        assert result.shape[1:] == shape[1:], f"%{match['result']}: {result.shape} is not {shape}"
        values[match["result"]] = result
    return values[re.search(r"return %(\w+)", text)[1]]


def main():
    images, labels = np.load(HERE / "test_images.npy"), np.load(HERE / "test_labels.npy")
    logits = evaluate((HERE / "graph.mlir").read_text(), images)
    correct, total = int((logits.argmax(1) == labels).sum()), len(labels)
    print(f"test accuracy: {correct} of {total} ({100 * correct / total:.2f} %)")

    metrics = json.loads((HERE / "metrics.json").read_text())
    agrees = (correct, total) == (metrics["test_correct"], metrics["test_total"])
    if not agrees:
        print(f"metrics.json says {metrics['test_correct']} of {metrics['test_total']}")
    if f"{correct} of {total}" not in (HERE / "README.md").read_text():
        print("README.md states another number")
        agrees = False
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
