# The main commands are `make run` and `make test`, which need only Python 3.11 or newer.

VENV ?= .venv
export VENV
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check format architecture e2e screenshots fuzz controls faults faults-quick book feed-histories bench bench-quick lock clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Create .venv and install the packages that running needs
	@requirements/install.sh runtime

setup-dev: setup
	@requirements/install.sh dev

run: setup ## Start everything on this machine and print the links to open
	@exec $(BIN)/smallsteps up

test: setup-dev ## Run all tests except the browser tests, on SQLite and PostgreSQL with a real Redis
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

architecture: setup-dev ## Write the folder tree in ARCHITECTURE.md again
	$(BIN)/python -m tests.architecture

e2e: setup-dev ## Run the browser tests: use the service in Chromium, and check its pages and emails
	@tests/e2e/install.sh
	@exec $(BIN)/pytest tests/e2e

screenshots: setup-dev ## Run the browser tests, and keep pictures of the pages in var/screenshots
	@tests/e2e/install.sh
	@exec env SCREENSHOTS=yes $(BIN)/pytest tests/e2e

controls: setup-dev ## Switch each defence off in a copy of the code, and check that its test fails
	$(BIN)/python -m tests.faults.controls

faults: setup-dev ## Break the running service from outside; takes hours, and can be stopped and taken up again
	$(BIN)/python -m tests.faults.outside

faults-quick: setup-dev ## The same with few people, in an hour or two
	$(BIN)/python -m tests.faults.outside --people 200

book: setup ## Install what books as PDF need: typst and fonts, about 120 MB
	@requirements/install.sh book

feed-histories: setup-dev ## Play 300 random histories of blogs' feeds against a model; prints the seed; takes an hour
	$(BIN)/python -m bench.feed_histories

bench: setup-dev ## Measure planning, letters, the webhook, the workers, the rotation, the digests, the search, the export and the reply reader
	$(BIN)/python -m bench.planning
	$(BIN)/python -m bench.letters
	$(BIN)/python -m bench.webhook
	$(BIN)/python -m bench.workers
	$(BIN)/python -m bench.rotation
	$(BIN)/python -m bench.digests
	$(BIN)/python -m bench.journal
	$(BIN)/python -m bench.yours
	$(BIN)/python -m bench.replies

bench-quick: setup-dev ## Run small versions of the benchmarks, to check that they work
	$(BIN)/python -m bench.planning --people 10000 --due 1000
	$(BIN)/python -m bench.letters --people 5000
	$(BIN)/python -m bench.webhook --posts 30
	$(BIN)/python -m bench.workers --jobs 20
	$(BIN)/python -m bench.digests --people 200
	$(BIN)/python -m bench.journal --entries 500 --days 365
	$(BIN)/python -m bench.yours --entries 500 --photos 10
	$(BIN)/python -m bench.replies

# In its own environment: the fuzzer has wheels for few platforms, and nothing else needs it.
fuzz: ## Fuzz the webhook and the reply reader for FUZZ_SECONDS (600); prints the seed
	@VENV=.venv-fuzz requirements/install.sh runtime
	@.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r fuzz/requirements.txt || \
		{ echo "Cannot fuzz: atheris could not be installed (it has wheels for Linux and CPython only); see above" >&2; exit 1; }
	@exec .venv-fuzz/bin/python fuzz/webhook_and_reader.py

# pip's own configuration is not used, so that a lock does not depend on the machine that wrote it.
COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup-dev ## Renew the locks; run it with the oldest supported Python
	@echo "Renewing requirements/runtime.lock (about a minute)"
	$(COMPILE) --build-deps-for editable --output-file requirements/runtime.lock pyproject.toml
	@echo "Renewing requirements/dev.lock (about a minute)"
	$(COMPILE) --extra dev --extra book --constraint requirements/runtime.lock --output-file requirements/dev.lock pyproject.toml
	@echo "Renewing requirements/book.lock (about a minute)"
	$(COMPILE) --extra book --constraint requirements/runtime.lock --output-file requirements/book.lock pyproject.toml

clean: ## Remove .venv and the caches, but not var/ with people's words
	rm -rf $(VENV) .venv-fuzz node_modules tests/e2e/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
