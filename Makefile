# Needs python3 (3.11 or newer), git and make, nothing else. `make` alone lists what there is.
#
# PYTHON (else python3) and VENV choose another interpreter for another environment, side by side with the first:
#   make test PYTHON=python3.13 VENV=.venv-next

MAKEFLAGS += --no-print-directory

VENV ?= .venv
# What `make test` runs.
PARTS ?= lint unit integration molecule
# Processes among which tests are shared out, and Molecule scenarios that run at the same time.
WORKERS ?= auto
JOBS ?= 2

READY := $(VENV)/.ready
# PYTHON is looked up in the caller's PATH, all tools in the environment's.
CALLER_PATH := $(PATH)
$(READY): export PATH := $(CALLER_PATH)
export PATH := $(abspath $(VENV))/bin:$(PATH)
# Ansible's and Molecule's scratch files belong to the environment, not to the home directory.
export ANSIBLE_HOME := $(abspath $(VENV))/var/ansible

# Containers like to forbid it, and then each of the hundreds of processes of a test run compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Nothing that is run from here shall reach the caller's AWS account.
unexport AWS_ENDPOINT_URL AWS_PROFILE AWS_SESSION_TOKEN

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit integration molecule bench policy docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make or refresh the environment in .venv, from requirements/lock.txt
	@echo "==> $(VENV) is ready"

$(READY): requirements/lock.txt scripts/setup.sh
	@scripts/setup.sh "$(VENV)" $(PYTHON)

demo: $(READY) ## build the dev stack in an embedded AWS, then run it again: nothing changes
	@python scripts/demo.py

test: $(READY) ## everything below, and how long each part took; what CI runs
	+@scripts/test.sh $(PARTS)

lint: $(READY) ## ruff, mypy, ansible-lint, ansible-test sanity, documentation and changelog
	@scripts/lint.sh

unit: $(READY) ## pytest tests/unit; ARGS="-k name" for some of them
	@echo "==> unit tests"
	@pytest -n $(WORKERS) --dist worksteal tests/unit $(ARGS)

integration: $(READY) ## pytest tests/integration: playbooks against the embedded AWS
	@echo "==> integration tests"
	@pytest -n $(WORKERS) --dist worksteal tests/integration $(ARGS)

molecule: $(READY) ## every Molecule scenario; SCENARIOS="network cache" for some of them
	@echo "==> molecule"
	@python scripts/molecule.py --jobs $(JOBS) $(SCENARIOS)

bench: $(READY) ## what a module call and a run cost with each connection; see bench/RESULTS.md
	@python bench/connection.py $(ARGS)

policy: $(READY) ## write docs/policies: what whoever runs the playbooks has to be allowed; ARGS=record after runs
	@python scripts/policy.py $(ARGS)

docs: $(READY) ## write the generated parts: roles/*/README.md, docs/policies, docs/discord.md
	@python scripts/docs.py
	@python scripts/discord_docs.py

lock: $(READY) ## choose newer dependencies: rewrite requirements/lock.txt
	@uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --generate-hashes \
	  --upgrade --output-file requirements/lock.txt requirements/dev.in

clean: ## remove everything that is not in git, the environment included
	@rm -rf .venv .venv-next .ansible build reports .mypy_cache .pytest_cache .ruff_cache
