"""check-report.py REPORT.json HEADER.h: the sums of a report, and that the header says the same."""

import json
import re
import sys

with open(sys.argv[1]) as file:
    report = json.load(file)
with open(sys.argv[2]) as file:
    macros = dict(re.findall(r"#define AFP_DIGITS_(\w+) (\d+)\n", file.read()))
assert int(macros["ARENA_BYTES"]) == report["arena_bytes"]
assert int(macros["STACK_BYTES"]) == report["stack_bytes"]
assert int(macros["FLASH_BYTES"]) == sum(report["flash_bytes"].values())
assert sum(layer["macs"] for layer in report["layers"]) == report["macs"]
weights = [tensor for layer in report["layers"] for tensor in layer.get("weights", [])]


def count(tensor):
    product = 1
    for size in tensor["shape"]:
        product *= size
    return product


bits = sum(tensor["bits"] * count(tensor) for tensor in weights) / sum(map(count, weights))
assert abs(bits - report["average_weight_bits"]) < 1e-9, bits
counts = report["conversions"]
assert counts["inserted"] == counts["removed"] + counts["absorbed"] + counts["left"]
