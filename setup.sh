#!/bin/sh
# Make the environment from the lock: sh setup.sh .venv
set -eu
venv=$1
PATH="$PATH:/usr/sbin:/sbin"  # of ldconfig, which is not on every user's path

fail() { echo "setup: $1" >&2; exit 1; }

# OpenCV's wheel links these two from the system
if [ "$(uname -s)" = Linux ] && command -v ldconfig >/dev/null 2>&1; then
    libraries=$(ldconfig -p)
    for need in libGL.so.1:libgl1 libglib-2.0.so.0:libglib2.0-0; do
        case $libraries in
            *"${need%%:*}"*) ;;
            *) fail "${need%%:*} is missing; install it: apt-get install libgl1 libglib2.0-0" ;;
        esac
    done
fi

if command -v python3.11 >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || python3.11 -m venv "$venv" || {
        rm -rf "$venv"
        fail "python3.11 has no venv module; install it: apt-get install python3.11-venv"
    }
    [ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install -q --disable-pip-version-check uv==0.13.9
    uv=$venv/bin/uv
elif command -v uv >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || uv venv -q --python 3.11 "$venv"
    uv=$(command -v uv)
else
    fail "python3.11 is missing; install it: apt-get install python3.11 python3.11-venv"
fi

# without byte code every start of a stage costs three times as much
"$uv" pip sync -q --python "$venv/bin/python" --compile-bytecode --require-hashes requirements-dev.txt

# the commands; a copy of the checkout that is run by this environment keeps its own code,
# since this finder comes after the paths
"$uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
