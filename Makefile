# Every command a person types. Bare `make` prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ROOMS := shared/sextant_shared services/audit/sextant_audit services/exchange/sextant_exchange \
	services/declarations/sextant_declarations client/sextant_client
CODE := $(ROOMS) deploy bench tests
T ?= tests
# Compiled imports start three times faster; some machines switch them off globally.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} \
		/^# group: / {printf "\n%s\n", substr($$0, 10)} \
		/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nStart with `make demo`.\n'

# With DATABASE=postgresql: all rooms on a throw-away server, two processes of the exchange.
LAUNCH := deploy.local$(if $(filter postgresql,$(DATABASE)),.several)

# group: start
.PHONY: demo
demo: $(STAMP) ## the main job end to end: two States, ten declarations, receipts, offline proof (DATABASE=postgresql)
	@$(BIN)/python -m $(LAUNCH) demo

.PHONY: run
run: $(STAMP) ## leave the same platform up and print its addresses (Ctrl-C stops it; DATABASE=postgresql)
	@$(BIN)/python -m $(LAUNCH) run

.PHONY: install
install: $(STAMP) ## set up the virtual environment from the hashed pins

$(STAMP): requirements/dev.txt requirements/rooms.txt $(wildcard */pyproject.toml services/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
		f"Sextant needs Python 3.11 or newer; this is {v[0]}.{v[1]}. Try: make PYTHON=python3.11")'
	@echo "Setting up $(VENV) from the hashed pins (about a minute the first time)…"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
		-r requirements/rooms.txt
	@touch $@

# group: every day
.PHONY: test
test: lint types contracts ## everything that must hold: lint, types, contracts, all tests on all cores (T=path K=word narrow it)
	@$(BIN)/python -m pytest -q -n auto --dist loadfile $(if $(filter tests,$(T)),-m "not long") $(T) $(if $(K),-k "$(K)")

.PHONY: test-long
test-long: $(STAMP) ## the tests that wait for other programs: S3, edges, charts, several exchanges, runbooks, bursts (minutes)
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -m long $(T) $(if $(K),-k "$(K)")

# PostgreSQL 15 is the system's or Debian's, 18 that of the pinned wheel.
POSTGRESQL_15 := postgresql-15
POSTGRESQL_18 := postgresql-pinned
V ?= 15 18
.PHONY: test-postgresql
test-postgresql: $(STAMP) ## every test that has a database, on PostgreSQL 15, then on 18 (V=15 or V=18 alone; T, K narrow)
	@$(foreach v,$(V),echo "PostgreSQL $(v)" && SEXTANT_TEST_DATABASE=$(or $(POSTGRESQL_$(v)),$(v)) \
		$(BIN)/python -m pytest -q -n auto --dist loadfile -m "database and not long" $(T) $(if $(K),-k "$(K)") &&) true

.PHONY: test-recovery-18
test-recovery-18: $(STAMP) ## servers are backed up, lost and back on PostgreSQL 18, by the pgBackRest of Debian's next release (minutes)
	@SEXTANT_TEST_DATABASE=$(POSTGRESQL_18) CI=true $(BIN)/python -m pytest -q tests/integration/client/test_recovery_servers.py

.PHONY: quick
quick: $(STAMP) ## unit tests only, stop at the first failure
	@$(BIN)/python -m pytest -q -x tests/unit $(if $(K),-k "$(K)")

.PHONY: lint
lint: $(STAMP) ## format and lint, every rule on
	@$(BIN)/ruff format --check -q $(CODE) || { echo "run: make fmt"; exit 1; }
	@$(BIN)/ruff check -q $(CODE)

.PHONY: types
types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy --no-error-summary

.PHONY: contracts
contracts: $(STAMP) ## which room may import which
	@$(BIN)/lint-imports --no-logo > $(VENV)/contracts.log 2>&1 || { cat $(VENV)/contracts.log; exit 1; }

.PHONY: fmt
fmt: $(STAMP) ## format and mend what the linter can mend
	@$(BIN)/ruff check -q --fix $(CODE) || true
	@$(BIN)/ruff format -q $(CODE)

# group: measure
.PHONY: bench
bench: $(STAMP) ## deposits per second against their floor, bounded, on loopback (DATABASE=postgresql: with one and two exchanges)
	@$(BIN)/python -m bench $(if $(filter postgresql,$(DATABASE)),several)

MUTATE := $(VENV)-mutate
G ?= rules
.PHONY: mutate
mutate: $(MUTATE)/.installed ## change modules in small ways, count what no test notices (G=deposit M="policy manifest" D=3; G=verifier; G=rules)
	@D=$(D) $(MUTATE)/bin/python -m deploy.local.mutate $(G) $(M)

$(MUTATE)/.installed: requirements/mutate.txt requirements/rooms.txt
	@$(PYTHON) -m venv $(MUTATE)
	@$(MUTATE)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/mutate.txt
	@$(MUTATE)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
		-r requirements/rooms.txt
	@touch $@

N ?= 10
.PHONY: soak
soak: $(STAMP) ## set the platform against a model of its promises for N minutes: outages and deaths at random (SEED=… again)
	@$(BIN)/python -m tests.soak $(N) $(SEED)

