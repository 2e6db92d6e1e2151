# `make run` and `make test` set everything up by themselves.
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
ARGS ?=
MODEL ?= results/demo/model

.PHONY: help run app test test-faults prove check format docs lock contract rulegraph clean clean-state

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: $(READY)  ## set up and run the workflow; ARGS="--configfile presets/x.yaml" for more
	@PYTHONPATH=workflow/scripts $(BIN)/python -m lesionlab.host $(ARGS)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores all $(ARGS)

app: $(READY)  ## a page in the browser that judges photographs; MODEL=results/<run>/model
	@$(BIN)/lesionlab app --model $(MODEL) $(ARGS)

test: $(READY)  ## set up and run the tests, in two processes
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 2 $(ARGS)

test-faults: $(READY)  ## kill trainings and workflow for a long time
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m faults -s $(ARGS)

prove: $(READY)  ## show that verdicts are right where the truth is known: some hours
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=.:workflow/scripts OMP_NUM_THREADS=1 \
	    $(BIN)/python -m proof.coverage results/.proof/coverage.csv $(ARGS)
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=.:workflow/scripts \
	    $(BIN)/python -m proof.phantoms results/.proof/phantoms.csv

check: $(READY)  ## formatters, linters, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/codespell
	cd workflow/scripts && ../../$(BIN)/mypy lesionlab *.py
	MYPYPATH=workflow/scripts $(BIN)/mypy proof
	MYPYPATH=docs/hooks $(BIN)/mypy docs/hooks/*.py
	$(BIN)/snakemake --lint

format: $(READY)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

docs: $(READY)  ## build the documentation into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation: site/index.html"

contract: $(READY)  ## write docs/rerun-contract.md anew
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest tests/workflow/test_rerun_contract.py --write-contract

lock: $(READY)  ## compile the requirements anew
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements.txt requirements-dev.in -o requirements-dev.txt

rulegraph: $(READY)  ## draw docs/rulegraph.svg anew; needs graphviz
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --rulegraph | tred | dot -Tsvg > docs/rulegraph.svg

clean-state:  ## forget the progress of unfinished trainings, and drafts of killed stages
	@if ls .snakemake/locks/* >/dev/null 2>&1; then \
	    echo "A workflow runs here or was killed; wait for it, or give its command with --unlock, then try again." >&2; \
	    exit 1; fi
	rm -rf results/*/.state
	find results -type f -name '.[0-9]*.*' -delete

clean:  ## remove the environment, never the results
	rm -rf $(VENV)

$(READY): requirements-dev.txt setup.sh pyproject.toml
	sh setup.sh $(VENV)
	touch $@
