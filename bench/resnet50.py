#!/usr/bin/env python3
"""ResNet-50's shape with random weights, for timing: no trained one comes with the data.

    venv/bin/python bench/resnet50.py OUT [--calib calib.npy] [--seed 0]      # numpy, onnx

OUT becomes a folder for bench/speed.py: model.onnx and calib.npy. The network is version 1.5 (stride 2 in the 3x3 layers), batch
norm folded: a convolution has a bias. Weights are Gaussian of variance 2 / fan-in, those that end a branch a third of that, so
that activations keep their scale. Samples are taken from --calib (float32, n x 3 x 224 x 224), or Gaussian.
"""
import argparse, os
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STAGES = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]


class Network:
    def __init__(self, seed):
        self.random, self.nodes, self.constants = np.random.default_rng(seed), [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(self, operator, inputs, **attributes):
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x, channels, outputs, kernel, stride=1, gain=1.0):
        deviation = gain * np.sqrt(2 / (channels * kernel * kernel))
        name = f"conv_{len(self.nodes)}"
        weight = self.constant(f"{name}.weight", self.random.normal(0, deviation, (outputs, channels, kernel, kernel)))
        bias = self.constant(f"{name}.bias", self.random.normal(0, 0.1, outputs))
        pad = kernel // 2
        return self.node("Conv", [x, weight, bias], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4)

    def relu(self, x):
        return self.node("Relu", [x])

    def bottleneck(self, x, channels, middle, stride):
        y = self.relu(self.conv(x, channels, middle, 1))
        y = self.relu(self.conv(y, middle, middle, 3, stride))
        y = self.conv(y, middle, 4 * middle, 1, gain=1 / 3)
        skip = x if channels == 4 * middle else self.conv(x, channels, 4 * middle, 1, stride, gain=0.7)
        return self.relu(self.node("Add", [y, skip]))

    def build(self):
        x = self.relu(self.conv("input", 3, 64, 7, 2))
        x = self.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        channels = 64
        for middle, blocks, stride in STAGES:
            for block in range(blocks):
                x = self.bottleneck(x, channels, middle, stride if block == 0 else 1)
                channels = 4 * middle
        x = self.node("Flatten", [self.node("GlobalAveragePool", [x])], axis=1)
        weight = self.constant("fc.weight", self.random.normal(0, np.sqrt(1 / channels), (1000, channels)))
        x = self.node("Gemm", [x, weight, self.constant("fc.bias", np.zeros(1000))], transB=1)
        inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 224, 224])]
        outputs = [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 1000])]
        graph = helper.make_graph(self.nodes, "resnet50", inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--calib", help="real samples, n x 3 x 224 x 224")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    network = Network(options.seed)
    model = network.build()
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(options.out, "model.onnx"))
    if options.calib:
        samples = np.load(options.calib, mmap_mode="r")[:64].astype(np.float32).reshape(-1, 3, 224, 224)
    else:
        samples = network.random.normal(size=(16, 3, 224, 224)).astype(np.float32)
    np.save(os.path.join(options.out, "calib.npy"), samples)


if __name__ == "__main__":
    main()
