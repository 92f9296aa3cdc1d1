// Loads the bundled extension for VS Code into node, with as much of the module `vscode` as it uses,
// and lets it speak with a real `msx lsp`. Arguments: the bundle, the msx program.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [bundle, msx] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), "msx-extension-"));
const file = path.join(folder, "e.msx");
const text = "experiment e { seed: 1 }\ndataset d: phantom { count: 40, sise: 8px }\n";

/** Something to wait for, with a limit. */
function later(what) {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  const limit = setTimeout(() => {
    console.error(`no ${what} came within a minute`);
    process.exit(1);
  }, 60_000);
  return { promise, resolve: (value) => (clearTimeout(limit), resolve(value)) };
}

const disposable = { dispose() {} };
/** Everything that is asked for and does not matter here. */
const anything = () =>
  new Proxy(class { dispose() {} }, {
    get: (target, name) => (name in target ? target[name] : anything()),
    apply: () => disposable,
  });
const with_rest = (known) =>
  new Proxy(known, { get: (target, name) => (name in target ? target[name] : anything()) });

class Uri {
  constructor(url) {
    this.url = url;
  }
  static parse(url) {
    return new Uri(url);
  }
  static file(file) {
    return new Uri(pathToFileURL(file).href);
  }
  get scheme() {
    return this.url.split(":")[0];
  }
  get fsPath() {
    return decodeURIComponent(new URL(this.url).pathname);
  }
  toString() {
    return this.url;
  }
}
class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(...parts) {
    const [start, end] =
      parts.length === 2
        ? parts
        : [new Position(parts[0], parts[1]), new Position(parts[2], parts[3])];
    Object.assign(this, { start, end });
  }
}
class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}
class CodeLens {
  constructor(range, command) {
    Object.assign(this, { range, command });
  }
}
class ProcessExecution {
  constructor(program, parameters, options) {
    Object.assign(this, { program, parameters, options });
  }
}
class Task {
  constructor(definition, scope, name, source, execution) {
    Object.assign(this, { definition, scope, name, source, execution });
  }
}
class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => disposable };
  cancel() {}
  dispose() {}
}
class EventEmitter {
  event = () => disposable;
  fire() {}
  dispose() {}
}

const document = {
  uri: Uri.file(file),
  languageId: "msx",
  version: 1,
  isClosed: false,
  getText: () => text,
};
const settings = {
  msx: { path: msx, cache: "kept" },
  "msx.inlayHints": { families: true, defaults: true },
};
const commands = new Map();
const told = later("diagnostics");
const lensProvider = later("provider of lenses");
const tasks = [];
const errors = [];

const vscode = with_rest({
  Uri,
  Position,
  Range,
  Diagnostic,
  CodeLens,
  ProcessExecution,
  Task,
  CancellationTokenSource,
  EventEmitter,
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
  TaskScope: { Global: 1, Workspace: 2 },
  version: "1.82.0",
  env: { appName: "a test", language: "en" },
  commands: {
    registerCommand(name, run) {
      assert.ok(!commands.has(name), `${name} is registered twice`);
      commands.set(name, run);
      return disposable;
    },
  },
  tasks: { executeTask: async (task) => void tasks.push(task) },
  window: with_rest({
    activeTextEditor: { document },
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: () => disposable },
    createOutputChannel: () => ({ append() {}, appendLine() {}, show() {}, dispose() {} }),
    showErrorMessage: async (message) => void errors.push(message),
  }),
  workspace: with_rest({
    textDocuments: [document],
    notebookDocuments: [],
    workspaceFolders: [{ uri: Uri.file(folder), name: "test", index: 0 }],
    saveAll: async () => true,
    getConfiguration: (section) => ({ get: (name) => settings[section]?.[name] }),
  }),
  languages: with_rest({
    match: (selector, of) => (JSON.stringify(selector).includes(of.languageId) ? 10 : 0),
    createDiagnosticCollection: () => ({
      set: (uri, found) => found.length > 0 && told.resolve({ uri, found }),
      delete() {},
      clear() {},
      dispose() {},
    }),
    registerCodeLensProvider(_, provider) {
      lensProvider.resolve(provider);
      return disposable;
    },
  }),
});

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
const extension = createRequire(import.meta.url)(bundle);

const context = { subscriptions: [] };
await extension.activate(context);
assert.deepEqual(errors, []);
assert.deepEqual([...commands.keys()].sort(), ["msx.plan", "msx.restartServer", "msx.run"]);

const { uri, found } = await told.promise;
assert.equal(uri.fsPath, file);
assert.match(found[0].message, /no field `sise`/);

const provider = await lensProvider.promise;
const token = new CancellationTokenSource().token;
const lenses = await provider.provideCodeLenses(document, token);
const lens = lenses.find(({ command }) => command.title === "Run this stage").command;
assert.equal(lens.command, "msx.run");
await commands.get(lens.command)(...lens.arguments);
await commands.get("msx.plan")();
assert.deepEqual(
  tasks.map(({ execution }) => [execution.program, ...execution.parameters]),
  [
    [msx, "run", "--cache", "kept", "--", file, "d"],
    [msx, "plan", "--cache", "kept", "--", file],
  ],
);
assert.deepEqual(tasks[0].execution.options, { cwd: folder });

await commands.get("msx.restartServer")();
await extension.deactivate();
assert.deepEqual(errors, []);

settings.msx.path = path.join(folder, "no-msx-here");
await commands.get("msx.restartServer")();
assert.ok(
  errors.some((message) => /no-msx-here lsp` does not start: .*msx\.path/s.test(message)),
  errors.join("\n"),
);

rmSync(folder, { recursive: true });
process.exit(0);
