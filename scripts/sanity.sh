#!/usr/bin/env bash
# The collection as its users get it: built and installed into build/sanity, then ansible-test sanity and antsibull-docs
# over the copy. Further arguments go to ansible-test: scripts/sanity.sh --test validate-modules plugins/modules/vpc.py
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/sanity/$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
site_packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
copy=$root/ansible_collections/airas/platform

rm -rf "$root/ansible_collections"
# The link makes the destination a known collections path, with amazon.aws and community.aws in it.
mkdir -p "$root/ansible_collections"
ln -s "$site_packages/ansible_collections/"{amazon,community} "$root/ansible_collections/"
ANSIBLE_COLLECTIONS_PATH=$root ansible-galaxy collection install . --offline --no-deps --force --collections-path "$root"
cd "$copy"
# The tools ask git for the files; inside this repository, where build/ is ignored, they would be told of none.
git init --quiet
git add --all

echo "==> antsibull-docs"
GIT_CEILING_DIRECTORIES=$site_packages ANSIBLE_COLLECTIONS_PATH=$root \
  antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs dependent .

echo "==> ansible-test sanity (its first run installs its tools)"
# ansible-test keeps them in the home directory: here that is build/sanity, kept from run to run.
export HOME=$root/home
# It would fetch a script that installs pip from a server of its own; ensurepip comes with Python and does the same.
pip=$(sed -n "s/.* pip='\([0-9.]*\)'.*/\1/p" "$site_packages/ansible_test/_internal/python_requirements.py")
mkdir -p "$HOME/.ansible/test/cache"
printf 'import ensurepip\nensurepip.bootstrap(default_pip=True)\n' >"$HOME/.ansible/test/cache/get_pip_${pip/./_}.py"
ansible-test sanity --color no --python "${root##*/}" "$@"
