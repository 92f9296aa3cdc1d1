// Reads the paths of msx files from the command line and writes, as JSON, the tokens that the
// TextMate grammar finds in each: first byte, last byte and one, innermost scope.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [packages, grammar, ...files] = process.argv.slice(2);
const require = createRequire(packages);
const { OnigScanner, OnigString, loadWASM } = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

await loadWASM(await readFile(require.resolve("vscode-oniguruma/release/onig.wasm")));
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new OnigScanner(patterns),
    createOnigString: (text) => new OnigString(text),
  }),
  loadGrammar: async () => parseRawGrammar(await readFile(grammar, "utf8"), grammar),
});
const language = await registry.loadGrammar("source.msx");

function tokens(text) {
  const found = [];
  let state = INITIAL;
  let begin = 0;
  for (const line of text.split("\n")) {
    const place = (column) => begin + Buffer.byteLength(line.slice(0, column));
    const { tokens, ruleStack } = language.tokenizeLine(line, state);
    for (const { startIndex, endIndex, scopes } of tokens) {
      found.push([place(startIndex), place(endIndex), scopes.at(-1)]);
    }
    state = ruleStack;
    begin = place(line.length) + 1;
  }
  return found;
}

const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
process.stdout.write(JSON.stringify(texts.map(tokens)));
