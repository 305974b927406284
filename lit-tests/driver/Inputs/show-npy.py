"""show-npy.py FILE [KEY]: prints shape and values of a float32 array without NumPy."""

import ast
import struct
import sys
import zipfile

path = sys.argv[1]
if path.endswith(".npz"):
    data = zipfile.ZipFile(path).read(sys.argv[2] + ".npy")
else:
    data = open(path, "rb").read()
length = struct.unpack("<H", data[8:10])[0]
header = ast.literal_eval(data[10 : 10 + length].decode())
body = data[10 + length :]
print(header["shape"], list(struct.unpack(f"<{len(body) // 4}f", body)))
