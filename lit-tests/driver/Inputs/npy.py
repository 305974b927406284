"""npy.py FILE DTYPE SHAPE [VALUE...]: writes a NumPy array without NumPy; missing values repeat the last.

FILE ending in .npz:KEY,... writes the same array into an archive under each key. SHAPE is as in 3x4, or - for a scalar.
"""

import io
import struct
import sys
import zipfile

CODES = {"<f4": "f", "<f8": "d", "|u1": "B", "|i1": "b", "<i8": "q", "<i4": "i"}

path, dtype, shape = sys.argv[1:4]
sizes = [] if shape == "-" else [int(size) for size in shape.split("x")]
count = 1
for size in sizes:
    count *= size
convert = float if "f" in dtype else int
values = [convert(value) for value in sys.argv[4:]] or [convert(0)]
values = (values + [values[-1]] * count)[:count]

header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({''.join(f'{size}, ' for size in sizes)}), }}\n"
out = io.BytesIO()
out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
out.write(struct.pack(f"<{count}{CODES[dtype]}", *values))

if ".npz:" in path:
    path, keys = path.split(":")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in keys.split(","):
            archive.writestr(f"{key}.npy", out.getvalue())
else:
    with open(path, "wb") as file:
        file.write(out.getvalue())
