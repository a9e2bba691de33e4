#!/bin/sh
# Install what the browser tests need: Debian's Chromium, and the npm tools of package-lock.json.
#
# Returns at once if everything is installed. Every error that a person can fix is one line.
set -eu

cd "$(dirname "$0")"

fail() {
    echo "Cannot set up the browser tests: $1" >&2
    exit 1
}

if ! command -v chromium >/dev/null; then
    { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } ||
        fail "chromium is not installed. Install it (on Debian: apt-get install chromium) and try again"
    echo "Installing Debian's chromium (a minute or two)"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji; } >/dev/null 2>"${TMPDIR:-/tmp}/chromium-install.log" ||
        fail "apt-get could not install chromium; see ${TMPDIR:-/tmp}/chromium-install.log"
fi

command -v npm >/dev/null || fail "npm is not installed. Install Node 20 or newer, which includes it"
stamp=node_modules/.installed
wanted=$(cat package-lock.json | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing axe-core, caniemail and html-validate"
    npm ci --no-progress --loglevel error --ignore-scripts || fail "npm could not install package-lock.json; its output is above"
    echo "$wanted" >"$stamp"
fi
