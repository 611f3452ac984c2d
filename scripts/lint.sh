#!/usr/bin/env bash
# Every check that runs nothing of the product; `make lint` sets PATH. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
  echo "==> $*"
  "$@"
}

step ruff check
step ruff format --check
step mypy
step python scripts/docs.py --check
step antsibull-changelog lint
step ansible-lint -q
step scripts/sanity.sh
