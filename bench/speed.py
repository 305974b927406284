#!/usr/bin/env python3
"""Latency at batch 1 beside onnxruntime and OpenVINO, float in and float out: the table of the README.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime openvino
    venv/bin/python bench/speed.py DIR... [--formats FILE|FORMAT] [--rounding nearest] [--threads 1] [--rounds 12] [--afpc target/release/afpc] [--json FILE]

Each DIR holds model.onnx and calib.npy (bench/inputs.py makes them), and formats.json if formats were searched for. afpc
compiles the network for this machine; onnxruntime quantizes it to static int8 (QDQ, per channel), which onnxruntime and
OpenVINO both run. Every engine lives in a process of its own and they take turns, so that a machine whose speed drifts
slows all of them alike. Printed are medians, and afpc's ratio to the fastest of the others: the median of the ratios of
the rounds, with the lowest and the highest of them. A call through Python costs every engine some microseconds.
"""
import argparse, ctypes, json, os, statistics, subprocess, sys, tempfile, time

SECONDS = 0.15  # of a turn


def sample(folder, shape):
    import numpy as np
    return np.load(os.path.join(folder, "calib.npy"), mmap_mode="r")[:1].astype(np.float32).reshape(shape)


def model_input(path):
    import onnx
    model = onnx.load(path)
    constants = {initializer.name for initializer in model.graph.initializer}
    value = next(value for value in model.graph.input if value.name not in constants)
    return value.name, [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]


def quantize(folder, out):
    """The network in int8, by onnxruntime."""
    import numpy as np
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    path = os.path.join(folder, "model.onnx")
    name, shape = model_input(path)
    samples = np.load(os.path.join(folder, "calib.npy"), mmap_mode="r")[:32].astype(np.float32)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.feeds = iter([{name: x.reshape(shape)} for x in samples])

        def get_next(self):
            return next(self.feeds, None)

    prepared = out + ".pre"
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    quantize_static(prepared, out, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def onnxruntime(folder, file, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name, shape = model_input(os.path.join(folder, "model.onnx"))
    feed = {name: sample(folder, shape)}
    return lambda: session.run(None, feed)


def openvino(folder, file, threads):
    import openvino
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    request = core.compile_model(core.read_model(file), "CPU", settings).create_infer_request()
    _, shape = model_input(os.path.join(folder, "model.onnx"))
    request.set_input_tensor(openvino.Tensor(sample(folder, shape)))
    return request.infer


def afpc(folder, library, threads):
    import mmap
    import numpy as np
    with open(os.path.join(os.path.dirname(library), "report.json")) as file:
        report = json.load(file)
    _, shape = model_input(os.path.join(folder, "model.onnx"))
    x = np.ascontiguousarray(sample(folder, shape))
    import onnx
    output = onnx.load(os.path.join(folder, "model.onnx")).graph.output[0]
    y = np.zeros([dim.dim_value or 1 for dim in output.type.tensor_type.shape.dim], np.float32)
    arena = mmap.mmap(-1, max(report["arena_bytes"], 1))  # Pages are aligned well enough.
    address = ctypes.addressof(ctypes.c_char.from_buffer(arena))
    inputs, outputs = (ctypes.c_void_p * 1)(x.ctypes.data), (ctypes.c_void_p * 1)(y.ctypes.data)
    run = getattr(ctypes.CDLL(os.path.abspath(library)), report["symbol"])
    run.argtypes = [ctypes.c_void_p] * 3
    keep = (x, y, arena, inputs, outputs)
    return lambda keep=keep: run(inputs, outputs, address)


ENGINES = {"onnxruntime int8": onnxruntime, "OpenVINO int8": openvino, "afpc": afpc}


def work(engine, folder, file, threads):
    """A process that times a turn for each line it reads."""
    call = ENGINES[engine](folder, file, threads)
    for _ in range(5):
        call()
    print("ready", flush=True)
    for _ in sys.stdin:
        times, end = [], time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        print(statistics.median(times), flush=True)


def compile_network(folder, options, scratch, formats, *more):
    """The shared library that afpc makes."""
    command = [options.afpc, "compile", os.path.join(folder, "model.onnx"), "--calib", os.path.join(folder, "calib.npy"),
               "--formats", formats, "--threads", str(options.threads), "--name", "model", "-o", scratch, *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(scratch, "libmodel.so")


def take_turns(folder, files, options, script=__file__):
    """The medians of the turns of engines, each with its file, in processes of their own. `script` hands on --work."""
    workers = {}
    for engine, file in files.items():
        arguments = [sys.executable, script, "--work", engine, folder, file, str(options.threads)]
        workers[engine] = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL, text=True)
    medians = {}
    for engine, worker in list(workers.items()):
        if worker.stdout.readline() == "ready\n":
            medians[engine] = []
        else:
            print(f"{engine} does not run {folder}", file=sys.stderr)
            del workers[engine]
    for _ in range(options.rounds):
        for engine, worker in workers.items():
            worker.stdin.write("\n")
            worker.stdin.flush()
            medians[engine].append(float(worker.stdout.readline()))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return medians


def compare(folder, options, scratch):
    files = {"onnxruntime int8": os.path.join(scratch, "int8.onnx")}
    files["OpenVINO int8"] = files["onnxruntime int8"]
    quantize(folder, files["onnxruntime int8"])
    own = os.path.join(folder, "formats.json")
    formats = options.formats or (own if os.path.exists(own) else "e2m2")
    files["afpc"] = compile_network(folder, options, scratch, formats, "--rounding", options.rounding)
    return take_turns(folder, files, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--formats", help="formats of weights, or a formats file; DIR/formats.json or e2m2 unless given")
    parser.add_argument("--rounding", default="gptq", help="nearest compiles networks of many weights sooner, for timing alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--afpc", default="target/release/afpc")
    parser.add_argument("--json", help="where all medians are written, in seconds")
    options = parser.parse_args()
    results = {}
    print("| network | " + " | ".join(f"{engine}, ms" for engine in ENGINES) + " | ratio |")
    print("| --- |" + " --- |" * (len(ENGINES) + 1))
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as scratch:
            medians = compare(folder, options, scratch)
        name = os.path.basename(os.path.normpath(folder))
        results[name] = medians
        cells = [f"{1e3 * statistics.median(medians[e]):.3f}" if e in medians else "-" for e in ENGINES]
        peers = [turns for engine, turns in medians.items() if engine != "afpc"]
        ratios = [ours / min(theirs) for ours, *theirs in zip(medians["afpc"], *peers)] if peers else []
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "-"
        print(f"| {name} | " + " | ".join(cells) + f" | {ratio} |", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
