#!/bin/sh
# Create .venv and install a lock into it: install.sh runtime|dev|book
#
# Needs no input, changes nothing outside VENV, and returns at once if the lock is
# installed already. Every error that a person can fix is one line.
set -eu

which_lock=${1:?usage: install.sh runtime|dev|book}
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
lock="requirements/$which_lock.lock"
stamp="$venv/.installed-$which_lock"

fail() {
    echo "Cannot set up: $1" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null) || found="no ${PYTHON:-python3}"
    fail "Python 3.11 or newer is needed (found: $found). Install one, or name it: make PYTHON=/path/to/python3"
}

make_venv() {
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module. On Debian: apt-get install python3-venv"
    echo "Creating $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" || fail "$venv could not be created in $PWD. May you write there?"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

install_lock() {
    echo "Installing $(grep -c '^[a-z].*==' "$lock") packages from $lock (up to a minute the first time)"
    pip_install --require-hashes --requirement "$lock" 2>"$venv/pip.log" && return
    # When nothing can be downloaded, pip says that the package does not exist, which is misleading.
    if grep -Eq 'connection broken by|from versions: none' "$venv/pip.log"; then
        fail "the packages could not be downloaded. Is this machine online? Connect it and try again. (pip's output: $venv/pip.log)"
    fi
    cat "$venv/pip.log" >&2
    fail "pip could not install $lock; its output is above"
}

# The lock has the setuptools that builds the project, so nothing is downloaded here.
install_project() {
    pip_install --no-deps --no-index --no-build-isolation --editable . >"$venv/install.log" 2>&1 ||
        fail "the project itself could not be installed; see $venv/install.log"
}

wanted=$(cat "$lock" pyproject.toml | cksum)
is_new_enough "$venv/bin/python" || make_venv
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    install_lock
    [ "$which_lock" = dev ] || install_project
    echo "$wanted" >"$stamp"
    echo "Ready: $venv"
fi
