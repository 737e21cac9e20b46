# Shared by the scripts in Tools/. To be sourced by bash after `set -euo pipefail`.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# Exit codes of sysexits.h, which the server uses as well.
readonly EX_USAGE=64 EX_UNAVAILABLE=69 EX_NOPERM=77

readonly SWIFT_MINIMUM="6.2"

# The server, its tests and its measurements do without the linter's swift-syntax. All of them say so in the same words: another
# choice of traits would compile the package's modules again.
readonly NO_LINT=(--disable-default-traits)

say() { printf '%s\n' "$*" >&2; }

# die CODE MESSAGE...: one message, one line a paragraph.
die() {
    local code="$1"
    shift
    printf 'loopguard: %s\n' "$@" >&2
    exit "$code"
}

# version_at_least HAVE WANT: compares dotted numbers.
version_at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Puts a Swift that is new enough first in PATH, or says how to get one.
require_swift() {
    local candidate found="" version=""
    for candidate in "$(command -v swift || true)" /opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift \
        "${HOME:-/root}/.local/share/swiftly/bin/swift"; do
        [ -n "$candidate" ] && [ -x "$candidate" ] || continue
        version="$("$candidate" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*[0-9]\).*/\1/p' | head -n 1)"
        [ -n "$version" ] || continue
        if version_at_least "$version" "$SWIFT_MINIMUM"; then
            PATH="$(dirname "$candidate"):$PATH"
            export PATH
            return 0
        fi
        found="$version at $candidate"
    done
    if [ -n "$found" ]; then
        die "$EX_UNAVAILABLE" "Swift $SWIFT_MINIMUM or newer is needed, and this is Swift $found." \
            "Get a newer one from https://www.swift.org/install/linux/ and put its usr/bin first in PATH."
    fi
    die "$EX_UNAVAILABLE" "Swift is missing: neither in PATH nor at /opt/swift/usr/bin." \
        "Get Swift $SWIFT_MINIMUM or newer from https://www.swift.org/install/linux/ and put its usr/bin in PATH."
}

# seconds SINCE: whole seconds since a value of $SECONDS, as 1m05s.
seconds() {
    local passed=$((SECONDS - $1))
    if [ "$passed" -ge 60 ]; then printf '%dm%02ds' $((passed / 60)) $((passed % 60)); else printf '%ds' "$passed"; fi
}

# The linter's release build, and the flags of every such build: others would compile swift-syntax again, six minutes. Its tests
# are in the same build, so they see what is not public.
readonly LINT_BUILD="$ROOT/.build/lint"
readonly LINT_FLAGS=(--package-path "$ROOT/Tools/LintTests" --scratch-path "$LINT_BUILD" -c release -Xswiftc -enable-testing)
# build_linter --build-tests | --product loopguard-lint
build_linter() { swift build "${LINT_FLAGS[@]}" "$@"; }
