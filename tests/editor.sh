#!/usr/bin/env bash
# Drives a real client, Neovim without a screen, against `msx lsp`: diagnostics, completion and hover
# must arrive. Skips, and says so, where there is no Neovim.
#
#   tests/editor.sh [path/to/msx]
set -euo pipefail
cd "$(dirname "$0")/.."

msx=$(realpath "${1:-target/debug/msx}")
if ! command -v nvim >/dev/null; then
    echo "SKIPPED tests/editor.sh: there is no nvim (apt-get install neovim)" >&2
    exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/e.msx" <<'MSX'
experiment e { seed: 1 }  # 😀
dataset phantoms: phantom { count: 500, sise: 32px }
gan g: prog { train: fold.train, length: 3 kimg }
subset fold: phantoms { }
MSX

MSX=$msx NVIM_LOG_FILE=$folder/log XDG_STATE_HOME=$folder timeout 120 \
    nvim --headless --clean -n "$folder/e.msx" -c "luafile tests/editor.lua"
