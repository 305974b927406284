"""The topology of the digits network, written once for training and for export.

`ops` supplies the operators: `train.JaxOps` computes with them, `export.GraphWriter` prints them.
"""

FLOAT_MAX = 3.4028234663852886e38

STEM, WIDE, CLASSES = 16, 32, 10

# name: (kernel, input channels, output channels, groups)
CONVS = {
    "stem": (3, 1, STEM, 1),
    "res_a": (3, STEM, STEM, 1),
    "res_b": (3, STEM, STEM, 1),
    "dw": (3, STEM, STEM, STEM),
    "pw": (1, STEM, WIDE, 1),
    "head": (3, WIDE, WIDE, 1),
}
FEATURES = WIDE


def relu(ops, x):
    return ops.clamp(x, 0.0, FLOAT_MAX)


def relu6(ops, x):
    return ops.clamp(x, 0.0, 6.0)


def network(ops, x):
    x = relu(ops, ops.conv("stem", x, pad=1))

    skip = x
    x = relu(ops, ops.conv("res_a", x, pad=1))
    x = ops.conv("res_b", x, pad=1)
    x = relu(ops, ops.add(skip, x))

    x = ops.max_pool(x, 2)
    x = relu6(ops, ops.conv("dw", x, pad=1))
    x = relu6(ops, ops.conv("pw", x, pad=0))

    x = relu(ops, ops.conv("head", x, pad=0))
    x = ops.global_average(x)
    return ops.dense("fc", x)
