# The two commands are `make run` and `make test`; they need Python 3.11 or newer and nothing else.

VENV ?= .venv
export VENV
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check format architecture e2e fuzz controls bench bench-quick lock clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Make .venv and install what running needs
	@requirements/install.sh runtime

setup-dev: setup
	@requirements/install.sh dev

run: setup ## Start everything on this machine and print where to click
	@exec $(BIN)/smallsteps up

test: setup-dev ## Run every test but the browser's, on SQLite and PostgreSQL with a real Redis
	@exec $(BIN)/pytest --numprocesses 2

check: setup-dev ## Run ruff, mypy, import-linter and the check of the prompts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/smallsteps prompts check

format: setup-dev ## Format the code and sort its imports
	$(BIN)/ruff check --select I --fix
	$(BIN)/ruff format

architecture: setup-dev ## Write the folder tree of ARCHITECTURE.md anew
	$(BIN)/python -m tests.architecture

e2e: setup-dev ## Walk the product in Chromium and check its pages and emails
	@tests/e2e/install.sh
	@exec $(BIN)/pytest tests/e2e

controls: setup-dev ## Switch each defence off in a copy, and see its test fail
	$(BIN)/python -m tests.faults.controls

bench: setup-dev ## Measure planning, the webhook, the workers, the rotation, the digests, the search and the reply reader
	$(BIN)/python -m bench.planning
	$(BIN)/python -m bench.webhook
	$(BIN)/python -m bench.workers
	$(BIN)/python -m bench.rotation
	$(BIN)/python -m bench.digests
	$(BIN)/python -m bench.journal
	$(BIN)/python -m bench.replies

bench-quick: setup-dev ## Run the benchmarks small, to see that they run
	$(BIN)/python -m bench.planning --people 10000 --due 1000
	$(BIN)/python -m bench.webhook --posts 30
	$(BIN)/python -m bench.workers --jobs 20
	$(BIN)/python -m bench.digests --people 200
	$(BIN)/python -m bench.journal --entries 500
	$(BIN)/python -m bench.replies

# Apart from .venv: the fuzzer has wheels for few platforms, and nothing else needs it.
fuzz: ## Fuzz the webhook and the reader for FUZZ_SECONDS (600); the seed is printed
	@VENV=.venv-fuzz requirements/install.sh runtime
	@.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r fuzz/requirements.txt || \
		{ echo "Cannot fuzz: atheris does not install here (it has wheels for Linux and CPython); see above" >&2; exit 1; }
	@exec .venv-fuzz/bin/python fuzz/webhook_and_reader.py

# pip's own configuration is left out, so that a lock holds nothing of the machine that made it.
COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup-dev ## Renew the locks, with the oldest Python they are for
	@echo "Renewing requirements/runtime.lock (about a minute)"
	$(COMPILE) --build-deps-for editable --output-file requirements/runtime.lock pyproject.toml
	@echo "Renewing requirements/dev.lock (about a minute)"
	$(COMPILE) --extra dev --constraint requirements/runtime.lock --output-file requirements/dev.lock pyproject.toml

clean: ## Remove .venv and the caches; var/ and what people wrote stay
	rm -rf $(VENV) .venv-fuzz node_modules tests/e2e/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
