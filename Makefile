# Everything that is done with this repository, one word each; `make` alone lists the words.
# Needs make and Python 3.11 or newer (PYTHON=python3.12 names another). All else goes into .venv, at the versions and
# hashes of the requirements files: `make run` installs what runs, `make test` adds what tests.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
ENGINES ?= llama_cpp
UV_VERSION = 0.13.9

# Whole sidecars in processes of their own; some of them fill the machine, and are marked `alone`.
SCENES = tests/end_to_end tests/faults tests/soak

RUN_PINS = deploy/requirements.txt deploy/build-requirements.txt
TEST_PINS = tests/requirements.txt
# Older versions of an SDK, each into a folder of its own: tests run them in processes that have it first on their path.
OLD_SDKS = google-genai-1.75.0 google-genai-2.34.0
OLD_SDK_PINS = $(OLD_SDKS:%=tests/requirements-%.txt)

# A stamp is touched when its installation is complete, and is out of date when a file that says what to install is newer.
MADE = $(VENV)/.made
READY_TO_RUN = $(VENV)/.ready-to-run
READY_TO_TEST = $(VENV)/.ready-to-test
READY_FOR_NODE = $(VENV)/node/.ready

BIN = $(VENV)/bin
# What fails beside others is tried once more, alone, and named (tests/second_try.py says why).
TRY = $(BIN)/python -m tests.second_try
PIP = $(BIN)/python -m pip --disable-pip-version-check
# -qq: errors are printed, warnings about the configuration of somebody's machine are not.
INSTALL = $(PIP) install -qq --require-hashes
INSTALL_SIDECAR = $(PIP) install -qq --no-deps --no-build-isolation --editable .
COMPILE = $(VENV)-pins/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" $(ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test parts lint format docs bench bench-setup bench-metering bench-rescue bench-page bench-pod bench-report bench-sizing manifests dashboards dashboards-preview page-pictures faults soak scale fuzz fuzz-setup sbom audit test-real real-setup pins clean

help:  ## this list
	@echo 'make WORD [ARGS="..."]'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-19s %s\n", $$1, $$2 }'

run: $(READY_TO_RUN)  ## start the sidecar with its embedded ledger (SQLite); ARGS go to `sidecar serve`
	$(BIN)/sidecar serve $(ARGS)

demo: $(READY_TO_TEST)  ## callers that vanish, a simulated provider, the live page; ARGS go to `sidecar demo`
	$(BIN)/sidecar demo $(ARGS)

test: parts lint  ## every check and every test; with ARGS, what these ask pytest for
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(TRY) --numprocesses 4 --dist loadfile --no-loadscope-reorder -m 'not alone'  # half of them wait more than they work
	$(TRY) -m alone $(SCENES)  # whole scenes of many processes: each needs the machine for itself
endif

parts: $(READY_TO_TEST)  ## install the programs that some tests need (as root on Debian), or say which are missing
	@$(BIN)/python tests/parts.py install
	@$(MAKE) --no-print-directory $(READY_FOR_NODE)

lint: $(READY_TO_TEST)  ## ruff, mypy and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY_TO_TEST)  ## rewrite the Python files as `make lint` wants them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY_TO_TEST)  ## rewrite README's generated parts from the code
	$(BIN)/python tests/readme.py --write

bench: parts  ## measure the sidecar beside nginx, haproxy, Envoy, LiteLLM and Portkey; ARGS="--help" lists its flags
	$(BIN)/python -m tests.bench.run $(ARGS)

bench-setup: parts $(VENV)-pins/bin/uv  ## fetch what `make bench` compares with and is not here: 800 MB, into .bench
	$(BIN)/python -m tests.bench.peers $(VENV)-pins/bin/uv

bench-rescue: $(READY_TO_TEST)  ## measure what it costs a call that nobody abandons to be rescuable
	$(BIN)/python -m tests.bench.rescue

bench-page: $(READY_TO_TEST)  ## measure what a scrape costs, beside prometheus_client's own rendering
	$(BIN)/python -m tests.bench.page

bench-pod: $(READY_TO_TEST)  ## play lives of pods at random, and count what was lost; ARGS: --rounds, --seed, --at-once
	$(BIN)/python -m tests.bench.pod_life $(ARGS)

bench-report: $(READY_TO_TEST)  ## measure `sidecar report` over two million rows; ARGS: --rows
	$(BIN)/python -m tests.bench.report $(ARGS)

bench-sizing: $(READY_TO_TEST)  ## measure what a sidecar needs of memory, disk and processor
	$(BIN)/python -m tests.bench.sizing $(ARGS)

manifests: $(READY_TO_TEST)  ## write anew what in deploy/kubernetes comes from sidecar/injection/additions.yaml and dashboards/rules
	$(BIN)/python -m tests.deploy.written --write
	$(BIN)/python -m tests.deploy.policy_source --write
	$(BIN)/python -m tests.injection.golden --write

dashboards: $(READY_TO_TEST)  ## write dashboards/classic and dashboards/v2 anew from dashboards/source
	$(BIN)/python -m dashboards.source

