#!/usr/bin/env python3
"""One row times a large matrix, weights packed, beside onnxruntime's int8 and 4 bits and OpenVINO's int8.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime openvino
    venv/bin/python bench/gemv.py [--sizes 4096x4096] [--formats e2m2] [--weights auto] [--threads 1] [--rounds 12]
                                  [--afpc target/release/afpc] [--json FILE]

Makes a network of one fully connected layer, inputs x outputs, with random weights and without a bias; afpc compiles it for
this machine. onnxruntime quantizes it to static int8 (QDQ, per channel), which OpenVINO runs too, and to 4 bits
(MatMulNBits, a scale for each 32 or 128 weights, activations of 8 bits: accuracy level 4). Engines take turns as in
bench/speed.py. Printed are medians in microseconds, and afpc's ratio to each of the others: the median of the ratios of
the rounds, with the lowest and the highest. Without onnxruntime or OpenVINO, what is there is measured.
"""
import argparse, importlib.util, json, os, statistics, sys, tempfile

import speed

BLOCKS = (32, 128)  # weights that share a scale
PEERS = ["onnxruntime int8", "OpenVINO int8"] + [f"onnxruntime 4 bits, {block}" for block in BLOCKS]
speed.ENGINES.update({engine: speed.onnxruntime for engine in PEERS[2:]})
SAMPLES = 8


def make(folder, inputs, outputs):
    """The network, and calibration data for it."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    random = np.random.default_rng(1)
    weights = (random.standard_normal((inputs, outputs)) / np.sqrt(inputs)).astype(np.float32)
    value = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "gemv", [value("x", inputs)],
                              [value("y", outputs)], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    samples = random.standard_normal((SAMPLES, 1, inputs)).astype(np.float32)
    np.save(os.path.join(folder, "calib.npy"), samples)


def quantize_to_4_bits(folder, out, block):
    """The network with weights of 4 bits: onnxruntime's MatMulNBits, symmetric, computed with activations of 8 bits."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper
    model = onnx.load(os.path.join(folder, "model.onnx"))
    weights = numpy_helper.to_array(model.graph.initializer[0]).T
    outputs, inputs = weights.shape
    blocks = np.pad(weights, ((0, 0), (0, -inputs % block))).reshape(outputs, -1, block)
    scales = np.maximum(np.abs(blocks).max(axis=2) / 7, 1e-9).astype(np.float32)
    codes = (np.clip(np.rint(blocks / scales[..., None]), -8, 7) + 8).astype(np.uint8)
    packed = codes[..., 0::2] | codes[..., 1::2] << 4
    node = helper.make_node("MatMulNBits", ["x", "w", "scales"], ["y"], domain="com.microsoft", K=inputs, N=outputs,
                            bits=4, block_size=block, accuracy_level=4)
    model.graph.node[0].CopyFrom(node)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(packed, "w"))
    model.graph.initializer.append(numpy_helper.from_array(scales.reshape(-1), "scales"))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, out)


def compare(folder, options, scratch, formats):
    files = {}
    if importlib.util.find_spec("onnxruntime"):
        int8 = os.path.join(scratch, "int8.onnx")
        speed.quantize(folder, int8)
        files["onnxruntime int8"] = int8
        if importlib.util.find_spec("openvino"):
            files["OpenVINO int8"] = int8
        for block, engine in zip(BLOCKS, PEERS[2:]):
            files[engine] = os.path.join(scratch, f"{block}.onnx")
            quantize_to_4_bits(folder, files[engine], block)
    # How weights are rounded makes no difference to the time.
    files["afpc"] = speed.compile_network(folder, options, scratch, formats, "--rounding", "nearest",
                                          "--equalize", "off", "--weights", options.weights)
    with open(os.path.join(scratch, "report.json")) as file:
        report = json.load(file)
    strategies = [layer["strategy"] for layer in report["layers"] if layer.get("macs")]
    return speed.take_turns(folder, files, options, __file__), strategies


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["4096x4096"], metavar="INPUTSxOUTPUTS")
    parser.add_argument("--formats", nargs="+", default=["e2m2"], help="formats of weights")
    parser.add_argument("--weights", default="auto", help="as of afpc compile; expanded measures whole bytes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--json", help="where all medians are written, in seconds")
    options = parser.parse_args()
    for name in ["numpy", "onnx"]:
        if not importlib.util.find_spec(name):
            sys.exit(f"{name} is missing, which makes the network: pip install numpy onnx")
    for name in ["onnxruntime", "openvino"]:
        if not importlib.util.find_spec(name):
            print(f"{name} is missing and is not measured: pip install {name}", file=sys.stderr)
    results = {}
    print("| matrix | " + " | ".join(f"{peer}, us" for peer in PEERS) + " | afpc, us | ratios |")
    print("| --- |" + " --- |" * (len(PEERS) + 2))
    for size in options.sizes:
        inputs, outputs = (int(part) for part in size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            make(folder, inputs, outputs)
            for formats in options.formats:
                with tempfile.TemporaryDirectory() as scratch:
                    medians, strategies = compare(folder, options, scratch, formats)
                name = f"{size} {formats}, {' '.join(strategies)}"
                results[name] = medians
                cells = [f"{1e6 * statistics.median(medians[e]):.0f}" if e in medians else "-" for e in PEERS + ["afpc"]]
                ratios = []
                for peer in (peer for peer in PEERS if peer in medians):
                    each = [ours / theirs for ours, theirs in zip(medians["afpc"], medians[peer])]
                    ratios.append(f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})")
                print(f"| {name} | " + " | ".join(cells) + f" | {'; '.join(ratios) or '-'} |", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        speed.work(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
