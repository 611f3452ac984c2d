#!/usr/bin/env bash
# Makes, or completes, the virtual environment VENV from requirements/lock.txt: scripts/setup.sh VENV [PYTHON]
# The stamp VENV/.ready is written last, so an interrupted run is finished by the next one.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 python=${2:-python3} lock=requirements/lock.txt

die() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

command -v "$python" >/dev/null || die "there is no $python." "Install Python 3.11 or newer, or name one: make setup PYTHON=/path/to/python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  die "$python is Python $(version "$python"), and 3.11 or newer is needed." "Name another: make setup PYTHON=python3.12"

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  [ $# -eq 1 ] || [ "$(version "$venv/bin/python")" = "$(version "$python")" ] ||
    die "$venv holds Python $(version "$venv/bin/python"), and $python is $(version "$python")." \
      "Remove it (rm -r $venv) or use another beside it: make setup PYTHON=$python VENV=.venv-next"
else
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$python comes without venv and ensurepip." "Debian and Ubuntu: apt install python$(version "$python")-venv"
  [ ! -e "$venv" ] || [ -e "$venv/pyvenv.cfg" ] || [ -z "$(ls -A "$venv")" ] ||
    die "$venv exists and is no virtual environment; it is left alone." "Give a directory of its own: make setup VENV=.venv-new"
  echo "==> $venv: a virtual environment of $("$python" --version)"
  "$python" -m venv --clear "$venv"
fi

echo "==> $venv: installing $(grep -c '^[a-z].*==' "$lock") packages as pinned in $lock (a minute the first time)"
# uv, at the version in the lock, installs in seconds what takes pip a minute.
sed -n '/^uv==/,/[^\\]$/p' "$lock" | "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r /dev/stdin
"$venv/bin/uv" pip sync --quiet --require-hashes --python "$venv/bin/python" "$lock"
touch "$venv/.ready"
echo "==> $venv: ready, $("$venv/bin/ansible" --version | sed -n 1p)"
