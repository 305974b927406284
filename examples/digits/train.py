"""Trains the digits network and writes graph.mlir, the test set and the calibration set."""

import json
import os
import time
from pathlib import Path

# XLA splits its sums by the number of threads: fix it, so that a run does not depend on how many cores are free.
os.environ["PJRT_NPROC"] = "2"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from sklearn.datasets import load_digits

from export import graph_text
from network import CLASSES, CONVS, FEATURES, network

HERE = Path(__file__).resolve().parent

SEED = 0
TEST_IMAGES = 360
CALIBRATION_IMAGES = 128

EPOCHS = 100
BATCH = 64
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 0.2
LABEL_SMOOTHING = 0.05
DROPOUT = 0.5
BN_MOMENTUM = 0.95
BN_EPSILON = 1e-3

# Limits of the random affine map: pixels, logarithm of the scale, shear, radians.
MAX_SHIFT, MAX_LOG_SCALE, MAX_SHEAR, MAX_ANGLE = 0.6, 0.09, 0.12, 0.16
# Pixels are raised to a power between 1 / e^limit and e^limit: thicker and thinner strokes.
MAX_LOG_GAMMA = 0.4


def load_data():
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[..., None]
    labels = digits.target.astype(np.uint8)
    split = len(images) - TEST_IMAGES
    return (images[:split], labels[:split]), (images[split:], labels[split:])


