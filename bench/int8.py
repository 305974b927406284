#!/usr/bin/env python3
"""onnxruntime's static int8 quantization (QDQ, per channel), measured as bench/accuracy.py measures afpc.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python bench/int8.py DIR... [--method minmax|entropy|percentile] [--samples N] [--threads 1] [--json FILE]

Each DIR holds model.onnx, calib.npy, x.npy and, where there are labels, x.npy.labels.npy.
"""
import argparse, json, os, sys, tempfile, time
import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import metrics

METHODS = {"minmax": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy, "percentile": CalibrationMethod.Percentile}
PASSING = {"QuantizeLinear", "DequantizeLinear", "Reshape", "Flatten", "Squeeze", "Identity"}


class Reader(CalibrationDataReader):
    def __init__(self, name, samples):
        self.feeds = ({name: sample[None]} for sample in samples)

    def get_next(self):
        return next(self.feeds, None)


def softmax_input(model):
    """The name of the tensor before the softmax that a network ends in, or None."""
    producers = {output: node for node in model.graph.node for output in node.output}
    node = producers.get(model.graph.output[0].name)
    while node is not None and node.op_type in PASSING:
        node = producers.get(node.input[0])
    return node.input[0] if node is not None and node.op_type == "Softmax" else None


def outputs(path, x, threads):
    """Outputs of all samples, and the values before the softmax in the end (or None)."""
    model = onnx.load(path)
    before = softmax_input(model)
    if before is not None:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(before))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    wanted = [session.get_outputs()[0].name] + ([before] if before is not None else [])
    results = [session.run(wanted, {name: np.ascontiguousarray(sample[None])}) for sample in x]
    columns = [np.stack([result[index].reshape(-1) for result in results]) for index in range(len(wanted))]
    return columns[0], columns[1] if before is not None else None


def quantize(source, target, calibration, method):
    prepared = target + ".prepared.onnx"
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    name = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    quantize_static(prepared, target, Reader(name, calibration), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QInt8, weight_type=QuantType.QInt8, calibrate_method=METHODS[method])


def measure(folder, method, samples, threads):
    file = lambda name: os.path.join(folder, name)
    x, calibration = np.load(file("x.npy"), mmap_mode="r"), np.load(file("calib.npy"), mmap_mode="r")[:samples]
    labels = np.load(file("x.npy.labels.npy")) if os.path.exists(file("x.npy.labels.npy")) else None
    start = time.time()
    with tempfile.TemporaryDirectory() as scratch:
        quantized = os.path.join(scratch, "int8.onnx")
        quantize(file("model.onnx"), quantized, calibration, method)
        float_rows, float_logits = outputs(file("model.onnx"), x, threads)
        rows, logits = outputs(quantized, x, threads)
    result = metrics.compare(float_rows, rows, labels, float_logits is not None, float_logits, logits)
    return result | {"calibration": method, "calibration_samples": len(calibration), "weight_bits": 8.0, "seconds": round(time.time() - start, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--method", choices=METHODS, default="minmax")
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    table = {}
    for folder in arguments.folders:
        name = os.path.basename(os.path.normpath(folder))
        table[name] = row = measure(folder, arguments.method, arguments.samples, arguments.threads)
        print(f"{name}: agreement {row['agreement']['percent']:.1f} %, KL {row['kl']['mean']:.2e}, SQNR {row['sqnr_db']:.1f} dB, "
              f"net lost {row.get('net', '-')}", flush=True)
        if arguments.json:
            with open(arguments.json, "w") as out:
                json.dump(table, out, indent=1)


if __name__ == "__main__":
    main()
