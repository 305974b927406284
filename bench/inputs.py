#!/usr/bin/env python3
"""Folders for bench/accuracy.py, out of labelled images and sounds.

    python3 -m venv venv && venv/bin/pip install numpy pillow
    venv/bin/python bench/inputs.py DATA OUT [NETWORK ...]

DATA holds a folder for every network, with model.onnx, and the samples:

* imagenet_images/: sample_*.npz to calibrate, val_*.npz to evaluate; jpeg (the bytes of all files), offsets, labels
* cifar10_images/: train_*.npz to calibrate, test*.npz to evaluate; x (uint8, NHWC), y
* kws_dscnn/eval_*.npz (x int8, y, scale, zero_point) and mnist_lenet/eval_*.npz (x uint8, y): the first half calibrates,
  the second half evaluates.

OUT/NETWORK gets model.onnx, calib.npy, x.npy (float32, as the network was trained to see them) and x.npy.labels.npy. At
most 512 samples calibrate a network on images. No sample serves both purposes.
"""
import glob, io, os, shutil, sys
import numpy as np

MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
STANDARD = lambda x: (x / 255 - MEAN) / DEVIATION
PREPARED = {  # what each network was trained on, from values of 0 to 255
    "imagenet_mobilenetv1_025": lambda x: x / 127.5 - 1,
    "imagenet_mobilenetv2_torch": STANDARD,
    "imagenet_squeezenet11": STANDARD,
    "cifar10_mlpt_resnet8": lambda x: x,
    "cifar10_resnet20": STANDARD,
    "cifar10_resnet56": STANDARD,
}
NETWORKS = [*PREPARED, "kws_dscnn", "mnist_lenet"]
SIDE = 224
MOST = 512


def one(pattern):
    found = sorted(glob.glob(pattern))
    if len(found) != 1:
        sys.exit(f"expected one file {pattern}, found {len(found)}")
    return np.load(found[0])


def decoded(archive, count):
    """The centres of photographs, uint8 NHWC."""
    from PIL import Image
    jpeg, offsets = archive["jpeg"], archive["offsets"]
    def centre(begin, end):
        image = np.asarray(Image.open(io.BytesIO(jpeg[begin:end].tobytes())).convert("RGB"))
        top, left = ((size - SIDE) // 2 for size in image.shape[:2])
        return image[top:top + SIDE, left:left + SIDE]
    return np.stack([centre(*ends) for ends in list(zip(offsets, offsets[1:]))[:count]])


def halves(x, y):
    middle = len(x) // 2
    return (x[:middle], y[:middle]), (x[middle:], y[middle:])


def samples(data, network):
    """((calibration samples, labels), (evaluation samples, labels)), NCHW."""
    planes = lambda x: np.ascontiguousarray(PREPARED[network](x.astype(np.float32)).astype(np.float32).transpose(0, 3, 1, 2))
    if network.startswith("imagenet"):
        sets = [(one(f"{data}/imagenet_images/{name}_*.npz"), count) for name, count in [("sample", MOST), ("val", None)]]
        return [(planes(decoded(archive, count)), archive["labels"][:count]) for archive, count in sets]
    if network.startswith("cifar10"):
        sets = [(one(f"{data}/cifar10_images/{name}*.npz"), count) for name, count in [("train", MOST), ("test", None)]]
        return [(planes(archive["x"][:count]), archive["y"][:count]) for archive, count in sets]
    archive = one(f"{data}/{network}/eval_*.npz")
    x = archive["x"].astype(np.float32)
    x = (x - np.float32(archive["zero_point"])) * archive["scale"] if "scale" in archive.files else x / 255
    return halves(x[:, None].astype(np.float32), archive["y"])


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    data, out, *networks = sys.argv[1:]
    for network in networks or NETWORKS:
        if network not in NETWORKS:
            sys.exit(f"expected one of {', '.join(NETWORKS)}, found {network}")
        folder = os.path.join(out, network)
        os.makedirs(folder, exist_ok=True)
        (calibration, _), (x, labels) = samples(data, network)
        shutil.copyfile(os.path.join(data, network, "model.onnx"), os.path.join(folder, "model.onnx"))
        for name, array in [("calib.npy", calibration), ("x.npy", x), ("x.npy.labels.npy", labels)]:
            np.save(os.path.join(folder, name), array)
        print(f"{network}: {len(calibration)} samples calibrate, {len(x)} evaluate", flush=True)


if __name__ == "__main__":
    main()
