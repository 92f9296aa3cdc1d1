#!/usr/bin/env bash
# Holds the grammars for editors against the language, and the extension for VS Code against the
# server. `cargo test` alone compares tree-sitter's; this brings node's packages for the TextMate
# grammar, builds and packs the extension, lets the compiler read the one for Zed, and asks the
# `tree-sitter` program, where there is one, whether the parser in the repository is that of grammar.js.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf '\n*** SKIPPED: %s ***\n\n' "$1"; }

packages="${XDG_CACHE_HOME:-$HOME/.cache}/msx-ci/editors"
vscode="$packages/vscode"

# Copies outside the checkout, so that no installed package lies in it.
install() {
    timeout 120 npm ci --prefix "$1" --no-audit --no-fund --prefer-offline --silent
}
install_grammar() {
    mkdir -p "$packages"
    cp editors/package.json editors/package-lock.json "$packages"
    install "$packages"
}
install_extension() {
    mkdir -p "$vscode"
    rm -rf "$vscode/dist" "$vscode"/*.vsix
    cp -r editors/vscode/. "$vscode"
    install "$vscode" && (cd "$vscode" && timeout 120 npm run --silent vsce -- --version >/dev/null)
}

# What the marketplace and the editor look for in a package.
pack_extension() {
    (cd "$vscode" && timeout 300 npm run --silent package)
    if ! command -v unzip >/dev/null; then
        skip "nobody looked into the packed extension: unzip is missing"
        return
    fi
    local found
    found="$(cd "$vscode" && unzip -Z1 ./*.vsix)"
    for file in package.json readme.md changelog.md language-configuration.json \
        dist/extension.js dist/notices.txt syntaxes/msx.tmLanguage.json; do
        if ! grep -qx "extension/$file" <<<"$found"; then
            echo "the packed extension lacks $file; it has:" >&2
            echo "$found" >&2
            exit 1
        fi
    done
    if grep -qE 'node_modules|/src/|\.mjs$' <<<"$found"; then
        echo "the packed extension holds what it does not need: $found" >&2
        exit 1
    fi
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip "the TextMate grammar and the VS Code extension were not tried: node or npm is missing"
else
    if install_grammar; then
        MSX_EDITOR_PACKAGES="$packages" cargo test --locked --test editors -- textmate
    else
        skip "the TextMate grammar was not compared: npm could not install editors/package-lock.json"
    fi
    if install_extension; then
        pack_extension
        MSX_VSCODE_EXTENSION="$vscode" cargo test --locked --test editors -- the_vscode_extension
    else
        skip "the VS Code extension was not tried: npm could not bring its packages or vsce"
    fi
fi

# For this machine and not for WebAssembly, for which not every toolchain can build.
cargo check --locked --quiet --manifest-path editors/zed/Cargo.toml --target-dir "$packages/zed"

if command -v tree-sitter >/dev/null; then
    fresh="$(mktemp -d)"
    trap 'rm -rf "$fresh"' EXIT
    cp -r editors/tree-sitter-msx/. "$fresh"
    (cd "$fresh" && tree-sitter generate --abi 14 && tree-sitter test)
    diff -q "$fresh/src/parser.c" editors/tree-sitter-msx/src/parser.c
else
    skip "parser.c was not generated anew: \`cargo install tree-sitter-cli@0.27.1 --locked\` brings the program"
fi
