#!/usr/bin/env bash
# A bundle is a research object: the validator of the RO-Crate community accepts it, for RO-Crate 1.1
# and for Process Run Crate. Needs Python and, the first time, the network.
#
#     bash tests/bundle.sh target/debug/msx
set -euo pipefail
msx="$(realpath "$1")"

skip() { printf '\n*** SKIPPED: %s ***\n\n' "$1"; exit 0; }

# Pinned, so that the verdict does not change by itself.
version=0.13.0
packages="${XDG_CACHE_HOME:-$HOME/.cache}/msx-ci/roc-validator-$version"
validator="$packages/bin/rocrate-validator"

command -v python3 >/dev/null || skip "no bundle was validated: python3 is missing"
if [ ! -x "$validator" ]; then
    python3 -m venv "$packages" || skip "no bundle was validated: python3 has no venv"
    timeout 300 "$packages/bin/pip" install --quiet "roc-validator==$version" \
        || skip "no bundle was validated: pip could not install roc-validator $version"
fi

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >tiny.msx <<'MSX'
experiment tiny { title: "A bundle to validate", seed: 1 }

dataset    phantoms: phantom { count: 200, size: 16px }
subset     fold: phantoms { classes: top(2), per_class: { train: 20, valid: 4, test: 6 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
evaluate   real: c { test: fold.test }
report     page { }
MSX
export MSX_CACHE="$folder/cache" MSX_DEVICE=cpu
"$msx" run tiny.msx >/dev/null 2>&1
"$msx" bundle tiny.msx -o tiny.msxb --with c.weights \
    --license https://creativecommons.org/publicdomain/zero/1.0/
mkdir crate
python3 -m zipfile -e tiny.msxb crate

for profile in ro-crate-1.1 process-run-crate-0.5; do
    "$validator" --disable-color validate --no-paging --profile-identifier "$profile" crate
done