FUZZ := $(VENV)-fuzz
S ?= 60
.PHONY: fuzz
fuzz: $(FUZZ)/.installed ## fuzz every reader of foreign bytes, S seconds each (S=600 M="container note")
	@$(FUZZ)/bin/python -m tests.fuzz $(S) $(M)

$(FUZZ)/.installed: requirements/fuzz.txt requirements/rooms.txt
	@$(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@$(FUZZ)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation \
		-r requirements/rooms.txt
	@touch $@

TRACES := $(VENV)-traces
.PHONY: traces
traces: $(STAMP) $(TRACES)/.installed ## declarations through a collector into a real trace back end, and drawn out of it (690 MB, some minutes)
	@$(BIN)/python -m tests.traces

$(TRACES)/.installed: requirements/traces.txt
	@$(PYTHON) -m venv $(TRACES)
	@$(TRACES)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/traces.txt
	@touch $@

SECURITY := $(VENV)-security
.PHONY: security
security: $(SECURITY)/.installed ## what bandit finds in the product, but for exceptions with a reason
	@$(SECURITY)/bin/bandit -q -r $(ROOMS) deploy -f json --exit-zero | $(SECURITY)/bin/python -m deploy.local.weaknesses

$(SECURITY)/.installed: requirements/security.txt
	@$(PYTHON) -m venv $(SECURITY)
	@$(SECURITY)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/security.txt
	@touch $@

.PHONY: sbom
sbom: $(STAMP) ## bill of materials of what runs, CycloneDX 1.6, to var/sbom.json; a licence that is not allowed fails
	@$(BIN)/python -m deploy.local.bill

.PHONY: operator
operator: $(STAMP) ## an empty machine gets server, dashboards and backups by the pages, is lost and comes back (root, ten minutes)
	@deploy/systemd/operator.sh

.PHONY: boot
boot: $(STAMP) ## boot the units of systemd in a container and install by docs/install.md (root, five minutes)
	@deploy/systemd/boot.sh

L ?=
.PHONY: faults
faults: $(STAMP) ## kills, full and broken disks, clock jumps, partitions, under load (root; L="kill disk-full" narrows)
	@$(BIN)/python -m tests.faults $(L)

.PHONY: images
images: $(STAMP) ## build each room's image offline, run it confined, declare through the containers (root, ten minutes)
	@deploy/image/try.sh

.PHONY: play
play: $(STAMP) ## play the chart's pods with podman on a network of their own, probes, drain and all (root, ten minutes; DATABASE=postgresql)
	@deploy/image/play.sh $(or $(filter postgresql,$(DATABASE)),embedded)

.PHONY: compose
compose: $(STAMP) ## run the evaluation of deploy/compose.yaml with Docker, by the commands of its page (root, a quarter of an hour)
	@deploy/image/compose.sh

.PHONY: drill
drill: $(STAMP) ## lose a site under load and restore it: RPO and RTO on SQLite, on PostgreSQL, and losses on purpose (ten minutes)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/recovery.txt
	@$(BIN)/python -m deploy.local.site_loss --engine sqlite
	@$(BIN)/python -m deploy.local.site_loss --engine postgresql
	@$(BIN)/python -m deploy.local.site_loss --lose
	@$(BIN)/python -m deploy.local.site_loss --engine postgresql --lose

# group: regenerate, then look at the difference
.PHONY: docs-tables
docs-tables: $(STAMP) ## generated tables in docs/
	@$(BIN)/python -m deploy.local.tables

# Without an index address or the command that made them: they say what is installed, and no more.
LOCK := uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --universal \
	--python-version 3.11
.PHONY: lock
lock: $(STAMP) ## pins with hashes from requirements/*.in (needs uv on the path)
	$(LOCK) requirements/run.in -o requirements/run.txt
	$(LOCK) requirements/token.in -o requirements/token.txt
	$(LOCK) requirements/parquet.in -o requirements/parquet.txt
	$(LOCK) --no-deps requirements/postgresql.in -o requirements/postgresql.txt
	$(LOCK) --no-deps requirements/seaweedfs.in -o requirements/seaweedfs.txt
	$(LOCK) --no-deps requirements/edge.in -o requirements/edge.txt
	$(LOCK) requirements/security.in -o requirements/security.txt
	$(LOCK) --no-deps requirements/faults.in -o requirements/faults.txt
	$(LOCK) --no-deps requirements/recovery.in -o requirements/recovery.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/image.in -o requirements/image.txt
	$(LOCK) requirements/charts.in -o requirements/charts.txt
	$(LOCK) --no-deps requirements/helm.in -o requirements/helm.txt
	$(LOCK) --no-strip-extras requirements/mutate.in -o requirements/mutate.txt
	$(LOCK) requirements/fuzz.in -o requirements/fuzz.txt
	$(LOCK) --no-deps requirements/collector.in -o requirements/collector.txt
	$(LOCK) requirements/traces.in -o requirements/traces.txt
	$(LOCK) --no-deps requirements/compose.in -o requirements/compose.txt
	$(LOCK) --no-deps requirements/compose-build.in -o requirements/compose-build.txt

.PHONY: clean
clean: ## remove the virtual environment, caches and the local platform's data
	rm -rf $(VENV) $(MUTATE) $(FUZZ) $(TRACES) $(SECURITY) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
