# The commands of daily work. `make up` is all a stranger needs; `make help` lists the rest.
PORT ?= 8000
DATA ?= ./data
PYTHON ?= python3
# How many tests run at once; `make test TESTS=tests/posts` runs a part.
JOBS ?= 2
TESTS ?= tests
BENCH ?= all

export PYTHON
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help up demo test drill check format bench lock web

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

up: ## start Weft (PORT=8000 DATA=./data)
	@scripts/env runtime
	@exec $(BIN)/weft up --data "$(DATA)" --port "$(PORT)"

demo: ## start Weft with a community to look at (PORT, DATA)
	@scripts/env runtime
	@exec $(BIN)/weft up --demo --data "$(DATA)" --port "$(PORT)"

test: ## run the tests, without the drills
	@scripts/env dev
	@scripts/test-setup
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not drill" $(TESTS)

drill: ## break things on purpose: kill, fill, overload
	@scripts/env dev
	@scripts/test-setup
	@$(BIN)/python -m pytest -m drill $(TESTS)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "browser and not drill" tests/browser --matrix full
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "browser and not drill" tests/browser --rounds 20

check: ## style, types and import ranks
	@scripts/env dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: ## put the sources into the house's form
	@scripts/env dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: ## measure what a request costs (BENCH=home)
	@scripts/env dev
	@$(BIN)/weft bench $(BENCH)

lock: ## pin the libraries again after a change of requirements/*.in
	@scripts/lock

web: ## build the web app (needs node; running Weft does not)
	@scripts/web
