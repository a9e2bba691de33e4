#!/bin/sh
# Make .venv and install a lock into it: install.sh runtime|dev
#
# Asks nothing, changes nothing outside VENV, and returns at once when the lock
# was installed before. Every failure a person can mend is one line.
set -eu

which_lock=${1:?say runtime or dev}
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
    fail "Python 3.11 or newer is needed and found was: $found. Install one, or name it: make PYTHON=/path/to/python3"
}

make_venv() {
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module. On Debian: apt-get install python3-venv"
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" || fail "$venv could not be made in $PWD: is it yours to write?"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

install_lock() {
    echo "Installing $(grep -c '^[a-z].*==' "$lock") packages from $lock (up to a minute the first time)"
    pip_install --require-hashes --requirement "$lock" 2>"$venv/pip.log" && return
    # Where nothing could be fetched, pip says that there is no such package, which only misleads.
    if grep -Eq 'connection broken by|from versions: none' "$venv/pip.log"; then
        fail "the packages could not be fetched. Is this machine online? Connect it and try again. (pip's own words: $venv/pip.log)"
    fi
    cat "$venv/pip.log" >&2
    fail "pip could not install $lock; its own words are above"
}

# The setuptools that builds it came with the lock, so nothing is fetched here.
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
