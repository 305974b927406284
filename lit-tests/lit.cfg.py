"""Configuration of the lit tests: which files are tests, and where the tools are.

AFP_BIN_DIR      folder of afpc and afp-opt; target/debug if it is not set
AFP_LLVM_PREFIX  prefix of LLVM and MLIR 22; `llvm-config-22 --prefix`, as Debian has it, if it is not set
AFP_LIT_OUT      folder for the tests' own files; target/lit if it is not set
"""

import os
import platform
import shutil
import sys

import lit.formats

source_root = os.path.dirname(os.path.abspath(__file__))
repository = os.path.dirname(source_root)

config.name = "afpc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = source_root
config.test_exec_root = os.environ.get("AFP_LIT_OUT", os.path.join(repository, "target", "lit"))

tools = os.path.abspath(os.environ.get("AFP_BIN_DIR", os.path.join(repository, "target", "debug")))
llvm = os.path.join(os.environ.get("AFP_LLVM_PREFIX", "/usr/lib/llvm-22"), "bin")
for folder, tool, remedy in [
    (tools, "afp-opt", "run `cargo build --workspace`, or set AFP_BIN_DIR"),
    (tools, "afpc", "run `cargo build --workspace`, or set AFP_BIN_DIR"),
    (llvm, "FileCheck", "run `make deps`, or set AFP_LLVM_PREFIX"),
]:
    if not os.path.exists(os.path.join(folder, tool)):
        lit_config.fatal(f"expected {tool} in {folder}, found none; {remedy}")

config.environment["PATH"] = os.pathsep.join([tools, llvm, os.environ.get("PATH", "")])
for variable in ["HOME", "LD_LIBRARY_PATH"]:
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]
# One way of printing, whatever the terminal of the person who runs the tests.
config.environment["NO_COLOR"] = "1"
config.environment["RUST_BACKTRACE"] = "0"

config.substitutions.append(("%python", sys.executable))
# By path, for tests that change PATH.
config.substitutions.append(("%afpc", os.path.join(tools, "afpc")))
config.substitutions.append(("%repository", repository))

# Simulated machines; `make deps` brings what they need.
simulators = ["qemu-aarch64", "qemu-system-arm", "aarch64-linux-gnu-gcc", "arm-none-eabi-gcc"]
missing = [tool for tool in simulators if shutil.which(tool) is None]
if missing:
    lit_config.note("tests on simulated machines are skipped: expected " + ", ".join(missing) + " in PATH")
else:
    config.available_features.add("simulators")

if platform.machine() == "x86_64":
    config.available_features.add("x86-64")

# Root may write anywhere: tests of permissions say `UNSUPPORTED: root`.
if hasattr(os, "geteuid") and os.geteuid() == 0:
    config.available_features.add("root")
