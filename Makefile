# make deps    Debian packages that are missing
# make build   afpc and afp-opt
# make demo    quantize and compile examples/digits, and classify its 360 test images
# make test    Rust tests with doc tests, then lit
# make differential HOST=100000 SIMULATED=2000 [SEED=1] [FROM=0]
#              random networks on every execution there is, bit for bit: hours
# make preserves-bits CASES=10000
#              random networks before and after each pass that keeps bits, by the interpreter: minutes
# make epilogues  instructions of one layer behind AFP's epilogues, and behind affine int8's
# make lint    formatting, clippy
# make deny    licences, bans and sources of the dependencies (installs cargo-deny: some minutes, once)
# make docs    the generated pages of the book
# make clean

CARGO ?= cargo
CARGO_DENY_VERSION := 0.20.2
LLVM_PREFIX ?= /usr/lib/llvm-22
AFP_BIN_DIR ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug
LIT_FLAGS ?= -v

DIGITS := examples/digits

.PHONY: deps build demo test differential preserves-bits epilogues lint deny docs clean

deps:
	@scripts/install-deps

build: deps
	$(CARGO) build --workspace

demo: build
	@echo "== The network in float, and in AFP by the interpreter"
	@$(AFP_BIN_DIR)/afpc run $(DIGITS)/graph.mlir --calib $(DIGITS)/calib_images.npy --formats e2m4 \
	  --input $(DIGITS)/test_images.npy --labels $(DIGITS)/test_labels.npy --compare
	@echo
	@echo "== Compiled for this machine"
	@$(AFP_BIN_DIR)/afpc compile $(DIGITS)/graph.mlir --calib $(DIGITS)/calib_images.npy --formats e2m4 \
	  --name digits -o target/demo
	@echo
	@echo "== Its object in a C program ($(DIGITS)/classify.c)"
	@$(CC) -std=c99 -O2 -I target/demo $(DIGITS)/classify.c target/demo/digits.o -o target/demo/classify
	@target/demo/classify $(DIGITS)/test_images.npy $(DIGITS)/test_labels.npy

test: build
	$(CARGO) test --workspace
	AFP_BIN_DIR=$(AFP_BIN_DIR) AFP_LLVM_PREFIX=$(LLVM_PREFIX) $(LLVM_PREFIX)/bin/lit $(LIT_FLAGS) lit-tests

HOST ?= 10000
SIMULATED ?= 500
SEED ?= 1
FROM ?= 0

differential: deps
	AFP_HOST_CASES=$(HOST) AFP_SIMULATED_CASES=$(SIMULATED) AFP_SEED=$(SEED) AFP_FROM=$(FROM) \
	  $(CARGO) test -p afp-codegen --test differential -- --nocapture

CASES ?= 10000

preserves-bits: deps
	PROPTEST_CASES=$(CASES) $(CARGO) test -p afp-passes --test preserves_bits -- --nocapture

epilogues: deps
	AFP_EPILOGUES=1 $(CARGO) test -p afp-codegen --test affine -- --nocapture

lint: deps
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny@$(CARGO_DENY_VERSION)
	$(CARGO) deny check licenses bans sources

docs: build
	PATH=$(AFP_BIN_DIR):$(LLVM_PREFIX)/bin:$$PATH scripts/generate-docs docs

clean:
	$(CARGO) clean
