# make run     install what is missing, then run the demo          make test   install what is missing, then run the tests
# make check   format, lint, types, imports, docs                  make docs   the documentation, in docs/_build/html
# make bench   the quick benchmarks, tables and JSON               make clean  forget the environment and everything built
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test test-extras check quick-check docs bench freeze clean install install-dev install-extras system system-tests

PYTHON ?= python3
PIP := .venv/bin/python -m pip --quiet --disable-pip-version-check
WORKERS ?= 2
PYTEST_ARGS ?=
RUN_ARGS ?=

run: install
	.venv/bin/crewless demo $(RUN_ARGS)

# By file: fixtures that start a browser are then made once. (pytest 9.2 silently ignores the groups of xdist 3.8.)
# The files that take longest begin, or the last one would run by itself for minutes.
LONGEST := tests/work/test_canaries.py tests/house/test_docs.py tests/work tests/training tests/tasks/helpdesk

test: install-dev
	.venv/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(LONGEST) tests $(PYTEST_ARGS)

# What needs the two large extras, Ray and mujoco-warp, and is skipped without them.
install-extras: install-dev
	$(PIP) install -c constraints.txt -e '.[ray,warp]'

test-extras: install-extras
	.venv/bin/pytest tests/body/robot/test_ray_worlds.py tests/body/robot/test_worlds_warp.py tests/company/simulate/test_ray_runs.py $(PYTEST_ARGS)

quick-check: install-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	.venv/bin/pyright --pythonpath .venv/bin/python

check: quick-check docs

docs: install-dev
	.venv/bin/sphinx-build -W --keep-going -n -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: install-dev
	.venv/bin/python -m benchmarks.run

install: system .venv/.installed
install-dev: system-tests .venv/.installed-dev

# Quick when nothing is missing, so it runs every time: a stamp would not notice a package that was removed.
system:
	@PYTHON=$(PYTHON) dev/system.sh

system-tests:
	@PYTHON=$(PYTHON) dev/system.sh tests

.venv/bin/python:
	@PYTHON=$(PYTHON) dev/system.sh
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) install -c constraints.txt -e '.[company,helpdesk,planner,robot,train]'
	touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) install -c constraints.txt -e '.[company,helpdesk,planner,robot,train,dev]'
	touch .venv/.installed $@

# Writes what is installed now; "+cpu" is a build of the same release.
freeze: install-dev
	sed -n '/^#/p' constraints.txt > constraints.new
	.venv/bin/python -m pip freeze --exclude-editable | sed '/^#/d; s/+cpu//' >> constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf .venv docs/_build build dist .pytest_cache .ruff_cache
