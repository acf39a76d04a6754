# Thin and self-documenting: `make` prints the targets. Every recipe is what one would type by hand.
#
# There is one environment, .venv, and one stamp per lock. Locks are *added* to it (`uv pip install`), never synced:
# the development lock contains the runtime lock with the same versions, so `make run` after `make test` installs
# nothing and removes nothing, and a machine that only ever runs `make run` never gets the development tools.

BIN      := .venv/bin
INSTALL  := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r
COMPILE  := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(UPGRADE)
EXTRAS   := $(if $(or $(filter postgres%,$(DATABASE_URL)),$(BOARD_EXTRAS)),.venv/.extras)
JOBS     ?= 2

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run cluster install serve worker migrate test browser check lint format audit sbom bench bench-short lock upgrade translations long screenshots clean

help:  ## Print this list
	@echo "Stadtrunde: make <target>"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export BOARD_DEMO := 1
run: export HOST := $(or $(HOST),0.0.0.0)
run: export PORT := $(or $(PORT),8000)
run: export BOARD_LOG := $(or $(BOARD_LOG),warning)
run: export BOARD_DATA := $(or $(BOARD_DATA),data)
run: .venv/.runtime $(EXTRAS)  ## Start the demo on real facts (HOST, PORT, BOARD_DATA, DATABASE_URL); Ctrl-C stops it
	@$(BIN)/flask --app wsgi demo --served
	@exec $(BIN)/gunicorn --config deploy/gunicorn.conf.py wsgi:app

cluster: .venv/.runtime .venv/.extras  ## Start the demo on two nodes, a worker, nginx and PostgreSQL (HOST, PORT, BOARD_DATA, DATABASE_URL, STREAM_NODES)
	@exec $(BIN)/python -m deploy.cluster

install: .venv/.runtime $(EXTRAS)  ## Install or renew packages and compile all that is served, so that nobody waits for it
	@$(BIN)/python -m deploy.compile

serve: .venv/.runtime $(EXTRAS)  ## Start the board for real; settings come from the environment, see `make migrate`
	@exec $(BIN)/gunicorn --config deploy/gunicorn.conf.py wsgi:app

worker: .venv/.runtime $(EXTRAS)  ## Run jobs and mail apart from the server, which then needs BOARD_WORKER=apart
	@exec $(BIN)/flask --app wsgi worker

migrate: .venv/.runtime $(EXTRAS)  ## Create the database or bring it up to date; on purpose not part of `make serve`
	@$(BIN)/flask --app wsgi init

# Compiling all tests anew would cost each process as much again as loading them.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.dev browser  ## Run all tests (REQUIRE_ALL=1: a missing browser is an error)
	@$(BIN)/pytest -q -n $(JOBS)

browser: .venv/.dev  ## Find or install the Chromium that the browser tests drive
	@.ci/browser

check: lint test  ## Everything that must be green before a commit

lint: .venv/.dev  ## Static checks: style, types, directions of imports, security
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml board

format: .venv/.dev  ## Let ruff format and repair what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

audit: .venv/.dev  ## Ask whether a locked package has a known vulnerability (needs network)
	@for lock in requirements.lock requirements-extras.lock requirements-dev.lock; do \
		$(BIN)/pip-audit --strict --disable-pip --require-hashes -r $$lock || exit 1; done

sbom: .venv/.dev  ## Write the bill of materials (CycloneDX) from the locks: sbom.json, sbom-extras.json
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible --of JSON -o sbom.json requirements.lock
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible --of JSON -o sbom-extras.json requirements-extras.lock
	@echo "sbom.json (core) and sbom-extras.json (with all extras) are written."

bench: .venv/.dev  ## Measure, as ratios to a bare Flask route in the same run
	@$(BIN)/python -m bench

bench-short: .venv/.dev  ## Show that the benchmarks still run; the figures mean nothing
	@$(BIN)/python -m bench --short

lock: .venv/.uv  ## Write the locks from pyproject.toml, keeping locked versions (`make upgrade` takes the newest)
	@$(COMPILE) pyproject.toml --extra fast --extra yaml -o requirements.lock
	@$(COMPILE) pyproject.toml --all-extras -c requirements.lock -o requirements-extras.lock
	@$(COMPILE) pyproject.toml --all-extras --group dev -c requirements.lock -c requirements-extras.lock -o requirements-dev.lock
	@echo uv | $(COMPILE) - -o requirements-uv.lock

upgrade:  ## Write the locks with the newest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

translations: .venv/.dev  ## Name the texts that have no German yet (they belong into board/locale/de/<feature>.po)
	@$(BIN)/pytest -q tests/test_translations.py

long: .venv/.dev  ## Trials by fire, for hours (TRIAL=kill,soak SIZE=20 GO_ON=1; docs/reliability.md)
	@$(BIN)/pytest -q -s --trial=$(or $(TRIAL),all) $(and $(SIZE),--size=$(SIZE)) $(and $(GO_ON),--go-on)

screenshots: .venv/.dev browser  ## Take the pictures of the README from the running demo
	@$(BIN)/python docs/screenshots.py

clean:  ## Remove the environment and all caches; data/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -----------------------------------------------------------------------------------------------

.venv/.uv: requirements-uv.lock
	@python=$$(.ci/python) && { test -x $(BIN)/python || $$python -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/.runtime: requirements.lock .venv/.uv
	@echo "Installing packages …" && $(INSTALL) $< && touch $@

.venv/.extras: requirements-extras.lock .venv/.uv
	@$(INSTALL) $< && touch $@

.venv/.dev: requirements-dev.lock .venv/.uv
	@echo "Installing packages and development tools …" && $(INSTALL) $< && touch $@