def init_variables(key):
    params, stats = {}, {}
    for name, (size, inputs, outputs, groups) in CONVS.items():
        key, subkey = jax.random.split(key)
        shape = (size, size, inputs // groups, outputs)
        params[name] = {
            "kernel": jax.random.normal(subkey, shape) * np.sqrt(2 / np.prod(shape[:3])),
            "gamma": jnp.ones(outputs),
            "beta": jnp.zeros(outputs),
        }
        stats[name] = {"mean": jnp.zeros(outputs), "var": jnp.ones(outputs)}
    matrix = jax.random.normal(key, (FEATURES, CLASSES)) / np.sqrt(FEATURES)
    params["fc"] = {"matrix": matrix, "bias": jnp.zeros(CLASSES)}
    return params, stats


class JaxOps:
    """Operators of `network` on batches; with `dropout_key` in training mode, without in inference mode."""

    def __init__(self, params, stats, dropout_key=None):
        self.params, self.stats, self.dropout_key = params, stats, dropout_key
        self.new_stats = {}

    def conv(self, name, x, pad):
        p = self.params[name]
        groups = CONVS[name][3]
        layout = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(
            x, p["kernel"], (1, 1), [(pad, pad)] * 2, dimension_numbers=layout, feature_group_count=groups
        )
        mean, var = self._moments(name, y)
        return (y - mean) * lax.rsqrt(var + BN_EPSILON) * p["gamma"] + p["beta"]

    def _moments(self, name, y):
        old = self.stats[name]
        if self.dropout_key is None:
            return old["mean"], old["var"]
        new = {"mean": y.mean((0, 1, 2)), "var": y.var((0, 1, 2))}
        blend = lambda a, b: BN_MOMENTUM * a + (1 - BN_MOMENTUM) * b
        self.new_stats[name] = jax.tree.map(blend, old, new)
        return new["mean"], new["var"]

    def clamp(self, x, low, high):
        return jnp.clip(x, low, high)

    def add(self, x, y):
        return x + y

    def max_pool(self, x, size):
        window = (1, size, size, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")

    def global_average(self, x):
        return x.mean((1, 2))

    def dense(self, name, x):
        if self.dropout_key is not None:
            x = x * jax.random.bernoulli(self.dropout_key, 1 - DROPOUT, x.shape) / (1 - DROPOUT)
        return x @ self.params[name]["matrix"] + self.params[name]["bias"]


def augment(key, images):
    """A small random affine map of each image (bilinear, black outside) and a random stroke weight."""
    count = len(images)
    keys = jax.random.split(key, 5)
    draw = lambda k, shape, limit: jax.random.uniform(k, shape, minval=-limit, maxval=limit)[..., None, None]
    angle = draw(keys[0], (count,), MAX_ANGLE)
    scale = jnp.exp(draw(keys[1], (2, count), MAX_LOG_SCALE))
    shear = draw(keys[2], (count,), MAX_SHEAR)
    shift = draw(keys[3], (2, count), MAX_SHIFT)
    centre = 3.5
    rows, cols = jnp.meshgrid(jnp.arange(8) - centre, jnp.arange(8) - centre, indexing="ij")
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    from_rows = (cos * rows - sin * cols) * scale[0] + shift[0] + centre
    from_cols = (sin * rows + cos * cols + shear * rows) * scale[1] + shift[1] + centre
    sample = lambda image, r, c: jax.scipy.ndimage.map_coordinates(image, [r, c], order=1, mode="constant")
    moved = jax.vmap(sample)(images[..., 0], from_rows, from_cols)
    gamma = jnp.exp(draw(keys[4], (count,), MAX_LOG_GAMMA))
    return (moved**gamma)[..., None]


def loss_fn(params, stats, images, labels, dropout_key):
    ops = JaxOps(params, stats, dropout_key)
    logits = network(ops, images)
    targets = optax.smooth_labels(jax.nn.one_hot(labels, CLASSES), LABEL_SMOOTHING)
    return optax.softmax_cross_entropy(logits, targets).mean(), ops.new_stats


def make_epoch(optimizer, images, labels):
    steps = len(images) // BATCH

    def step(carry, batch):
        params, stats, opt_state = carry
        grad_fn = jax.value_and_grad(loss_fn, has_aux=True)
        (loss, stats), grads = grad_fn(params, stats, *batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), stats, opt_state), loss

    @jax.jit
    def epoch(carry, key):
        order_key, augment_key, dropout_key = jax.random.split(key, 3)
        order = jax.random.permutation(order_key, len(images))[: steps * BATCH]
        x = augment(augment_key, images[order]).reshape(steps, BATCH, 8, 8, 1)
        y = labels[order].reshape(steps, BATCH)
        carry, losses = lax.scan(step, carry, (x, y, jax.random.split(dropout_key, steps)))
        return carry, losses.mean()

    return epoch


def train(images, labels):
    init_key, loop_key = jax.random.split(jax.random.key(SEED))
    params, stats = init_variables(init_key)
    total = EPOCHS * (len(images) // BATCH)
    schedule = optax.warmup_cosine_decay_schedule(0.0, LEARNING_RATE, total // 20, total)
    decayed = jax.tree.map(lambda p: p.ndim > 1, params)  # kernels only: activations keep a range that reaches the clamp at 6
    optimizer = optax.adamw(schedule, weight_decay=WEIGHT_DECAY, mask=decayed)
    carry = (params, stats, optimizer.init(params))
    epoch = make_epoch(optimizer, jnp.asarray(images), jnp.asarray(labels))
    for index in range(EPOCHS):
        carry, loss = epoch(carry, jax.random.fold_in(loop_key, index))
        if (index + 1) % 10 == 0:
            print(f"epoch {index + 1:3d}  loss {float(loss):.4f}", flush=True)
    return carry[0], carry[1]


def count_correct(params, stats, images, labels):
    logits = network(JaxOps(params, stats), jnp.asarray(images))
    return int((np.argmax(logits, axis=1) == labels).sum())


def fold_batch_norm(params, stats):
    """Returns layer -> (kernel, bias), with each batch norm folded into its convolution."""
    weights = {}
    for name in CONVS:
        p = {k: np.asarray(v, np.float64) for k, v in (params[name] | stats[name]).items()}
        factor = p["gamma"] / np.sqrt(p["var"] + BN_EPSILON)
        weights[name] = (p["kernel"] * factor, p["beta"] - p["mean"] * factor)
    weights["fc"] = tuple(np.asarray(params["fc"][k]) for k in ("matrix", "bias"))
    return weights


def write_sets(train_images, test_images, test_labels):
    chosen = np.random.default_rng(SEED).choice(len(train_images), CALIBRATION_IMAGES, replace=False)
    np.save(HERE / "calib_images.npy", train_images[np.sort(chosen)])
    np.save(HERE / "test_images.npy", test_images)
    np.save(HERE / "test_labels.npy", test_labels)


def main():
    start = time.time()
    (train_images, train_labels), (test_images, test_labels) = load_data()
    params, stats = train(train_images, train_labels)
    metrics = {
        "train_correct": count_correct(params, stats, train_images, train_labels),
        "train_total": len(train_labels),
        "test_correct": count_correct(params, stats, test_images, test_labels),
        "test_total": len(test_labels),
    }
    weights = fold_batch_norm(params, stats)
    (HERE / "graph.mlir").write_text(graph_text(weights))
    (HERE / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    write_sets(train_images, test_images, test_labels)
    for part in ("train", "test"):
        correct, total = metrics[f"{part}_correct"], metrics[f"{part}_total"]
        print(f"{part} accuracy: {correct} of {total} ({100 * correct / total:.2f} %)")
    print(f"parameters: {sum(a.size for pair in weights.values() for a in pair)}")
    print(f"time: {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
