# Needs Python 3.11 or newer with pip, and make. Everything else is fetched by pip.
PYTHON ?= python3
VENV ?= .venv
TENSORFLOW_VENV ?= .venv-tensorflow
JOBS ?= 2
# How many foreign tests to draw, and the seed of the draw; empty means all.
SAMPLE ?=
SEED ?= 0
CHROMIUM ?=
SCREENSHOTS ?=

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
TENSORFLOW_PYTHON := $(TENSORFLOW_VENV)/Scripts/python
else
BIN := $(VENV)/bin
TENSORFLOW_PYTHON := $(TENSORFLOW_VENV)/bin/python
endif

ENVIRONMENT := $(PYTHON) scripts/environment.py

.PHONY: help demo test lint types docs site foreign browser dist clean

help:
	@echo "make demo     train the first network and draw what it learned"
	@echo "make test     the tests (some 10 minutes on 2 cores)"
	@echo "make lint     ruff: errors, imports, likely bugs, line length"
	@echo "make types    mypy, strict, on src"
	@echo "make docs     run every example in docstrings and Markdown"
	@echo "make site     the documentation's pages, into site/"
	@echo "make foreign  tests beside real TensorFlow (fetches it)"
	@echo "make browser  the playground's pages in Chromium (needs chromium)"
	@echo "make dist     wheel and sdist into dist/"
	@echo "make clean    remove what the other targets made"

demo:
	@$(ENVIRONMENT) $(VENV) --extras plots
	@$(BIN)/rillet demo

test:
	@$(ENVIRONMENT) $(VENV) --extras test
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup -m "not foreign and not browser"

lint:
	@$(ENVIRONMENT) $(VENV) --extras lint
	$(BIN)/ruff check .

types:
	@$(ENVIRONMENT) $(VENV) --extras types
	$(BIN)/mypy

docs:
	@$(ENVIRONMENT) $(VENV) --extras test
	$(BIN)/python -m pytest -q -m "" --doctest-modules --doctest-glob="*.md" \
	    --ignore=src/rillet/programs/standins src README.md CONTRIBUTING.md \
	    ARCHITECTURE.md docs

site:
	@$(ENVIRONMENT) $(VENV) --extras site
	$(BIN)/python scripts/build_site.py site

foreign: export RILLET_TENSORFLOW_PYTHON := $(TENSORFLOW_PYTHON)
foreign: export RILLET_FOREIGN_SAMPLE := $(SAMPLE)
foreign: export RILLET_FOREIGN_SEED := $(SEED)
foreign:
	@$(ENVIRONMENT) $(VENV) --extras foreign
	@$(ENVIRONMENT) $(TENSORFLOW_VENV) --requirements scripts/tensorflow.txt
	$(BIN)/python -m pytest -q -m foreign tests

# CHROMIUM names the browser, SCREENSHOTS the folder that its pictures are kept in.
browser: export RILLET_CHROMIUM := $(CHROMIUM)
browser: export RILLET_SCREENSHOTS := $(SCREENSHOTS)
browser:
	@$(ENVIRONMENT) $(VENV) --extras browser
	@# A browser on a busy machine may miss its moment: what failed has one more try.
	$(BIN)/python -m pytest -q -m browser tests/playground || \
	    $(BIN)/python -m pytest -q -m browser --last-failed tests/playground

dist:
	@$(ENVIRONMENT) $(VENV) --extras build
	$(BIN)/python -m build --outdir dist .

clean:
	$(PYTHON) scripts/environment.py --clean $(VENV) $(TENSORFLOW_VENV) dist build site \
	    rillet-demo.png
