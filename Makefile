# Every target makes its own .venv from the lock file: Python 3.11 or newer, make and the package registry are enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-bench/.ready

.PHONY: demo test soak check bench run lock clean
.DEFAULT_GOAL := demo

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Repo Radar needs Python 3.11 or newer with venv: install it, or say make PYTHON=/path/to/python3."; exit 2; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	@$(BIN)/repo-radar demo

test: $(READY)
	@$(BIN)/python -m pytest -n 3 $(ARGS)

soak: $(READY)
	@$(BIN)/python -m tests.e2e.soak --kills 200 $(ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# What ours is compared with has an environment of its own; without it the rest is measured all the same.
$(PEERS): requirements-bench.lock
	@$(PYTHON) -m venv .venv-bench && .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-bench.lock && touch $@ || echo "Not all peers could be installed: their rows say so."

bench: $(READY) $(PEERS)
	@$(BIN)/python -m benchmarks $(ARGS)

run: $(READY)
	@$(BIN)/repo-radar run

# The one target that needs uv (https://docs.astral.sh/uv): resolves for every platform, writes hashes, names no index.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --group bench -o requirements-bench.lock

clean:
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .hypothesis
