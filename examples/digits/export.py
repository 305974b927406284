"""Prints the network as a function in the TOSA dialect of MLIR 22, weights as resources."""

import numpy as np

from network import CLASSES, CONVS, network

# A resource blob starts with its alignment in bytes, as a little-endian u32.
ALIGNMENT_PREFIX = "04000000"


def tensor_type(shape):
    return "tensor<" + "x".join(map(str, shape)) + "xf32>"


def float_attr(value):
    return f"{value:.9E}" if value > 1e9 else f"{value:.1f}"


def array_attr(values):
    return "array<i64: " + ", ".join(map(str, values)) + ">"


class Value:
    def __init__(self, name, shape):
        self.name, self.shape = name, tuple(shape)

    @property
    def type(self):
        return tensor_type(self.shape)


class GraphWriter:
    """Operators of `network` that print themselves; `weights` maps a layer to (kernel HWIO, bias)."""

    def __init__(self, weights):
        self.weights = weights
        self.lines = []
        self.resources = []
        self.counts = {}
        self.zero = self._const_zero()

    def conv(self, name, x, pad):
        kernel, bias = self.weights[name]
        size, _, channels, groups = CONVS[name]
        if groups == 1:
            op, kernel = "conv2d", kernel.transpose(3, 0, 1, 2)  # HWIO to OHWI
        else:
            op, kernel = "depthwise_conv2d", kernel.transpose(0, 1, 3, 2)  # HW1C to HWCM
        operands = [x, self._resource(f"{name}_weight", kernel), self._resource(f"{name}_bias", bias), self.zero, self.zero]
        _, height, width, _ = x.shape
        shape = (1, height + 2 * pad - size + 1, width + 2 * pad - size + 1, channels)
        attrs = {"acc_type": "f32", "dilation": array_attr([1, 1]), "pad": array_attr([pad] * 4), "stride": array_attr([1, 1])}
        return self._op(op, operands, shape, attrs, name)

    def clamp(self, x, low, high):
        return self._op("clamp", [x], x.shape, {"max_val": float_attr(high) + " : f32", "min_val": float_attr(low) + " : f32"})

    def add(self, x, y):
        return self._op("add", [x, y], np.broadcast_shapes(x.shape, y.shape))

    def max_pool(self, x, size):
        _, height, width, channels = x.shape
        attrs = {"kernel": array_attr([size] * 2), "pad": array_attr([0] * 4), "stride": array_attr([size] * 2)}
        return self._op("max_pool2d", [x], (1, height // size, width // size, channels), attrs)

    def global_average(self, x):
        _, height, width, channels = x.shape
        attrs = {
            "acc_type": "f32",
            "kernel": array_attr([height, width]),
            "pad": array_attr([0] * 4),
            "stride": array_attr([1, 1]),
        }
        return self._op("avg_pool2d", [x, self.zero, self.zero], (1, 1, 1, channels), attrs)

    def dense(self, name, x):
        matrix, bias = self.weights[name]
        features, outputs = matrix.shape
        x = self._reshape(x, (1, 1, features))
        x = self._op("matmul", [x, self._resource(f"{name}_weight", matrix[None]), self.zero, self.zero], (1, 1, outputs), name=name)
        x = self.add(x, self._resource(f"{name}_bias", bias[None, None]))
        return self._reshape(x, (1, outputs))

    def _reshape(self, x, shape):
        extents = Value(self._fresh("shape"), ())
        values = ", ".join(map(str, shape))
        rank = len(shape)
        self.lines.append(
            f"%{extents.name} = tosa.const_shape {{values = dense<[{values}]> : tensor<{rank}xindex>}} : () -> !tosa.shape<{rank}>"
        )
        result = Value(self._fresh("reshape"), shape)
        self.lines.append(
            f"%{result.name} = tosa.reshape %{x.name}, %{extents.name} : ({x.type}, !tosa.shape<{rank}>) -> {result.type}"
        )
        return result

    def _op(self, op, operands, shape, attrs=None, name=None):
        result = Value(name or self._fresh(op), shape)
        names = ", ".join("%" + v.name for v in operands)
        types = ", ".join(v.type for v in operands)
        attr_text = " {" + ", ".join(f"{k} = {v}" for k, v in attrs.items()) + "}" if attrs else ""
        self.lines.append(f"%{result.name} = tosa.{op} {names}{attr_text} : ({types}) -> {result.type}")
        return result

    def _resource(self, name, array):
        blob = np.ascontiguousarray(array, dtype="<f4").tobytes().hex().upper()
        self.resources.append(f'{name}: "0x{ALIGNMENT_PREFIX}{blob}"')
        return self._const(Value(name, array.shape), f"dense_resource<{name}>")

    def _const_zero(self):
        return self._const(Value("zero", (1,)), "dense<0.0>")

    def _const(self, value, literal):
        self.lines.append(f'%{value.name} = "tosa.const"() <{{values = {literal} : {value.type}}}> : () -> {value.type}')
        return value

    def _fresh(self, stem):
        index = self.counts.get(stem, 0)
        self.counts[stem] = index + 1
        return f"{stem}_{index}"


def graph_text(weights):
    image = Value("arg0", (1, 8, 8, 1))
    writer = GraphWriter(weights)
    logits = network(writer, image)
    assert logits.shape == (1, CLASSES)
    body = "\n".join("  " + line for line in writer.lines)
    resources = ",\n".join("      " + line for line in writer.resources)
    return f"""\
func.func @digits(%arg0: {image.type}) -> {logits.type} {{
{body}
  return %{logits.name} : {logits.type}
}}

{{-#
  dialect_resources: {{
    builtin: {{
{resources}
    }}
  }}
#-}}
"""
