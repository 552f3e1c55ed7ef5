#!/bin/sh
# Checks what has to be on the machine before `make install`, with nothing installed yet. For each thing that is missing
# it prints the line to type on Debian, and ends with 1. With --packages it prints the missing packages' names instead.
set -eu

python=${PYTHON:-python3.11}
packages=""
java=java
[ -z "${JAVA_HOME:-}" ] || java="$JAVA_HOME/bin/java"

missing() { # what, Debian packages
    packages="$packages $2"
    [ "${mode:-}" = --packages ] || printf 'missing: %s\n    sudo apt-get install -y %s\n' "$1" "$2" >&2
}

has_library() {
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q "$1"
}

mode=${1:-}

if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    missing "Python 3.11 ($python)" "python3.11 python3.11-venv"
    [ "$mode" = --packages ] ||
        echo "    where the distribution has none: pyenv install 3.11, then make PYTHON=\$(pyenv prefix 3.11)/bin/python" >&2
elif ! "$python" -c 'import ensurepip' 2>/dev/null; then
    missing "Python's venv module" "python3.11-venv"
fi

# Its first line is like: openjdk version "17.0.15" 2025-04-15
version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || version=""
[ "${version:-0}" -ge 17 ] || missing "Java 17 or newer" "default-jre-headless"

command -v mvn >/dev/null || missing "Maven" "maven"
command -v setpriv >/dev/null || missing "setpriv, which ends processes with their supervisor" "util-linux"
# opencv-python's wheel takes these from the system.
has_library 'libGL\.so\.1' || missing "libGL.so.1, for opencv-python" "libgl1"
has_library 'libglib-2\.0\.so\.0' || missing "libglib-2.0.so.0, for opencv-python" "libglib2.0-0"

if [ "$mode" = --packages ]; then
    echo "$packages"
    exit 0
fi
[ -z "$packages" ] || exit 1
