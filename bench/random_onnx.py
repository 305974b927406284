#!/usr/bin/env python3
"""Random ONNX networks through the importer, the float interpreter and the AFP program, against onnxruntime.

    venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python bench/random_onnx.py [--count 100] [--seed 0] [--afpc target/release/afpc]

Each network chains random operators of the supported set. The float interpreter must agree with onnxruntime within
1e-4 of the largest output; the AFP program (weights e0m7, calibrated on the inputs that it is run on) must reach an
SQNR of 10 dB. Networks that fail are kept in --keep DIR.
"""
import argparse, os, random, shutil, subprocess, sys, tempfile
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A chain of nodes with its current value's name and shape (NCHW, or [1, n] behind a Flatten)."""

    def __init__(self, rng):
        self.rng, self.nodes, self.weights, self.count = rng, [], [], 0
        self.shape = [1, rng.choice([1, 3, 4, 8]), rng.randint(6, 13), rng.randint(6, 13)]
        self.input, self.name, self.earlier = list(self.shape), "x", []

    def constant(self, values, dtype=np.float32):
        self.count += 1
        name = f"w{self.count}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def random(self, *shape, scale=1.0, offset=0.0):
        values = np.random.default_rng(self.rng.randint(0, 1 << 30)).normal(offset, scale, shape)
        return values.astype(np.float32)

    def node(self, op, inputs, shape, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op.lower()}_{self.count}", **attributes))
        self.earlier.append((self.name, list(self.shape)))
        self.name, self.shape = name, list(shape)


def window(rng, size, kernel, stride, pads, dilation=1):
    return (size + sum(pads) - dilation * (kernel - 1) - 1) // stride + 1


