#!/usr/bin/env bash
# Makes sure that the programs which pip cannot bring are there: installs them when it may, else names the command.
# Each line: the file or command that proves the package, and the Debian package that brings it.
# With "tests" as its argument it looks for what the tests need besides.
set -euo pipefail

needed=(
  "Xvfb xvfb"
  "openbox openbox"
  "chromium chromium"
  "mosquitto mosquitto"
  "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core"
  "/usr/share/fonts/truetype/liberation fonts-liberation"
)
tests=(
  "xterm xterm"
  "/usr/lib/postgresql postgresql"
)
[[ ${1:-} == tests ]] && needed+=("${tests[@]}")

missing=()
for line in "${needed[@]}"; do
  read -r proof package <<<"$line"
  if [[ $proof == /* ]]; then [[ -e $proof ]] || missing+=("$package"); else
    PATH=$PATH:/usr/sbin command -v "$proof" >/dev/null || missing+=("$package")
  fi
done

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
  missing+=(python3 python3-venv)
else
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi

if ((${#missing[@]})); then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "crewless needs these programs, please install them with your system's packages: ${missing[*]}" >&2
    exit 2
  elif ((EUID != 0)); then
    echo "crewless needs some system packages. Run this, then try again:" >&2
    echo "  sudo apt-get update && sudo $install" >&2
    exit 2
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  $install -qq >/dev/null
fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "crewless needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Run make PYTHON=/path/to/a/newer/python" >&2
  exit 2
fi
