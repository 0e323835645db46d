#!/usr/bin/env bash
# Brings a checkout to where it can be built and tested: .venv, node_modules, the Python packages that tests need inside
# Pyodide, and the two browsers. Each step leaves a stamp that names what it was made from, and is skipped while that
# stands. `--light` leaves out what only tests need.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Python 3.13 first: libtorrent, which the interop tests need, has no build for a later one yet.
python_minors='13 12 14 15'
node_minimum=20
pyodide_site=.setup/pyodide-site
wheels=.setup/wheels

say() { printf 'setup: %s\n' "$*"; }

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

# A name for the present content of the given files.
digest() { cat "$@" | sha256sum | cut -c 1-16; }

# Whether the stamp $1 stands for digest $2.
done_already() { [[ -f $1 && $(<"$1") == "$2" ]]; }

usable_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

# Prints the Python to use: from PATH, then from pyenv, in the order of preference.
find_python() {
  local minor candidate
  for minor in $python_minors; do
    for candidate in "python3.$minor" "$HOME"/.pyenv/versions/"3.$minor".*/bin/python3; do
      if usable_python "$candidate"; then
        command -v "$candidate"
        return
      fi
    done
  done
  if usable_python python3; then command -v python3; fi
}

python_packages() {
  local stamp=.venv/torrentide-setup wanted python
  wanted=$(digest requirements-dev.txt pyproject.toml)
  if done_already $stamp "$wanted"; then return; fi
  if ! usable_python .venv/bin/python; then
    python=$(find_python)
    [[ -n $python ]] || fail "Python 3.12 or later was not found, neither on PATH nor under ~/.pyenv/versions." \
      "Install one, for example python3.13, and run this again."
    "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "$python lacks the modules venv and ensurepip." \
      "On Debian they are a package of their own: apt-get install python3-venv."
    say "making .venv with $python"
    "$python" -m venv --clear .venv
  fi
  say "installing Python packages into .venv"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps -r requirements-dev.txt ||
    fail "pip could not install requirements-dev.txt; its message is above."
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --editable . ||
    fail "pip could not install torrentide itself; its message is above."
  echo "$wanted" >$stamp
}

npm_packages() {
  local stamp=node_modules/torrentide-setup wanted
  wanted=$(digest package-lock.json)
  if done_already $stamp "$wanted"; then return; fi
  command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js $node_minimum or later, with npm, was not found on PATH." \
    "On Debian 13: apt-get install nodejs npm."
  local version
  version=$(node --version)
  version=${version#v}
  ((${version%%.*} >= node_minimum)) || fail "Node.js $node_minimum or later is needed; this one is $version."
  say "installing npm packages into node_modules"
  # Warnings are about Node versions that webtorrent asks for; only its file for web pages is used.
  npm ci --loglevel=error >/dev/null || fail "npm could not install package-lock.json; its message is above."
  echo "$wanted" >$stamp
}

# pytest and hypothesis as builds for Pyodide's Python and platform (PEP 783), at the versions of the lock.
pyodide_packages() {
  local stamp=$pyodide_site/torrentide-setup wanted
  wanted=$(digest requirements-dev.txt package-lock.json)
  if done_already $stamp "$wanted"; then return; fi
  say "installing the unit tests' Python packages for Pyodide into $pyodide_site"
  rm -rf $pyodide_site
  .venv/bin/python -m pip install -qq --disable-pip-version-check --target $pyodide_site --only-binary :all: \
    --python-version 3.14 --implementation cp --abi cp314 --platform pyemscripten_2026_0_wasm32 \
    --constraint requirements-dev.txt bencode.py hypothesis pytest ||
    fail "pip could not install the tests' packages for Pyodide; its message is above."
  echo "$wanted" >$stamp
}

# What pages' Python gets beside our wheel: Pyodide has no bencode.py, and its npm package has no micropip.
browser_wheels() {
  local stamp=$wheels/torrentide-setup wanted micropip
  wanted=$(digest requirements-dev.txt package-lock.json)
  if done_already $stamp "$wanted"; then return; fi
  micropip=$(node -p 'require("./node_modules/pyodide/pyodide-lock.json").packages.micropip.version')
  say "downloading bencode.py and micropip into $wheels"
  rm -rf $wheels
  .venv/bin/python -m pip download -qq --disable-pip-version-check --no-deps --dest $wheels --only-binary :all: \
    --python-version 3.14 --constraint requirements-dev.txt bencode.py "micropip==$micropip" ||
    fail "pip could not download bencode.py and micropip; its message is above."
  echo "$wanted" >$stamp
}

# A JupyterLite, and the wheels that its kernel takes.
jupyterlite() {
  local folder=.setup/jupyterlite wanted
  wanted=$(digest requirements-jupyterlite.txt .venv/pyvenv.cfg)
  if done_already $folder/torrentide-setup "$wanted"; then return; fi
  say "making the tests' JupyterLite in $folder"
  rm -rf $folder
  .venv/bin/python -m venv --without-pip $folder/venv
  .venv/bin/python -m pip download -qq --disable-pip-version-check --no-deps --dest $folder/wheels --only-binary :all: \
    --python-version 3.14 --implementation py --abi none --platform any -r requirements-jupyterlite.txt ||
    fail "pip could not download requirements-jupyterlite.txt; its message is above."
  .venv/bin/python -m pip --python=$folder/venv/bin/python install -qq --disable-pip-version-check --no-deps --no-index \
    $folder/wheels/*.whl || fail "pip could not install $folder/wheels; its message is above."
  echo "$wanted" >$folder/torrentide-setup
}

browsers() {
  local missing=() as_root=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
  command -v firefox-esr >/dev/null || missing+=(firefox-esr)
  # Makes the films that they play.
  command -v ffmpeg >/dev/null || missing+=(ffmpeg)
  if ((${#missing[@]} == 0)); then return; fi
  local advice="Install ${missing[*]} and run this again. On Debian, as root: apt-get install ${missing[*]}."
  command -v apt-get >/dev/null || fail "The browser tests need ${missing[*]}. $advice"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "The browser tests need ${missing[*]}, and there is no sudo to install them with." \
      "$advice"
    as_root=(sudo)
  fi
  say "installing ${missing[*]} with apt-get"
  "${as_root[@]}" apt-get update -qq || fail "apt-get update failed; its message is above. $advice"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" \
    >/dev/null || fail "apt-get could not install ${missing[*]}; its message is above. $advice"
}

python_packages
npm_packages
browser_wheels
if [[ ${1-} != --light ]]; then
  pyodide_packages
  jupyterlite
  browsers
fi
