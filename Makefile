# Everything a newcomer types. Needs python3 with venv, and make; `make demo` and `make test` bring the rest into .venv.
#
#   make demo [PORT=…] [HOST=…]   a filled shop to look at, until Ctrl-C
#   make run  [PORT=…] [HOST=…]   an empty shop of your own in ./tresen-data
#   make test                     every check and every test, the browser's too
#   make setup                    only the environment, with the command .venv/bin/tresen
#   make check | unit | e2e       parts of `make test`; make screens tries every page on six screens instead of two
#   make bench | make corpus CORPUS=DIR   measurements | judges every PDF, e-invoice or order of a folder by its manifest,
#                                          or with PayPal's OpenAPI files, what is said to PayPal and its stand-in
#   make fuzz MINUTES=30          stamps PDFs that it breaks by chance, and keeps in fuzz-found/ what came out wrong
#   make campaign [PART=…] [NUMBER=…]     kills 500, crowd 30 (minutes), calls 300 (each), disks (as root), clock: hours in all
#   make release                  the commit as an archive for machines without Python, in dist/; make release-check tries it
#   make lock                     pins the dependencies of pyproject.toml anew

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check -qq
ROOMS  := app.py assembly.py command_line.py config.py handover.py logs.py serving.py upkeep.py demo routes views portal integrations pdfkit db

# What is installed depends on these; the stamps bear the sum, so a second run has nothing to do,
# while a new lock, a new version, another Python or a moved folder sets up again.
SUM     := $(shell { cat requirements.lock requirements-dev.lock pyproject.toml; pwd; $(PYTHON) -VV; } 2>/dev/null | sha256sum | cut -c1-16)
RUNTIME := $(VENV)/.runtime-$(SUM)
DEV     := $(VENV)/.dev-$(SUM)
BROWSER := $(VENV)/.browser
# Tests wait for processes and clocks more than they work: twice as many at once as there are cores. A journey keeps a
# browser and a server busy besides. The tests of one file stay together, but journeys, which are long, do not.
WORKERS  := -n $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))') --dist loadfile
JOURNEYS := -n auto --dist worksteal
# Tests start Tresen hundreds of times; it is compiled once, whatever the caller's shell says.
unexport PYTHONDONTWRITEBYTECODE
# What makes a release has an environment of its own: whatever is installed in one could end up in what ships.
RELEASE_VENV := build/release-venv
RELEASE_PY   := $(RELEASE_VENV)/bin/python
RELEASE      := $(RELEASE_VENV)/.made-$(shell { cat requirements-release.lock; pwd; $(PYTHON) -VV; } 2>/dev/null | sha256sum | cut -c1-16)
SERVED  := $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)")

.PHONY: setup demo run test check unit e2e screens browser bench corpus fuzz campaign release release-check lock
.NOTPARALLEL:
.DEFAULT_GOAL := demo

setup: $(RUNTIME)
	@echo "Ready: $(VENV)/bin/tresen"

demo: $(RUNTIME)
	@exec $(PY) .ci/foreground.py $(VENV)/bin/tresen demo $(SERVED)

run: $(RUNTIME)
	@exec $(PY) .ci/foreground.py $(VENV)/bin/tresen serve $(SERVED)

test: check browser e2e unit

check: $(DEV)
	$(PY) -m ruff check --quiet
	$(PY) -m mypy --no-error-summary
	@echo $(VENV)/bin/lint-imports; said=$$($(VENV)/bin/lint-imports 2>&1) || { echo "$$said"; exit 1; }

unit: $(DEV)
	TMPDIR=$$(.ci/scratch) $(PY) -m pytest --quiet $(WORKERS)

e2e: browser
	TMPDIR=$$(.ci/scratch) E2E_BROWSER="$$(cat $(BROWSER))" $(PY) -m pytest --quiet $(JOURNEYS) e2e

# Every page on all screens; the journeys of `make e2e` see the two that differ most.
screens: browser
	TMPDIR=$$(.ci/scratch) E2E_BROWSER="$$(cat $(BROWSER))" E2E_SCREENS=all $(PY) -m pytest --quiet $(JOURNEYS) -m screens e2e

browser: $(DEV)
	@.ci/browser $(BROWSER) $(PY)

bench: $(DEV)
	@$(PY) -m bench

corpus: $(DEV)
	@test -n "$(CORPUS)" || { echo "Say which folder of PDFs, e-invoices, orders or OpenAPI files: make corpus CORPUS=DIR" >&2; exit 1; }
	@$(PY) -m bench.corpus "$(CORPUS)"

MINUTES ?= 30
fuzz: $(DEV)
	@$(PY) -m bench.fuzz "$(MINUTES)"

campaign: $(DEV)
	@$(PY) -m bench.campaign $(PART) $(NUMBER)

release: $(RELEASE)
	@$(RELEASE_PY) -m release

# Behind nginx and Caddy (apt install nginx caddy); then as root, in a folder that holds a C library and nothing else.
release-check: screens
	@$(PY) -m release.behind_proxies
	@$(PY) -m release.check

$(RELEASE):
	@.ci/venv $(RELEASE_VENV) $(PYTHON)
	@echo "Setting up $(RELEASE_VENV) …"
	@rm -f $(RELEASE_VENV)/.made-*
	@$(RELEASE_PY) -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-release.lock
	@touch $@

$(RUNTIME):
	@.ci/venv $(VENV) $(PYTHON)
	@echo "Setting up .venv (runtime) …"
	@$(call install,requirements.lock)
	@touch $@

$(DEV):
	@.ci/venv $(VENV) $(PYTHON)
	@echo "Setting up .venv (with the tools for development) …"
	@$(call install,requirements-dev.lock)
	@touch $(RUNTIME) $@

# The lock bears every hash, setuptools too: building the project itself asks no index.
define install
rm -f $(VENV)/.runtime-* $(VENV)/.dev-* && \
$(PIP) install --require-hashes -r $(1) && \
$(PIP) install --no-deps --no-build-isolation -e . && \
$(PY) -m compileall -q $(wildcard $(ROOMS))
endef

LOCKED := --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --group build pyproject.toml

lock: $(RUNTIME)
	$(PIP) install uv
	$(VENV)/bin/uv pip compile --quiet $(LOCKED) --output-file requirements.lock
	$(VENV)/bin/uv pip compile --quiet $(LOCKED) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	$(VENV)/bin/uv pip compile --quiet $(LOCKED) --group release --constraint requirements.lock --output-file requirements-release.lock
