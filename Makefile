PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PIP_INSTALL := $(PIP) install --require-hashes --no-deps -r
UV_COMPILE := .venv-tools/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header

# What `make check` checks the deployment settings with: any strong key will do.
DEPLOY_ENV := ENV_FILE= DEBUG=false HTTPS=true DATABASE_URL=sqlite:///.venv/check.sqlite3 \
	SECRET_KEY=for-the-check-only-0123456789-abcdefghijklmnopqrstuvwxyz

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup up test test-sqlite test-postgres oracles chaos kills check screenshots bench lock clean chromium

help:  ## List these commands
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: .venv/.run-installed  ## Make .venv with what the project needs to run

up: .venv/.run-installed .env  ## Start web server, scheduler and worker; Ctrl-C ends them
	@exec $(BIN)/python manage.py up

# On PostgreSQL three workers for two cores (browsers need a core each), as much of a run waits for processes and browsers; eight at most, since each collects all
# tests, and migrates a database of its own, before its first.
WORKERS := $(shell $(PYTHON) -c 'import os; print(min(8, max(1, (os.cpu_count() or 1) * 3 // 2)))')
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses=8

# What knows no database, or asks both the same, runs once: pages as people read them and who may see them, and what the
# commands for new tasks write.
ONCE := $(addprefix --ignore=tests/,integration/admin/test_translations.py integration/admin/test_view_only.py \
	process/test_first_task.py process/test_coming_from_core.py process/test_up.py)

# What needs no database runs once, too. The browser sees the same pages on both databases, and tests/integration/admin asks
# both for them. A failure on one ends the run there, with its summary; `make --keep-going test` runs both.
test: test-sqlite test-postgres  ## Run all tests but the slow ones, on SQLite and on a PostgreSQL of their own

test-sqlite: .venv/.dev-installed chromium
	$(PYTEST) --db=sqlite --ignore=tests/unit --ignore=tests/oracles \
	  --ignore=tests/browser/test_pictures.py

test-postgres: .venv/.dev-installed chromium
	$(PYTEST) -n $(WORKERS) --db=postgres --ignore=tests/browser $(ONCE)

oracles: .venv/.dev-installed  ## Compare the triggers with independent oracles in all cases: the slow tests
	$(PYTEST) --db=sqlite -m slow tests/oracles

# SEED=… repeats the choices of an earlier run of chaos or kills, whose last lines name it.
CHAOS_SECONDS := 60
CHAOS := $(BIN)/python -m pytest --show-capture=stdout $(if $(SEED),--chaos-seed=$(SEED))

chaos: .venv/.dev-installed  ## Break everything for a minute (CHAOS_SECONDS=…): every planned instant is accounted for
	$(CHAOS) --db=postgres --chaos-seconds=$(CHAOS_SECONDS) tests/process/test_storm.py

kills: .venv/.dev-installed  ## Kill 250 workers at random and stop the database for 20 s, under load: nothing is lost
	$(CHAOS) --db=sqlite --chaos-kills=50 tests/process/test_chaos.py
	$(CHAOS) --db=postgres --chaos-kills=200 --outage-seconds=20 tests/process/test_chaos.py tests/process/test_outage.py

check: .venv/.dev-installed  ## Check style, types, layers, settings, migrations, API description, image and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(DEPLOY_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(DEPLOY_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	$(DEPLOY_ENV) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	@if [ -x $(BIN)/hadolint ]; then echo "$(BIN)/hadolint Dockerfile"; $(BIN)/hadolint Dockerfile; \
	  else echo "NO HADOLINT for this platform: the Dockerfile is NOT LINTED." >&2; fi
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/python -m pytest --db=sqlite --quiet tests/unit/test_docs.py

screenshots: .venv/.dev-installed chromium  ## Take the pictures of docs/images anew, of the demo
	$(BIN)/python -m pytest --db=sqlite --docs-images=docs/images tests/browser/test_pictures.py

bench: .venv/.dev-installed  ## Measure firing and running, on both databases
	$(BIN)/python -m tests.bench

lock: .venv-tools/bin/uv  ## Lock the newest allowed versions of all dependencies
	cd requirements && ../$(UV_COMPILE) --upgrade run.in -o run.txt
	cd requirements && ../$(UV_COMPILE) --upgrade -c run.txt dev.in -o dev.txt

clean:  ## Remove the virtual environments and caches; the database and .env stay
	rm -rf .venv .venv-tools .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# The browser of the tests; where it cannot be installed, they are skipped.
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "Installing chromium for the browser tests ..." && apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium >/dev/null; } || \
	  echo "NO CHROMIUM, and it cannot be installed here (apt-get as root): browser tests are SKIPPED." >&2

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run-installed: requirements/run.txt | .venv/bin/python
	$(PIP_INSTALL) requirements/run.txt
	@touch $@

.venv/.dev-installed: requirements/dev.txt | .venv/bin/python
	$(PIP_INSTALL) requirements/dev.txt
	@touch $@

.venv-tools/bin/uv:
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip --quiet install uv

.env: | .venv/bin/python
	@umask 077; $(BIN)/python -c \
	  'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50) + "\nDEMO=true")' > $@
