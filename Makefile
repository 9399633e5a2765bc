# Two commands matter: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
UV_VERSION := 0.13.9
CATALOGUE := webinar/translations/de/LC_MESSAGES/messages.mo

# Each of the many processes would compile the sources again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run install test soak bench sbom lint format messages migrate lock browser clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run $(CATALOGUE) ## start everything with sample data: web server, worker, local mailbox
	@$(BIN)/python -m webinar.demo.run

install: .venv/run $(CATALOGUE) ## the environment alone, as production needs it

test: .venv/dev $(CATALOGUE) browser ## all tests, on SQLite and, where there is one, PostgreSQL
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not soak and not long" $(ARGS)

soak: .venv/dev $(CATALOGUE) browser ## gigabytes, kill series, big fan-outs; what the tests do in short, in full
	@WEBINAR_SOAK=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "(soak or deep) and not long" $(ARGS)

bench: .venv/dev $(CATALOGUE) ## measured workloads beside their ceilings, written to var/bench.json
	@bash bench/install
	@$(BIN)/python -m bench $(ARGS)

lint: .venv/dev ## style, types, known weaknesses of the libraries
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@.ci/audit

format: .venv/dev ## put the sources in form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

messages: .venv/dev ## collect new messages into the catalogue and compile it
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output --project webinar --version 1 -o var/messages.pot .
	@$(BIN)/pybabel -q update -i var/messages.pot -d webinar/translations -l de --no-fuzzy-matching --ignore-obsolete --width 100
	@$(BIN)/pybabel -q compile -d webinar/translations

migrate: .venv/dev ## write a migration for changed tables: make migrate ARGS="what changes"
	@$(BIN)/flask db migrate -m "$(ARGS)"

sbom: .venv/dev ## the libraries as a CycloneDX list, written to var/sbom.json
	@mkdir -p var
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o var/sbom.json

lock: .venv/dev ## renew the locks from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --upgrade --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and everything under var/
	@rm -rf .venv var

# The environment: uv from pip, then exactly what the lock says, checked by hash.
.venv/bin/uv:
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/run: requirements.lock | .venv/bin/uv
	@[ -e .venv/dev ] || $(BIN)/uv pip sync -q --require-hashes requirements.lock
	@$(MAKE) -s .venv/package
	@touch $@

.venv/dev: requirements-dev.lock | .venv/bin/uv
	@$(BIN)/uv pip sync -q --require-hashes requirements-dev.lock
	@$(MAKE) -s .venv/package
	@touch $@

.PHONY: .venv/package
.venv/package:
	@mkdir -p var
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "webinar.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!%s/.venv/bin/python\nfrom webinar.cli import main\nmain()\n' "$$PWD" > $(BIN)/webinar
	@chmod +x $(BIN)/webinar

$(CATALOGUE): $(CATALOGUE:.mo=.po)
	@$(BIN)/pybabel -q compile -d webinar/translations

browser: ## Debian's Chromium, ffmpeg, Dovecot, Postfix, ClamAV and nginx for the tests, installed when that is possible
	@bash tests/browser/install
	@bash tests/jobs/install
	@bash tests/oidc/install
