"""image.py FILE WIDTHxHEIGHT COLOUR...: writes a flat image, or one of as many upright stripes as colours are given.

The ending of FILE says the kind: .png, .bmp, .ppm or .pgm, or .jpg (of one colour). A COLOUR is R,G,B or a grey.
"""

import struct
import sys
import zlib

path, size = sys.argv[1:3]
width, height = (int(side) for side in size.split("x"))
colours = [tuple(int(part) for part in colour.split(",")) for colour in sys.argv[3:]]
channels = len(colours[0])
row = [colours[x * len(colours) // width] for x in range(width)]
pixels = bytes(part for colour in row for part in colour)


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    data = zlib.compress((b"\0" + pixels) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pnm():
    return f"P{6 if channels == 3 else 5} {width} {height} 255\n".encode() + pixels * height


def bmp():
    line = bytes(part for colour in row for part in reversed(colour))
    data = (line + b"\0" * (-len(line) % 4)) * height
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54) + header + data


def jpeg():
    """One value per block and component; blocks behind the first do not differ from it."""
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    r, g, b = (colours[0] * 3)[:3]
    values = [0.299 * r + 0.587 * g + 0.114 * b]
    if channels == 3:
        values += [128 + 0.564 * (b - values[0]), 128 + 0.713 * (r - values[0])]
    blocks = -(-width // 8) * -(-height // 8)
    bits = ""
    for block in range(blocks):
        for value in values:
            # The mean of a block is an eighth of its first coefficient. Category in 4 bits, value, end in 1 bit.
            coefficient = round(8 * (value - 128)) if block == 0 else 0
            length = abs(coefficient).bit_length()
            if coefficient < 0:
                coefficient += (1 << length) - 1
            bits += f"{length:04b}" + (f"{coefficient:0{length}b}" if length else "") + "0"
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    components = range(1, channels + 1)
    frame = struct.pack(">BHHB", 8, height, width, channels) + b"".join(bytes([c, 0x11, 0]) for c in components)
    of_value = bytes([0, 0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    of_end = bytes([0x10, 1] + [0] * 15) + b"\0"
    start = bytes([channels]) + b"".join(bytes([c, 0]) for c in components) + bytes([0, 63, 0])
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC0, frame) + segment(0xC4, of_value)
            + segment(0xC4, of_end) + segment(0xDA, start) + scan + b"\xff\xd9")


writers = {"png": png, "bmp": bmp, "ppm": pnm, "pgm": pnm, "jpg": jpeg}
with open(path, "wb") as file:
    file.write(writers[path.rsplit(".", 1)[1]]())
