# The developer's whole interface. Steps that are up to date are skipped.

PYTHON := .venv/bin/python

# The list of source files is a file too, touched only when it changes, so that a removed or renamed source is noticed.
SOURCE_LIST := .setup/sources
SOURCES := $(shell mkdir -p .setup && find py/torrentide web -type f -not -name '*.pyc' | sort >$(SOURCE_LIST).new && \
	{ cmp -s $(SOURCE_LIST).new $(SOURCE_LIST) || cp $(SOURCE_LIST).new $(SOURCE_LIST); } && cat $(SOURCE_LIST))
NATIVE_SOURCES := $(addprefix py/torrentide/,cli/% tracker/% hybrid/% __main__.py)
ENGINE_SOURCES := $(filter-out $(NATIVE_SOURCES),$(filter py/%,$(SOURCES)))
WEB_SOURCES := $(filter web/%,$(SOURCES))
BUNDLER := $(addprefix build/,bundle.mjs pack.py verify.py notices.txt)
# Only what fuzzes needs it, and it is big: it stays out of .venv.
ATHERIS := $(shell sed -n 's/.*"\(atheris==[^" ;]*\).*/\1/p' pyproject.toml)
WEB_FILES := dist/engine/python.zip dist/torrentide.mjs dist/engine/worker.mjs dist/torrentide.d.ts dist/engine/pyodide-lock.json
METADATA := pyproject.toml README.md LICENSE
LOCKS := package-lock.json requirements-dev.txt

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Install what building and testing takes
	@build/setup.sh

build: $(WEB_FILES) dist/packages/made ## Make dist/

web-files: $(WEB_FILES)

dist/engine/python.zip: $(ENGINE_SOURCES) $(SOURCE_LIST) $(LOCKS) $(BUNDLER) | .venv node_modules
	@node build/bundle.mjs

dist/torrentide.mjs dist/engine/worker.mjs &: $(WEB_SOURCES) $(SOURCE_LIST) package-lock.json pyproject.toml build/web.mjs | node_modules
	@node build/web.mjs

dist/torrentide.d.ts: $(filter web/src/%,$(WEB_SOURCES)) $(SOURCE_LIST) package-lock.json tsconfig.json build/types.mjs | node_modules
	@node build/types.mjs

dist/engine/pyodide-lock.json: $(ENGINE_SOURCES) $(SOURCE_LIST) $(LOCKS) $(METADATA) build/wheels.py | .venv node_modules
	@$(PYTHON) build/wheels.py browser

# What is published, from all the rest.
dist/packages/made: $(SOURCES) $(SOURCE_LIST) $(LOCKS) $(METADATA) package.json CHANGELOG.md build/wheels.py $(WEB_FILES)
	@$(PYTHON) build/wheels.py native
	@rm -f dist/packages/*.tgz
	@npm pack --loglevel=error --pack-destination dist/packages | sed 's|^|npm: dist/packages/|'
	@touch $@

.venv node_modules:
	@echo 'There is no $@ yet: run `make setup` first.' >&2; exit 1

demo: ## Build, then serve the page and a tracker; prints the URL to open
	@build/setup.sh --light
	@$(MAKE) --no-print-directory web-files
	@.venv/bin/torrentide demo --dist dist

test: ## Set-up, build, lint and all tests but those of `make thorough`
	@$(MAKE) --no-print-directory setup
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint test-pyodide
	@$(MAKE) --no-print-directory test-browser
	@$(MAKE) --no-print-directory test-interop
	@$(MAKE) --no-print-directory test-packages

test-unit: ## Unit tests, simulations and short fuzzing on the native Python
	$(PYTHON) -m pytest -n 2 --dist worksteal tests/unit tests/simulation tests/fuzz

test-pyodide: ## The unit tests inside Pyodide under Node
	node tests/pyodide/run.mjs tests/unit

test-browser: build ## Tests in Chromium and Firefox
	$(PYTHON) -m pytest -n 2 --dist worksteal -m "not thorough" tests/browser

thorough: build ## The tests in browsers that `make test` leaves out
	$(PYTHON) -m pytest $(PATIENCE) -n 2 --dist worksteal -m thorough tests/browser

test-interop: build ## Tests against WebTorrent, libtorrent and bittorrent-tracker
	$(PYTHON) -m pytest tests/interop

test-packages: build ## Tests of what is published: types, npm package, wheels
	$(PYTHON) -m pytest tests/packages

simulate: ## A hundred simulated swarms; SEED=7 PEERS=40 repeats one
	@PYTHONPATH=py:tests SEED=$(SEED) SEEDS=$(SEEDS) PEERS=$(PEERS) CALM=$(CALM) CORRUPT=$(CORRUPT) JOBS=$(JOBS) \
		$(PYTHON) -m simulation

# Longer than any of these tests, which are longer than those of `make test`.
PATIENCE := -o faulthandler_timeout=1800

crash: build ## Crash the storage ten thousand times, and kill each browser 20 times
	CRASHES=10000 $(PYTHON) -m pytest $(PATIENCE) -s tests/unit/storage/test_crashes.py
	KILLS=20 MIB=200 $(PYTHON) -m pytest $(PATIENCE) -s tests/browser/test_kill.py

simulate-streams: ## Videos watched in a hundred simulated swarms each; SCENE=leaving SEED=7 repeats one
	@PYTHONPATH=py:tests SCENE=$(SCENE) SEED=$(SEED) SEEDS=$(SEEDS) JOBS=$(JOBS) $(PYTHON) -m simulation.streaming

fuzz: .setup/fuzz-site ## Ten million inputs for the parsers; TARGET=wire INPUTS=100000 for less
	@PYTHONPATH=py:tests:$< TARGET=$(TARGET) INPUTS=$(INPUTS) JOBS=$(JOBS) $(PYTHON) -m fuzz

.setup/fuzz-site: pyproject.toml | .venv
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --upgrade --target $@ $(ATHERIS)
	@touch $@

bench: build ## Measure throughput, boot time, hashing and size; add and remove a thousand torrents
	$(PYTHON) -m pytest $(PATIENCE) -s tests/bench
	ROUNDS=1000 $(PYTHON) -m pytest $(PATIENCE) -s tests/browser/test_api_rounds.py

lint: ## Check style and types of Python and TypeScript
	$(PYTHON) -m ruff check
	$(PYTHON) -m mypy
	node_modules/.bin/tsc -p tsconfig.json
	node_modules/.bin/tsc -p tsconfig.worker.json

lock: ## Choose versions anew: requirements-dev.txt, requirements-jupyterlite.txt, package-lock.json
	@$(PYTHON) build/lock.py
	@npm install --package-lock-only --loglevel=error

clean: ## Remove what was built; the set-up stays
	rm -rf dist

# A build that failed half-way must not look like one that is up to date.
.DELETE_ON_ERROR:
.PHONY: help setup build web-files demo test test-unit test-pyodide test-browser test-interop test-packages thorough simulate simulate-streams crash fuzz bench lint lock clean
