# make run    start the site on this machine          make test   prove that everything works
# make help   everything else
#
# Needs Python ≥ 3.11 and make. All else is installed into .venv from lock files with hashes.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

JOBS ?= 2
# One more than there are cores: a story in the browser waits as often as it works, and a fault longer still.
WORKERS ?= $(shell echo $$(($(JOBS) + 1)))
# Only a port that is asked for wins over instance/config.toml.
ifdef PORT
export EXAMSITE_BIND := 127.0.0.1:$(PORT)
endif
# A path of our own for everything, so that a checkout with a space in its name works.
PY := .venv/bin/python
SAY = @printf '\033[1m→\033[0m %s\n'
STEP = printf '\033[1m→\033[0m %s\n'
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Settings of the caller must not leak into the virtual environment; nor must each of a hundred processes compile anew.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: help run empty test test-fast coverage check bench faults soak backup restore messages lock clean browser translations

help:
	@echo "make run                  start the site at http://127.0.0.1:8000 (first time: with a demonstration); PORT=8080 changes the port"
	@echo "make empty ADMIN=login    an empty installation with its own first administrator"
	@echo "make test                 everything: style, types, layers, rules, services on two databases, pages, browser"
	@echo "make test-fast            the same without browser stories"
	@echo "make coverage             the tests without browser stories again, and which branches they leave out"
	@echo "make bench                300, 500 and 1,000 candidates on both databases, targets, and a floor of the same run (9 minutes);"
	@echo "                          USERS=300 DATABASES=sqlite measures less"
	@echo "make faults               kills, power cuts, a bad line, a full disk …, at full size; FAULT=power runs one"
	@echo "make soak                 4,000 changed bundles through both verifiers, the tests that take long,"
	@echo "                          then the same load for a long time (MINUTES=60)"
	@echo "make backup               one archive of database, uploads and keys in instance/backups/"
	@echo "make restore FILE=…       put a backup in place and verify it"
	@echo "make messages             put new words of the pages into the English catalogue"
	@echo "make lock                 make the lock files again from pyproject.toml"
	@echo "make clean                remove caches and .venv; never instance/"

# ------------------------------------------------------------------------------------------------ environment

.venv/made:
	$(SAY) "looking for Python 3.11 or newer"
	@found=; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "  Python 3.11 or newer is needed; found only: $$(python3 --version 2>&1 | head -n 1)"; \
	  echo "  On Debian or Ubuntu:  apt-get install python3 python3-venv    or name one:  make run PYTHON=/path/to/python3.12"; \
	  exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' >/dev/null 2>&1; then \
	  echo "  $$("$$found" --version) has no venv module. On Debian or Ubuntu:  apt-get install python3-venv"; exit 1; \
	fi; \
	$(STEP) "making .venv with $$("$$found" --version)"; \
	"$$found" -m venv --clear .venv
	@touch $@

# Installs one lock file with a counter and more options of pip; pip's own words are shown only when it fails.
define install
	@set -o pipefail; total=$$(grep -c '==' $(1)); \
	$(STEP) "installing $$total locked packages ($(2)); the first time this takes about a minute"; \
	tty=0; if [ -t 1 ]; then tty=1; fi; \
	if ! $(PY) -m pip install --progress-bar off --require-hashes --no-deps --only-binary :all: $(3) -r $(1) 2>&1 \
	  | tee .venv/pip.log \
	  | awk -v total=$$total -v tty=$$tty '/^(Collecting|Requirement already satisfied)/ { n++; \
	      split($$0, words, /[ :=]+/); name = ($$1 == "Collecting") ? words[2] : words[4]; \
	      if (tty) printf "\r  %d of %d  %-40s", n, total, name; else if (n % 20 == 0) printf "  %d of %d\n", n, total; fflush() } \
	    /^Installing collected/ { if (tty) printf "\r%-60s\r", ""; print "  unpacking"; fflush() } \
	    END { if (tty) printf "\r%-60s\r", "" }'; \
	then tail -n 25 .venv/pip.log; echo "  Installing failed; the whole log is in .venv/pip.log"; exit 1; fi
endef

.venv/run: .venv/made requirements.lock
	$(call install,requirements.lock,to run)
	@touch $@

# Tests use a quarter of what is installed; what they use is compiled by whoever uses it first.
.venv/dev: .venv/made requirements-dev.lock
	$(call install,requirements-dev.lock,to run and to test,--no-compile)
	@touch $@ .venv/run

translations:
	@if [ -d examsite/translations/en ]; then \
	  $(STEP) "compiling translations"; \
	  $(PY) -m babel.messages.frontend --quiet compile --directory examsite/translations --domain messages; \
	fi

# Chromium and its driver come from the distribution; nothing is fetched from elsewhere.
browser:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then exit 0; fi; \
	sudo=; if [ "$$(id -u)" != 0 ]; then sudo="sudo -n"; fi; \
	if command -v apt-get >/dev/null && { [ -z "$$sudo" ] || sudo -n true 2>/dev/null; }; then \
	  $(STEP) "installing chromium and chromium-driver through apt"; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq chromium chromium-driver >.venv/apt.log 2>&1 \
	    || { tail -n 20 .venv/apt.log; exit 1; }; \
	else \
	  echo "  Browser tests need the commands 'chromium' and 'chromedriver'."; \
	  echo "  On Debian:  sudo apt-get install chromium chromium-driver    or run without them:  make test-fast"; exit 1; \
	fi

