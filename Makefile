# `make help` lists what there is. Nothing is installed outside this folder.
PYTHON ?= python3.11
MAVEN ?= mvn
BIN := .venv/bin
JARS := .rollcall/kafka/libs
POM := deploy/local/jars/pom.xml
SUMS := deploy/local/jars/libs.sha256

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test test-long chaos soak lint contract audit up down lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.editable $(JARS)/.installed ## Install everything into .venv and .rollcall; a second time it does nothing

demo: install ## Call the roll of one lecture on real parts; EXIT=1 ends by itself, non-zero unless the roll is right
	$(BIN)/rollcall demo $(if $(EXIT),--exit)

# Two for each core: many tests wait for other processes. In the order of tests/conftest.py, which spreads those.
test: install ## Run the tests
	$(BIN)/pytest -n $$((2 * $$(nproc))) --dist loadfile --no-loadscope-reorder -m "not long" $(ARGS)

test-long: install ## Run the long tests
	$(BIN)/pytest -m long --timeout=3600 $(ARGS)

chaos: install ## Run the long fault tests, then random faults under load; SEED=7 gives the same faults again
	$(BIN)/pytest -m long --timeout=3600 tests/system $(ARGS)
	ROLLCALL_CHAOS_SEED=$(SEED) $(BIN)/python -m benchmarks chaos

soak: install ## Watch the memory under 80 % load: make soak MINUTES=60
	ROLLCALL_SOAK_MINUTES=$(or $(MINUTES),60) $(BIN)/python -m benchmarks soak

lint: install ## Check style, types, and that the lock names no package index
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@echo "looking for index addresses in requirements.lock"
	@! grep -nE '://|^(-i|-f|--(extra-)?index-url|--find-links)' requirements.lock

audit: install ## Ask for known vulnerabilities of the packages; says 'not audited' where that can't be asked
	@echo "installing pip-audit into .rollcall/audit-tool, for this only"
	@$(PYTHON) -m venv .rollcall/audit-tool
	@.rollcall/audit-tool/bin/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/python -m deploy.vulnerabilities .rollcall/audit-tool/bin/pip-audit requirements.lock

contract: install ## Write docs/contract anew from the code; refuse what would break a version of an event
	$(BIN)/python -m deploy.contract

up: install ## Start the local stack in the background
	$(BIN)/rollcall up $(ARGS)

down: ## End the local stack
	@if [ -x $(BIN)/rollcall ]; then $(BIN)/rollcall down; else echo "nothing is installed, so nothing runs"; fi

bench-%: install ## Run one benchmark: make bench-encoder ARGS=--quick
	$(BIN)/python -m benchmarks $* $(ARGS)

lock: ## Write requirements.lock anew from requirements.in; UPGRADE=1 takes the newest versions
	@echo "installing uv into .rollcall/uv, for this only"
	$(PYTHON) -m venv .rollcall/uv
	.rollcall/uv/bin/pip install --disable-pip-version-check uv
	.rollcall/uv/bin/uv pip compile requirements.in --override overrides.txt --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 --generate-hashes --no-header $(if $(UPGRADE),--upgrade) --output-file requirements.lock

clean: down ## Remove what was installed and built; data, keys and logs stay (`rollcall reset` deletes those)
	rm -rf .venv .rollcall/uv .rollcall/audit-tool .rollcall/build.lock $(JARS) build dist *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

.rollcall/.prerequisites: deploy/local/prerequisites.sh
	@echo "checking what has to be on the machine"
	@PYTHON='$(PYTHON)' sh deploy/local/prerequisites.sh
	@mkdir -p .rollcall && touch $@

# setuptools and wheel first: with them in place packages that have to be built are built by the pinned ones, instead of
# by whatever is newest. Nothing resolves dependencies: the lock is the whole list (face_recognition asks for dlib, which
# takes 18 minutes to compile; dlib-bin stands in for it).
.venv/.locked: requirements.lock | .rollcall/.prerequisites
	@echo "installing the packages of requirements.lock into .venv"
	$(PYTHON) -m venv .venv
	@awk '/^[^ #]/ {keep = /^(setuptools|wheel)==/} keep' requirements.lock > .rollcall/build.lock
	$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes -r .rollcall/build.lock
	$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes --no-build-isolation -r requirements.lock
	@touch $@

.venv/.editable: .venv/.locked pyproject.toml
	@echo "installing Rollcall itself into .venv"
	$(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(JARS)/.installed: $(POM) $(SUMS) | .rollcall/.prerequisites
	@echo "fetching Kafka's jars into $(JARS)"
	rm -rf $(JARS)
	$(MAVEN) --batch-mode --no-transfer-progress --file $(POM) \
		dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory='$(CURDIR)/$(JARS)'
	@echo "comparing them with $(SUMS)"
	cd $(JARS) && sha256sum --check --quiet --strict '$(CURDIR)/$(SUMS)'
	@touch $@
