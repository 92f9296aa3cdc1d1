#!/usr/bin/env bash
# Holds the grammars for editors against the language. `cargo test` alone compares tree-sitter's;
# this brings node's packages for the TextMate grammar, and asks the `tree-sitter` program, where
# there is one, whether the parser in the repository is that of grammar.js.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf '\n*** SKIPPED: %s ***\n\n' "$1"; }

packages="${XDG_CACHE_HOME:-$HOME/.cache}/msx-ci/editors"

# A copy outside the checkout, so that no installed package lies in it.
install() {
    mkdir -p "$packages"
    cp editors/package.json editors/package-lock.json "$packages"
    timeout 120 npm ci --prefix "$packages" --no-audit --no-fund --prefer-offline --silent
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip "the TextMate grammar was not compared: node or npm is missing"
elif ! install; then
    skip "the TextMate grammar was not compared: npm could not install editors/package-lock.json"
else
    MSX_EDITOR_PACKAGES="$packages" cargo test --locked --test editors -- textmate
fi

if command -v tree-sitter >/dev/null; then
    fresh="$(mktemp -d)"
    trap 'rm -rf "$fresh"' EXIT
    cp -r editors/tree-sitter-msx/. "$fresh"
    (cd "$fresh" && tree-sitter generate --abi 14 && tree-sitter test)
    diff -q "$fresh/src/parser.c" editors/tree-sitter-msx/src/parser.c
else
    skip "parser.c was not generated anew: \`cargo install tree-sitter-cli@0.27.1 --locked\` brings the program"
fi
