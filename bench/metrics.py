"""How far a quantized network's outputs are from the float network's: the definitions of docs/eval.md, in numpy.

They share no code with the compiler, so what `afpc eval` prints can be held against them.
"""
import math
import numpy as np

Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution
LEAST = 1e-12  # no probability is taken for smaller


def wilson(count, of):
    """The Wilson score interval of a share, 95 %."""
    share, square = count / of, Z * Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return [max(0.0, centre - half), min(1.0, centre + half)]


def mean_interval(values):
    """Mean and interval of a non-negative quantity, by its standard error."""
    mean = float(values.mean())
    half = Z * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return mean, [max(0.0, mean - half), mean + half]


def log_probabilities(rows, are_probabilities):
    """Logarithms of the softmax of logits; of probabilities, clamped and brought to a sum of one."""
    rows = rows.astype(np.float64)
    logits = np.log(np.maximum(rows, LEAST)) if are_probabilities else rows
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def sqnr(signal, noise):
    """10 log10 of the ratio of sums, and its interval by the delta method; samples are the first dimension of both."""
    if noise.sum() == 0:
        return math.inf, [math.inf, math.inf]
    ratio = 10 * math.log10(signal.sum() / noise.sum())
    spread = signal / signal.mean() - noise / noise.mean()
    half = Z * 10 / math.log(10) * float(np.sqrt((spread ** 2).sum() / (len(spread) - 1) / len(spread))) if len(spread) > 1 else math.inf
    return ratio, [ratio - half, ratio + half]


def mcnemar(lost, gained):
    """The exact two-sided p-value of `lost` against `gained`: a fair coin's."""
    n = lost + gained
    tail = sum(math.comb(n, k) for k in range(min(lost, gained) + 1))
    return min(1.0, 2 * tail / 2 ** n)


def compare(float_rows, rows, labels=None, softmax=False, float_logits=None, logits=None):
    """float_rows, rows: (samples, classes), outputs of both networks. The SQNR is that of the logits where they are given."""
    f, q = float_rows.reshape(len(float_rows), -1), rows.reshape(len(rows), -1)
    n = len(f)
    equal = int((f.argmax(1) == q.argmax(1)).sum())
    log_f, log_q = log_probabilities(f, softmax), log_probabilities(q, softmax)
    kl, kl_interval = mean_interval(np.maximum((np.exp(log_f) * (log_f - log_q)).sum(1), 0))
    before_f, before_q = (f, q) if float_logits is None else (float_logits.reshape(n, -1), logits.reshape(n, -1))
    before_f, before_q = before_f.astype(np.float64), before_q.astype(np.float64)
    decibels, decibels_interval = sqnr((before_f ** 2).sum(1), ((before_f - before_q) ** 2).sum(1))
    result = {
        "samples": n,
        "agreement": {"equal": equal, "of": n, "percent": 100 * equal / n, "interval": [100 * x for x in wilson(equal, n)]},
        "kl": {"mean": kl, "interval": kl_interval},
        "sqnr_db": decibels, "sqnr_db_interval": decibels_interval,
    }
    if labels is not None:
        labels = labels + (1 if f.shape[1] == 1001 and labels.max() < 1000 else 0)
        right_f, right_q = f.argmax(1) == labels, q.argmax(1) == labels
        lost, gained = int((right_f & ~right_q).sum()), int((~right_f & right_q).sum())
        result |= {
            "float_top1": 100 * right_f.mean(), "top1": 100 * right_q.mean(),
            "float_top5": 100 * top5(f, labels), "top5": 100 * top5(q, labels),
            "lost": lost, "gained": gained, "net": lost - gained, "mcnemar_p": mcnemar(lost, gained),
            "net_error": math.sqrt(max(0, lost + gained - (lost - gained) ** 2 / n)),
        }
    return result


def top5(rows, labels):
    """Share of rows with fewer than five classes ahead of the label's; of equal ones, the first are ahead."""
    mine = rows[np.arange(len(rows)), labels][:, None]
    before = np.arange(rows.shape[1])[None] < labels[:, None]
    return float((((rows > mine) | ((rows == mine) & before)).sum(1) < 5).mean())
