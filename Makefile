# Parley in few words. `make demo` and `make test` are all a newcomer needs.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:            ## what these words do
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /  make \1 — /'

demo: .venv/.run  ## open the demo shop at http://127.0.0.1:8080 (no keys needed)
	@$(BIN)/parley demo $(if $(PORT),--port $(PORT))

setup: .venv/.run  ## the environment alone

test: .venv/.dev browser  ## every test, PostgreSQL and browser included
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" $(ARGS)

test-long: .venv/.dev browser  ## the long runs too
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: .venv/.dev  ## lint, types, import contracts, and what people wrote
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports
	@$(BIN)/parley check

fix: .venv/.dev  ## what the linter can mend by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:           ## remove the environment (the shop's data in var/ stays)
	@rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parley needs Python 3.11 or newer, found $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "→ Making the environment in .venv"
	@$(PYTHON) -m venv .venv

# The install is stamped, so that a second start is fast; a changed lock file or pyproject.toml installs again.
.venv/.run: requirements.lock pyproject.toml | .venv/bin/python
	@echo "→ Installing what requirements.lock names (about a minute, once)"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "→ Installing what the tests need (about a minute, once)"
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.run

# Browser tests use the Chromium they find; where there is none, Debian's is installed if that is allowed.
browser:
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "→ Installing Chromium for the browser tests"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
	      || echo "  Chromium could not be installed; browser tests will be left out."; \
	  else \
	    echo "→ No Chromium found: browser tests are left out. To have them: apt-get install chromium"; \
	  fi; \
	fi

.PHONY: help demo setup test test-long check fix clean browser
