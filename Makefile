# make demo | paper | docs | test | bench | soak | clean.  PYTHON=python3.12 chooses the interpreter of .venv; BENCH="--quick rate" what is
# measured; STEERSMAN_PEERS=folder is where other simulators have their environments (docs/benchmarks.md).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A 3.13 interpreter that really runs: a shim on the path may not.
PYTHON313 := $(shell for p in python3.13 "$$HOME"/.pyenv/versions/3.13*/bin/python; do \
	"$$p" -c "import sys; sys.exit(sys.version_info[:2] != (3, 13))" 2>/dev/null && echo "$$p" && break; done)
KILLS ?= 60
# A build for the CPU; plain torch for Linux brings several GB of GPU libraries.
TORCH ?= torch==2.13.0+cpu
# Tests and benchmarks run exported synapses in NEST, in an environment of its own.
NEST ?= nest-simulator==3.10.0 nestml==9.0.0
ifndef STEERSMAN_PEERS
export STEERSMAN_PEERS := $(CURDIR)/$(VENV)-peers
PEERS := $(VENV)-peers/installed
endif
# What depends on the versions of Python, NumPy, SymPy and Brian2; the rest runs on one Python.
TESTS313 := tests/plasticity/test_replay.py tests/plasticity/test_signal.py tests/plasticity/test_derive.py \
	tests/plasticity/test_limits.py tests/plasticity/test_solve.py tests/plasticity/test_simulate.py \
	tests/plasticity/test_dataset.py tests/circuits/test_pairing.py tests/circuits/test_binary.py \
	tests/scenarios/test_run.py
export OMP_NUM_THREADS ?= 1

.PHONY: demo paper docs test test-3.13 bench soak clean

demo: $(VENV)/installed
	@$(BIN)/steersman demo

# Figures 1, 2a-d and 3 of Vastola, Gershman & Rajan 2025 (docs/paper.md).
paper: $(VENV)/installed
	@mkdir -p results/paper
	@for name in double_well horizon controllability; do \
		$(BIN)/python -m scenarios run $$name -o results/paper/$$name.nc --figure results/paper/$$name.png || exit 1; done

# The site, offline, in build/site: open build/site/index.html. Any warning is an error.
docs: $(VENV)/documented
	$(BIN)/sphinx-build -b html -W --keep-going -q docs build/site
	@echo build/site/index.html

test: $(VENV)/tested $(PEERS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile
	$(BIN)/python tests/clean_install.py $(or $(PYTHON313),$(PYTHON))
	@if [ -n "$(PYTHON313)" ]; then $(MAKE) test-3.13; else echo "no Python 3.13 runs here: tested on one Python only"; fi

test-3.13: $(VENV)-3.13/tested
	$(VENV)-3.13/bin/python -m pytest --numprocesses auto --dist loadfile -m "not slow or compiled" $(TESTS313)

bench: $(VENV)/tested $(PEERS)
	@$(BIN)/python tests/benchmarks $(BENCH)

# Commands killed at random times; what must hold for each is in the script.
soak: $(VENV)/tested
	@$(BIN)/python tests/soak/kills.py --kills $(KILLS)

$(VENV)/installed: setup.cfg pyproject.toml
	@echo "installing steersman and what it needs into $(VENV): a minute or two"
	@$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "installing what the tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[test,fit,data,export,course]"
	@$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)" || echo "no $(TORCH) here: its tests are skipped"
	@touch $@

$(VENV)-peers/installed:
	@echo "installing NEST and NESTML into $(VENV)-peers/nest"
	@$(PYTHON) -m venv $(VENV)-peers/nest
	@$(VENV)-peers/nest/bin/pip install --quiet --disable-pip-version-check $(NEST) || { rm -r $(VENV)-peers/nest; \
		mkdir -p $(VENV)-peers; echo "no $(NEST) here: tests in NEST are skipped"; }
	@touch $@

$(VENV)/documented: $(VENV)/installed
	@echo "installing what the site needs"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[docs,fit]"
	@touch $@

$(VENV)-3.13/tested: setup.cfg pyproject.toml
	$(PYTHON313) -m venv $(VENV)-3.13
	$(VENV)-3.13/bin/pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-3.13 $(VENV)-peers results build *.egg-info
