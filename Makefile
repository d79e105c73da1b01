# Developer commands. On a fresh Debian or Ubuntu with Rust: `make demo`, then open https://localhost:8443.

CARGO_TARGET_DIR ?= target
DATA ?= DATA
LISTEN ?= 127.0.0.1:8443
# What `make bench` is held against beside its own bare server; left out where it is not there.
REFERENCE ?= ../shared/peers/guide_stack
# More for the bench: --reuse, --patients 1000, --connections 64, --rounds 9, --seconds 5, --server-core 1.
BENCH_ARGS ?=
# How many `make bench-keep` keeps.
PATIENTS ?= 10000
# One feature set for every cargo call, so that nothing is compiled twice.
CARGO_ARGS := --workspace --locked

.PHONY: help setup demo bench bench-keep test test-rust test-browser check clean

help:
	@echo 'make demo    a practice with synthetic people at https://localhost:8443'
	@echo 'make bench   how fast it answers, beside a bare server and a reference stack'
	@echo 'make bench-keep   backup and restore, rotations and a purge, and what they cost requests'
	@echo 'make test    all tests: unit, both databases, compile-fail, browser'
	@echo 'make check   format, clippy, licences, advisories, architecture'
	@echo 'make setup   install what the above need (make test does it by itself)'
	@echo 'make clean   remove what was built, and the demo data'

setup:
	@scripts/setup.sh all

# The profile `demo` is optimized, but without link-time optimization: half the wait of a release build.
demo:
	@scripts/setup.sh build
	cargo build --locked --profile demo -p patella
	$(CARGO_TARGET_DIR)/demo/patella demo --data $(DATA) --listen $(LISTEN)

# The binary as `make demo` builds it, and the bare server with the same profile. See docs/bench.md.
bench:
	@scripts/setup.sh $(if $(wildcard $(REFERENCE)),bench,build)
	cargo build --locked --profile demo -p patella
	cargo build --locked --profile demo -p patella-bench
	$(CARGO_TARGET_DIR)/demo/patella-bench run --patella $(CARGO_TARGET_DIR)/demo/patella \
		--data $(CARGO_TARGET_DIR)/bench --reference '$(REFERENCE)' $(BENCH_ARGS)

# Long tasks: what each gets through, and how long requests take beside it. About half an hour on two cores.
bench-keep:
	@scripts/setup.sh keep
	cargo build --locked --profile demo -p patella
	cargo build --locked --profile demo -p patella-bench
	$(CARGO_TARGET_DIR)/demo/patella-bench backup --patella $(CARGO_TARGET_DIR)/demo/patella \
		--data $(CARGO_TARGET_DIR)/bench-keep/backup --patients $(PATIENTS)
	$(CARGO_TARGET_DIR)/demo/patella-bench long --data $(CARGO_TARGET_DIR)/bench-keep/long --patients $(PATIENTS)
	$(CARGO_TARGET_DIR)/demo/patella-bench beside --patella $(CARGO_TARGET_DIR)/demo/patella \
		--data $(CARGO_TARGET_DIR)/bench-keep/beside --patients $(PATIENTS)

test: test-rust test-browser

test-rust:
	@scripts/setup.sh test
	cargo test $(CARGO_ARGS)

test-browser:
	@scripts/setup.sh browser
	cargo build $(CARGO_ARGS) --bins --examples
	PATELLA=$(abspath $(CARGO_TARGET_DIR))/debug/patella scripts/node.sh npm test --prefix browser --silent

check:
	@scripts/setup.sh check
	cargo fmt --all --check
	cargo xtask architecture
	cargo clippy $(CARGO_ARGS) --all-targets --keep-going -- -D warnings
	scripts/cargo-deny.sh --workspace check --hide-inclusion-graph bans licenses sources
	cargo xtask advisories

clean:
	cargo clean
	rm -rf browser/node_modules '$(DATA)'
