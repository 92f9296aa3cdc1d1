#!/usr/bin/env bash
# A bundle is a research object: the validator of the RO-Crate community accepts it, for RO-Crate 1.1
# and for Process Run Crate. Needs Python and, the first time, a mirror of its packages.
#
#     bash tests/bundle.sh target/debug/msx
set -euo pipefail
msx="$(realpath "$1")"

skip() { printf '\n*** SKIPPED: %s ***\n\n' "$1"; exit 0; }

packages="${XDG_CACHE_HOME:-$HOME/.cache}/msx-ci/research-object"

command -v python3 >/dev/null || skip "no bundle was validated: python3 is missing"
if ! "$packages/bin/python" -c 'import rocrate, rocrate_validator' 2>/dev/null; then
    python3 -m venv "$packages" || skip "no bundle was validated: python3 has no venv"
    timeout 300 "$packages/bin/pip" install --quiet roc-validator==0.13.0 rocrate==0.13.0 \
        || skip "no bundle was validated: pip could not install roc-validator and rocrate"
fi

script="$(realpath "$(dirname "$0")/reference/bundle.py")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >tiny.msx <<'MSX'
experiment tiny { title: "A bundle to validate", seed: 1 }

dataset    phantoms: phantom { count: 500, size: 16px }
subset     fold: phantoms { classes: top(2), per_class: { train: 20, valid: 4, test: 6 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
evaluate   real: c { test: fold.test }
report     page { }
MSX
export MSX_CACHE="$folder/cache" MSX_DEVICE=cpu
"$msx" run tiny.msx 2>log || { cat log; exit 1; }
"$msx" bundle tiny.msx -o tiny.msxb --with c.weights \
    --license https://creativecommons.org/publicdomain/zero/1.0/
mkdir crate
python3 -m zipfile -e tiny.msxb crate
"$packages/bin/python" "$script" crate
