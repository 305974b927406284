"""Checks the sensitivity that afpc analyze found: shares add up, the worst comes first, bits help."""

import json
import sys

found = json.load(open(sys.argv[1]))["sensitivity"]
assert found["layers"] and found["values"], found
for parts in found["layers"], found["values"]:
    assert abs(sum(part["share"] for part in parts) - 1) < 1e-9
    shares = [part["share"] for part in parts]
    assert shares == sorted(shares, reverse=True), shares
for layer in found["layers"]:
    bits = [loss["bits"] for loss in layer["losses"]]
    assert bits == [4, 5, 6], layer
    losses = [loss["loss"]["mean"] for loss in layer["losses"]]
    assert losses[0] > losses[2] > 0, layer
