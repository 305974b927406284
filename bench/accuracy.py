#!/usr/bin/env python3
"""Accuracy of quantized networks, measured from outside: afpc's search, what it is compared with, and onnxruntime's int8.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python bench/accuracy.py DIR... --results accuracy.json [--afpc target/release/afpc] [--bits 4,4.5,5,6,8]
        [--seeds 0,1,2,3,4] [--methods search,e2m2,e0m4,paper,int8] [--table]

Each DIR holds a network: model.onnx, calib.npy (calibration samples, float32), x.npy (evaluation samples, never seen by a
search) and, where there are labels, x.npy.labels.npy. Methods:

* search: `afpc search` for every average of weight bits and every seed, then GPTQ rounding;
* e2m2, e0m4: all weights in that format, rounded to nearest;
* paper: the method as published (`--recipe afp-paper`), for every average of weight bits;
* int8: onnxruntime's static quantization, per channel (bench/int8.py).

The compiled program runs by itself (`afpc run program.mlirbc -o y.npy`), onnxruntime runs the float network, and
bench/metrics.py compares their outputs. Of networks that end in a softmax, the SQNR before it is taken from `afpc eval`.
What `afpc eval` says of the rest is held against the measurement, and a difference is an error.

Results are added to the file one by one: a run that was stopped goes on where it was. --table prints the file as a table
in markdown and measures nothing.
"""
import argparse, json, os, subprocess, sys, tempfile, time
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import metrics

FIXED = {"e2m2": ["--formats", "e2m2", "--rounding", "nearest"], "e0m4": ["--formats", "e0m4", "--rounding", "nearest"]}
SEARCHED = {"search": [], "paper": ["--recipe", "afp-paper"]}
# The float networks of onnxruntime and afpc differ in the last bits of a float: so may what is counted.
TOLERANCE = {"agreement": 0.5, "sqnr_db": 0.05, "kl": 0.02}


class Network:
    """A folder, and the float network's outputs on its evaluation samples."""

    def __init__(self, folder, threads):
        import int8
        self.folder, self.name = folder, os.path.basename(os.path.normpath(folder))
        self.model, self.calibration, self.samples = (self.file(name) for name in ("model.onnx", "calib.npy", "x.npy"))
        labels = self.file("x.npy.labels.npy")
        self.labels_file = labels if os.path.exists(labels) else None
        self.labels = np.load(labels) if self.labels_file else None
        x = np.load(self.samples, mmap_mode="r")
        self.rows, before = int8.outputs(self.model, x, threads)
        self.ends_in_softmax = before is not None

    def file(self, name):
        return os.path.join(self.folder, name)

    def label_options(self):
        if not self.labels_file:
            return []
        return ["--labels", self.labels_file] + (["--label-offset", "1"] if self.rows.shape[1] == 1001 else [])


def run(command):
    started = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout, round(time.time() - started, 1)


def measure(afpc, network, options, scratch):
    """Compiles with these options, runs the program, and compares."""
    program, outputs = os.path.join(scratch, "program.mlirbc"), os.path.join(scratch, "y.npy")
    quantization = ["--calib", network.calibration, *options]
    _, seconds = run([afpc, "compile", network.model, *quantization, "--emit", "mlir", "-o", program])
    run([afpc, "run", program, "--input", network.samples, "-o", outputs, "--backend", "cranelift"])
    rows = np.load(outputs).reshape(len(network.rows), -1)
    result = metrics.compare(network.rows, rows, network.labels, network.ends_in_softmax)
    said, _ = run([afpc, "eval", network.model, *quantization, "--data", network.samples, *network.label_options(), "--json"])
    said = json.loads(said)
    if network.ends_in_softmax:
        result["sqnr_db"], result["sqnr_db_interval"] = said["sqnr_db"], said["sqnr_db_interval"]
    check(network.name, options, result, said)
    return result | {"weight_bits": said["weight_bits"], "activation_bits": said["activation_bits"], "compile_seconds": seconds}


def check(name, options, measured, said):
    pairs = {
        "agreement": (measured["agreement"]["percent"], said["agreement"]["percent"], 1),
        "sqnr_db": (measured["sqnr_db"], said["sqnr_db"], 1),
        "kl": (measured["kl"]["mean"], said["kl"]["mean"], max(measured["kl"]["mean"], 1e-6)),
    }
    for key, (ours, theirs, unit) in pairs.items():
        same = ours == theirs or (ours is not None and theirs is not None and abs(ours - theirs) <= TOLERANCE[key] * unit)
        if not same and not (theirs is None and np.isinf(ours)):
            raise RuntimeError(f"{name} {' '.join(options)}: {key} is {ours}, and afpc eval says {theirs}")