def conv(net):
    rng, (_, c, h, w) = net.rng, net.shape
    groups = rng.choice([1, 1, c, 2 if c % 2 == 0 else 1])
    out = groups * rng.choice([1, 2, 3]) if groups > 1 else rng.choice([1, 4, 7, 8])
    k, s, d = [rng.choice([1, 2, 3]) for _ in "hw"], [rng.choice([1, 1, 2]) for _ in "hw"], rng.choice([1, 1, 2])
    pads = [rng.randint(0, 2) for _ in range(4)]
    oh, ow = window(rng, h, k[0], s[0], pads[0::2], d), window(rng, w, k[1], s[1], pads[1::2], d)
    if oh < 1 or ow < 1:
        return
    weight = net.constant(net.random(out, c // groups, *k, scale=(c // groups * k[0] * k[1]) ** -0.5))
    inputs = [net.name, weight] + ([net.constant(net.random(out, scale=0.3))] if rng.random() < 0.7 else [])
    net.node("Conv", inputs, [1, out, oh, ow], kernel_shape=k, strides=s, pads=pads, dilations=[d, d], group=groups)


def batch_norm(net):
    c = net.shape[1]
    parameters = [net.random(c, scale=0.3, offset=1), net.random(c, scale=0.3), net.random(c, scale=0.2), abs(net.random(c, scale=0.2, offset=1)) + 0.1]
    net.node("BatchNormalization", [net.name, *map(net.constant, parameters)], net.shape)


def relu(net):
    net.node("Relu", [net.name], net.shape)


def clip(net):
    lo, hi = sorted([net.rng.uniform(-2, 1), net.rng.uniform(0.5, 3)])
    net.node("Clip", [net.name, net.constant(lo), net.constant(hi)], net.shape)


def add(net):
    same = [name for name, shape in net.earlier if shape == net.shape and name != net.name]
    if same and net.rng.random() < 0.7:
        net.node("Add", [net.name, net.rng.choice(same)], net.shape)
    else:
        net.node("Add", [net.name, net.constant(net.random(1, net.shape[1], *[1] * (len(net.shape) - 2)))], net.shape)


def pool(net):
    rng, (_, c, h, w) = net.rng, net.shape
    kind = rng.choice(["MaxPool", "AveragePool"])
    k, s = [rng.choice([2, 3]) for _ in "hw"], [rng.choice([1, 2]) for _ in "hw"]
    pads = [rng.randint(0, 1) for _ in range(4)]
    oh, ow = window(rng, h, k[0], s[0], pads[0::2]), window(rng, w, k[1], s[1], pads[1::2])
    if oh < 1 or ow < 1:
        return
    more = {"count_include_pad": rng.randint(0, 1)} if kind == "AveragePool" else {}
    net.node(kind, [net.name], [1, c, oh, ow], kernel_shape=k, strides=s, pads=pads, **more)


def global_pool(net):
    net.node("GlobalAveragePool", [net.name], [1, net.shape[1], 1, 1])


def concat(net):
    fits = [(n, s) for n, s in net.earlier if len(s) == 4 and s[2:] == net.shape[2:]]
    if not fits:
        return
    name, shape = net.rng.choice(fits)
    net.node("Concat", [net.name, name], [1, net.shape[1] + shape[1], *net.shape[2:]], axis=1)


def pad(net):
    pads = [0, 0] + [net.rng.randint(0, 2) for _ in "tl"] + [0, net.rng.randint(0, 1)] + [net.rng.randint(0, 2) for _ in "br"]
    value = net.rng.choice([0.0, 0.0, 0.5])
    shape = [n + pads[i] + pads[i + 4] for i, n in enumerate(net.shape)]
    net.node("Pad", [net.name, net.constant(pads, np.int64), net.constant(value)], shape)


def slice_(net):
    axis = net.rng.choice([1, 2, 3])
    size = net.shape[axis]
    start, step = net.rng.randint(0, max(0, size // 2 - 1)), net.rng.choice([1, 2, 3])
    end = net.rng.randint(start + 1, size + 3)
    shape = list(net.shape)
    shape[axis] = len(range(start, min(end, size), step))
    net.node("Slice", [net.name, *[net.constant([v], np.int64) for v in (start, end, axis, step)]], shape)


def softmax(net):
    net.node("Softmax", [net.name], net.shape, axis=net.rng.choice([1, -1]))


def identity(net):
    net.node(net.rng.choice(["Identity", "Dropout"]), [net.name], net.shape)


def sigmoid(net):
    net.node(net.rng.choice(["Sigmoid", "Tanh"]), [net.name], net.shape)


def head(net):
    """Flatten or Reshape, then Gemm or MatMul, sometimes a softmax."""
    rng, n = net.rng, int(np.prod(net.shape))
    if rng.random() < 0.5:
        net.node("Flatten", [net.name], [1, n])
    else:
        net.node("Reshape", [net.name, net.constant([1, -1], np.int64)], [1, n])
    if rng.random() < 0.6:
        net.node("Gemm", [net.name, net.constant(net.random(5, n, scale=n ** -0.5)), net.constant(net.random(5))], [1, 5], transB=1)
    else:
        net.node("MatMul", [net.name, net.constant(net.random(n, 5, scale=n ** -0.5))], [1, 5])
        if rng.random() < 0.5:
            net.node("Add", [net.name, net.constant(net.random(5))], [1, 5])
    if rng.random() < 0.4:
        softmax(net)


def attention(net):
    """A product of two computed matrices."""
    _, c, h, w = net.shape
    net.node("Reshape", [net.name, net.constant([1, c, h * w], np.int64)], [1, c, h * w])
    rows = net.name
    net.node("Transpose", [net.name], [1, h * w, c], perm=[0, 2, 1])
    net.node("MatMul", [rows, net.name], [1, c, c])
    net.node("Reshape", [net.name, net.constant([1, c, c, 1], np.int64)], [1, c, c, 1])


STEPS = [conv] * 6 + [batch_norm, batch_norm, relu, relu, clip, add, add, pool, pool, concat, pad, slice_, identity, sigmoid, softmax]


def build(seed):
    net = Net(random.Random(seed))
    for _ in range(net.rng.randint(2, 9)):
        net.rng.choice(STEPS)(net)
    if net.rng.random() < 0.15:
        attention(net)
    if net.rng.random() < 0.3:
        global_pool(net)
    if net.rng.random() < 0.6:
        head(net)
    if not net.nodes:
        relu(net)
    io = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(net.nodes, "random", [io("x", net.input)], [io(net.name, net.shape)], net.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model, net


def afpc(binary, *arguments):
    done = subprocess.run([binary, "run", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")


def db(reference, found):
    return 10 * np.log10((reference.astype(np.float64) ** 2).sum() / max(((reference - found).astype(np.float64) ** 2).sum(), 1e-30))


def check(binary, seed, folder):
    import onnxruntime
    model, net = build(seed)
    path, given, result = (os.path.join(folder, name) for name in ("model.onnx", "x.npy", "y.npy"))
    onnx.save(model, path)
    x = np.random.default_rng(seed).normal(0, 1, [8, *net.input[1:]]).astype(np.float32)
    np.save(given, x)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = np.stack([session.run(None, {"x": sample[None]})[0] for sample in x])
    afpc(binary, path, "--input", given, "--float", "-o", result)
    found = np.load(result).reshape(expected.shape)
    error = np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-20)
    if not error <= 1e-4:
        raise RuntimeError(f"float differs by {error:.2e}")
    afpc(binary, path, "--input", given, "--calib", given, "--formats", "e0m7", "-o", result)
    return db(expected, np.load(result).reshape(expected.shape))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--count", type=int, default=100)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--afpc", default="target/release/afpc")
    p.add_argument("--keep", default=None, metavar="DIR")
    a = p.parse_args()
    failed, ratios = 0, []
    for seed in range(a.seed, a.seed + a.count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                ratio = check(a.afpc, seed, folder)
                ratios.append(ratio)
                problem = f"SQNR {ratio:.1f} dB" if ratio < 10 else None
            except RuntimeError as error:
                problem = str(error)
            if problem:
                failed += 1
                print(f"seed {seed}: {problem}", flush=True)
                if a.keep:
                    shutil.copytree(folder, os.path.join(a.keep, str(seed)), dirs_exist_ok=True)
    print(f"median SQNR {np.median(ratios):.1f} dB" if ratios else "no result")
    print(f"{a.count - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