dashboards-preview: parts  ## draw the dashboards over the demo's data; needs npm, Chromium, 700 MB in .preview; ARGS: --again
	$(BIN)/python -m dashboards.preview $(ARGS)

page-pictures: parts  ## take README's pictures of the live page, in Chromium before the simulator: 5 minutes
	$(BIN)/python -m tests.page.pictures

bench-metering: $(READY_TO_TEST)  ## measure what reading usage and pricing it costs, dialect by dialect
	$(BIN)/python -m tests.bench.metering $(ARGS)

faults: parts  ## every fault, everywhere it can strike, and the table of what came of it; ARGS: --only, --short, --write
	$(BIN)/python -m tests.faults.run $(ARGS)

soak: parts  ## minutes of traffic and hours of events, after which all must be given back and every account agree; ARGS: --seconds, --ledger
	$(BIN)/python -m tests.soak.run $(ARGS)

scale: parts  ## what ten thousand pods do to Prometheus, PostgreSQL and providers; ARGS: --only, --pods, --write
	$(BIN)/python -m tests.scale.run $(ARGS)

fuzz: $(READY_TO_TEST)  ## search for inputs that break what reads them, a minute a target; ARGS: --seconds, --only, --keep
	$(BIN)/python -m tests.fuzz.run $(ARGS)

fuzz-setup: $(READY_TO_TEST)  ## fetch atheris for that, into .fuzz: 35 MB, for Linux on x86-64 and CPython 3.11 to 3.13
	$(INSTALL) --upgrade --target .fuzz/tool -r tests/fuzz/requirements.txt

sbom: $(READY_TO_TEST)  ## write what the image is made of, as CycloneDX, to dist/
	$(BIN)/python -m tests.security.sbom dist/inference-sidecar.cdx.json

audit: $(READY_TO_TEST) $(VENV)-audit/bin/pip-audit  ## ask for known vulnerabilities of all pins; 3: could not be looked up
	$(BIN)/python -m tests.security.audit $(VENV)-audit/bin/pip-audit $(ARGS)

$(VENV)-audit/bin/pip-audit: tests/requirements-audit.txt
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r tests/requirements-audit.txt

test-real: real-setup  ## what the sidecar says of real inference servers beside what those do; ARGS go to pytest
	$(BIN)/python -m pytest tests/real $(ARGS)

real-setup: $(READY_TO_TEST) $(VENV)-pins/bin/uv  ## bring them into .real: 7 minutes, 600 MB; ENGINES="llama_cpp vllm": 6 GB more
	$(BIN)/python -m tests.real.fetch $(VENV)-pins/bin/uv $(ENGINES)

pins: $(VENV)-pins/bin/uv  ## resolve the requirements files anew; ARGS=--upgrade takes newer versions
	$(COMPILE) -o deploy/requirements.txt pyproject.toml
	$(COMPILE) -o deploy/requirements-postgres.txt --extra postgres -c deploy/requirements.txt pyproject.toml
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) -o deploy/build-requirements.txt -
	$(foreach sdk,$(OLD_SDKS),echo $(subst genai-,genai==,$(sdk)) | $(COMPILE) -o tests/requirements-$(sdk).txt - &&) true
	echo atheris==3.0.0 | $(COMPILE) -o tests/fuzz/requirements.txt -
	echo 'pip-audit>=2.10,<3' | $(COMPILE) -o tests/requirements-audit.txt -
	$(COMPILE) -o tests/requirements.txt --extra test -c deploy/requirements.txt pyproject.toml deploy/build-requirements.txt

clean:  ## remove what the other words have made
	rm -rf $(VENV) $(VENV)-pins $(VENV)-audit .bench .real .fuzz .preview build dist .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find sidecar tests dashboards -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: Python 3.11 or newer is needed; '$(PYTHON)' is not. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "make: '$(PYTHON)' has no ensurepip, so it can't make a virtual environment; on Debian: apt-get install python3-venv" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(READY_TO_RUN): $(MADE) pyproject.toml $(RUN_PINS)
	$(INSTALL) $(RUN_PINS:%=-r %)
	$(INSTALL_SIDECAR)
	@touch $@

$(READY_TO_TEST): $(MADE) pyproject.toml $(TEST_PINS) $(OLD_SDK_PINS)
	$(INSTALL) $(TEST_PINS:%=-r %)
	$(INSTALL_SIDECAR)
	$(foreach sdk,$(OLD_SDKS),$(INSTALL) --upgrade --target $(VENV)/sdks/$(sdk) -r tests/requirements-$(sdk).txt &&) true
	@touch $@ $(READY_TO_RUN)

# What Node.js before 22.21 needs to heed HTTPS_PROXY, by the hash in the lock file; without npm the tests of it are skipped.
$(READY_FOR_NODE): $(MADE) tests/node/package.json tests/node/package-lock.json
	@mkdir -p $(@D) && cp tests/node/package.json tests/node/package-lock.json $(@D)
	@if npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent; then touch $@; \
		else echo "no undici (npm): tests of fetch in Node.js are skipped" >&2; fi

$(VENV)-pins/bin/uv:
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip --disable-pip-version-check install -qq uv==$(UV_VERSION)