def searched(afpc, network, method, bits, seed, scratch):
    formats = os.path.join(scratch, "formats.json")
    _, seconds = run([afpc, "search", network.model, "--calib", network.calibration, "--max-bits", str(bits), "--seed", str(seed),
                      *SEARCHED[method], "-o", formats])
    return measure(afpc, network, ["--formats", formats], scratch) | {"search_seconds": seconds, "formats": json.load(open(formats))}


def jobs(arguments):
    for method in arguments.methods:
        if method in SEARCHED:
            yield from ((method, bits, seed) for bits in arguments.bits for seed in arguments.seeds)
        else:
            yield method, None, None


def result_of(arguments, network, job):
    method, bits, seed = job
    with tempfile.TemporaryDirectory() as scratch:
        if method == "int8":
            import int8
            return int8.measure(network.folder, "minmax", arguments.int8_samples, arguments.threads)
        if method in FIXED:
            return measure(arguments.afpc, network, FIXED[method], scratch)
        return searched(arguments.afpc, network, method, bits, seed, scratch)


def interval(values, form=".1f"):
    return " to ".join("-" if value is None else f"{value:{form}}" for value in values)


def table(results):
    """One line for each method and number of bits: the first seed's result, and the spread over all."""
    lines = ["| network | method | asked | weight bits | agreement, 95 % | mean KL, 95 % | SQNR dB, 95 % | lost, gained, net (p) | Top-1 float, quantized | agreement over seeds |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    groups = {}
    for result in results:
        groups.setdefault((result["network"], result["method"], result["asked"]), []).append(result)
    for (network, method, asked), seeds in groups.items():
        r = min(seeds, key=lambda result: result["seed"] or 0)
        agreement, kl = r["agreement"], r["kl"]
        sqnr = "equal" if r["sqnr_db"] is None or np.isinf(r["sqnr_db"]) else f"{r['sqnr_db']:.1f} ({interval(r['sqnr_db_interval'])})"
        labelled = "lost" in r
        spread = sorted(result["agreement"]["percent"] for result in seeds)
        lines.append(" ".join([
            f"| {network} | {method} | {asked or '-'} | {r['weight_bits']:.2f} |",
            f"{agreement['percent']:.1f} % ({interval(agreement['interval'])}) | {kl['mean']:.1e} ({interval(kl['interval'], '.1e')}) | {sqnr} |",
            f"{r['lost']}, {r['gained']}, {r['net']} ({r['mcnemar_p']:.2f}) | {r['float_top1']:.1f}, {r['top1']:.1f} |" if labelled else "- | - |",
            f"{spread[0]:.1f} to {spread[-1]:.1f} ({len(spread)}) |" if len(spread) > 1 else "- |",
        ]))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda kind: lambda text: [kind(part) for part in text.split(",")]
    parser.add_argument("folders", nargs="*", metavar="DIR")
    parser.add_argument("--results", required=True)
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--bits", type=numbers(float), default=[4.0, 4.5, 5.0, 6.0, 8.0])
    parser.add_argument("--seeds", type=numbers(int), default=[0])
    parser.add_argument("--methods", type=lambda text: text.split(","), default=[*SEARCHED, *FIXED, "int8"])
    parser.add_argument("--threads", type=int, default=1, help="of onnxruntime")
    parser.add_argument("--int8-samples", type=int, default=512)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    unknown = set(arguments.methods) - {*SEARCHED, *FIXED, "int8"}
    if unknown:
        parser.error(f"expected methods of {', '.join([*SEARCHED, *FIXED, 'int8'])}, found {', '.join(sorted(unknown))}")
    results = json.load(open(arguments.results)) if os.path.exists(arguments.results) else []
    known = {(r["network"], r["method"], r["asked"], r["seed"]) for r in results}
    failures = 0
    for folder in [] if arguments.table else arguments.folders:
        name = os.path.basename(os.path.normpath(folder))
        missing = [job for job in jobs(arguments) if (name, *job) not in known]
        network = Network(folder, arguments.threads) if missing else None
        for method, bits, seed in missing:
            try:
                result = result_of(arguments, network, (method, bits, seed))
            except RuntimeError as problem:
                print(f"{name} {method} {bits} {seed}: {problem}", file=sys.stderr, flush=True)
                failures += 1
                continue
            results.append({"network": name, "method": method, "asked": bits, "seed": seed} | result)
            whole = json.dumps(results, indent=1) + "\n"
            with open(arguments.results + ".part", "w") as out:
                out.write(whole)
            os.replace(arguments.results + ".part", arguments.results)
            print(f"{name} {method} {bits} {seed}: agreement {result['agreement']['percent']:.1f} %", file=sys.stderr, flush=True)
    print(table(results))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
