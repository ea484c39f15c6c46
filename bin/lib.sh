# Shared by the commands in bin/. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD

say() { printf '%s\n' "$*" >&2; }

need_swift() {
    if ! command -v swift >/dev/null 2>&1; then
        say "Swift is missing. Install Swift 6.3 or newer (https://www.swift.org/install/linux/) and put it on PATH."
        exit 69
    fi
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    if [ "$(printf '6.2\n%s\n' "$version" | sort -V | head -n 1)" != "6.2" ]; then
        say "Swift $version is too old: RedSteward needs Swift 6.2 or newer."
        exit 69
    fi
}

# Installs the Debian packages that are missing, through apt, as root or with sudo.
need_debian() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        say "These packages are missing, and there is no apt-get to install them: ${missing[*]}"
        exit 69
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            say "These packages are missing; install them as root: apt-get install ${missing[*]}"
            exit 69
        fi
        as_root=(sudo)
    fi
    say "installing: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null 2>&1 || {
        say "apt-get could not install: ${missing[*]}"
        exit 69
    }
}

PRODUCT_PACKAGES=(pkg-config libsqlite3-dev libpq-dev libsodium-dev libqrencode-dev libvips-dev zlib1g-dev
    libexpat1-dev cracklib-runtime)

# The debug build, product and tests together: alternating between them would build the dependencies twice.
build_debug() {
    say "building (the first time takes some minutes)"
    swift build --build-tests "$@" >&2
}

# The best binary that is there.
binary() {
    if [ -x "$ROOT/.build/release/redsteward" ] && [ "$ROOT/.build/release/redsteward" -nt "$ROOT/.build/debug/redsteward" ]; then
        printf '%s' "$ROOT/.build/release/redsteward"
    else
        printf '%s' "$ROOT/.build/debug/redsteward"
    fi
}
