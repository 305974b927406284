"""onnx.py FILE OPERATOR[,OPERATOR...] SHAPE [WEIGHT...]: writes an ONNX model without the onnx package.

The model is a chain of operators on one input 'x' of SHAPE (such as 1xNx2: letters are open sizes); each takes
the value before it, or the one that is named as in Relu:NAME, and, if there are WEIGHTs, the constant 'w' that
holds them. WEIGHTs may be @FILE: they are kept in that file. With --integers the input's elements are int64.
"""

import struct
import sys


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def value(name, sizes, element=1):
    """ValueInfoProto of a tensor of floats (1) or another element type; without sizes, of unknown shape."""
    dims = b"".join(block(1, number(1, int(s)) if s.isdigit() else block(2, s)) for s in sizes)
    tensor = number(1, element) + (block(2, dims) if sizes else b"")
    return block(1, name) + block(2, block(1, tensor))


arguments = [text for text in sys.argv[1:] if text != "--integers"]
element = 7 if "--integers" in sys.argv else 1
path, operators, shape = arguments[:3]
external = [text[1:] for text in arguments[3:] if text.startswith("@")]
weights = [float(text) for text in arguments[3:] if not text.startswith("@")]
graph, last = b"", "x"
for index, operator in enumerate(operators.split(",")):
    operator, _, name = operator.partition(":")
    inputs = block(1, name or last) + (block(1, "w") if weights or external else b"")
    last = f"y{index}"
    graph += block(1, inputs + block(2, last) + block(3, f"node{index}") + block(4, operator))
graph += block(2, "chain")
if weights:
    raw = struct.pack(f"<{len(weights)}f", *weights)
    graph += block(5, number(1, len(weights)) + number(2, 1) + block(8, "w") + block(9, raw))
if external:
    entry = block(13, block(1, "location") + block(2, external[0]))
    graph += block(5, number(1, 1) + number(2, 1) + block(8, "w") + entry + number(14, 1))
graph += block(11, value("x", shape.split("x"), element)) + block(12, value(last, []))
with open(path, "wb") as file:
    file.write(number(1, 8) + block(7, graph) + block(8, block(1, "") + number(2, 13)))