# ------------------------------------------------------------------------------------------------------ using

run: .venv/run translations
	@exec $(PY) -m examsite run

empty: .venv/run translations
	@if [ -z "$(ADMIN)" ]; then echo "  Name the first administrator:  make empty ADMIN=login"; exit 1; fi
	@$(PY) -m examsite init --empty --administrator "$(ADMIN)"

backup: .venv/run
	@$(PY) -m examsite backup

restore: .venv/run
	@if [ -z "$(FILE)" ]; then echo "  Name the archive:  make restore FILE=instance/backups/…"; exit 1; fi
	@$(PY) -m examsite restore "$(FILE)"

# ---------------------------------------------------------------------------------------------------- proving

# The types take as long as all else together, so they are looked at beside it.
check: .venv/dev translations
	@$(PY) -m mypy --no-error-summary >.venv/types.log 2>&1 & types=$$!; trap "kill $$types 2>/dev/null" EXIT; \
	$(STEP) "style (ruff)"; \
	$(PY) -m ruff format --check --quiet . || { echo "  mend with:  .venv/bin/python -m ruff format ."; exit 1; }; \
	$(PY) -m ruff check --quiet . || exit 1; \
	$(STEP) "layers (import-linter)"; \
	$(PY) -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))' >.venv/layers.log 2>&1 \
	  || { cat .venv/layers.log; exit 1; }; \
	$(STEP) "question bank"; \
	$(PY) -m question_bank check || exit 1; \
	$(STEP) "types (mypy, strict on the rules)"; \
	wait $$types || { cat .venv/types.log; exit 1; }

# A module stays with one worker, for what its tests share; the long ones come first (tests/conftest.py).
PYTEST = $(PY) -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-fast: check
	$(SAY) "rules, services on SQLite and PostgreSQL, pages"
	@$(PYTEST) -m "not browser"

# Watching every branch slows every line that runs; so it is asked for, and not part of every proof.
coverage: .venv/dev translations
	$(SAY) "the same, watching which branches are taken"
	@$(PYTEST) -m "not browser" --cov --cov-report=
	$(SAY) "branches covered: $$($(PY) -m coverage report --format=total) % (details: .venv/bin/python -m coverage report)"

test: .venv/dev browser check
	$(SAY) "rules, services on SQLite and PostgreSQL, pages, stories in the browser"
	@$(PYTEST)
	$(SAY) "all green"

bench: .venv/dev
	@$(PY) -m tests.bench $(if $(USERS),--users $(USERS)) $(if $(DATABASES),--databases $(DATABASES))
	@$(PY) -m tests.bench.marking $(if $(DATABASES),--databases $(DATABASES))
	@$(PY) -m tests.bench.records $(if $(DATABASES),--databases $(DATABASES))
	@$(PY) -m tests.bench.opening $(if $(DATABASES),--databases $(DATABASES))
	@$(PY) -m tests.bench.locks $(if $(DATABASES),--databases $(DATABASES))

soak: .venv/dev browser
	$(SAY) "bundles changed in every way, read by the program and by the page"
	@$(PY) -m tests.bundle.agreement
	$(SAY) "five hundred simulated exams with an insider, and as many clean ones"
	@$(PY) -m tests.statistics.insiders 500
	$(SAY) "the faults that take longest, and each bench with three people"
	@EXAMSITE_SOAK=1 $(PY) -m pytest -q -n 0 -m soak
	$(SAY) "a hundred thousand draws, ten thousand exams computed again, forks of a log, its rows and the tables changed"
	@EXAMSITE_SOAK=1 $(PY) -m pytest -q -n 0 tests/domain/test_draw_ceremonies.py tests/domain/test_cosignatures.py tests/domain/test_results.py \
	  tests/services/test_log_manipulations.py tests/services/test_single_actors.py tests/services/test_timelines.py \
	  tests/web/test_table_manipulations.py
	@$(PY) -m tests.bench --databases $(or $(DATABASES),sqlite) --users $(or $(USERS),300) --minutes $(or $(MINUTES),60)

faults: .venv/dev browser
	@$(PY) -m tests.faults $(FAULT)

# ---------------------------------------------------------------------------------------------------- keeping

# Only the public index is asked, whatever this machine's own pip is set to.
LOCK = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL $(PY) -m uv pip compile \
  pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --default-index https://pypi.org/simple --custom-compile-command "make lock"

# After a change of words: puts new messages into the English catalogue, to be filled by hand.
messages: .venv/dev
	$(SAY) "collecting messages"
	@$(PY) -m babel.messages.frontend --quiet extract --mapping pyproject.toml --keyword _l --no-location --sort-output \
	  --project examsite --output-file .venv/messages.pot .
	@mkdir -p examsite/translations/en/LC_MESSAGES
	@command=update; [ -f examsite/translations/en/LC_MESSAGES/messages.po ] || command=init; \
	  $(PY) -m babel.messages.frontend --quiet $$command --input-file .venv/messages.pot --output-dir examsite/translations \
	  --locale en --width 120 $$([ $$command = init ] || echo --no-fuzzy-matching --ignore-obsolete)

lock: .venv/dev
	$(SAY) "requirements.lock"
	@$(LOCK) --output-file requirements.lock
	$(SAY) "requirements-dev.lock"
	@$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	$(SAY) "removing caches and .venv (instance/ stays)"
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	@find examsite question_bank tests -name __pycache__ -type d -prune -exec rm -rf {} +
