// @ts-check
"use strict";

// The language server in VS Code, and commands that run experiments in its terminal.

const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;
/** The last start or stop of the server; the next one waits for it. */
let settled = Promise.resolve();

/**
 * Does these steps one after the other, whatever became of those before.
 * @param {(() => Promise<void>)[]} steps
 */
function inTurn(...steps) {
  for (const step of steps) {
    settled = settled.then(step, step);
  }
  return settled;
}

/**
 * A setting of this extension; nothing where it is empty.
 * @param {string} name
 */
function setting(name) {
  return vscode.workspace.getConfiguration("msx").get(name) || undefined;
}

/** The program. */
function program() {
  return /** @type {string} */ (setting("path") ?? "msx");
}

/** A client of the server as the settings want it. */
function makeClient() {
  const hints = vscode.workspace.getConfiguration("msx.inlayHints");
  return new LanguageClient(
    "msx",
    "msx",
    { command: program(), args: ["lsp"] },
    {
      documentSelector: [{ language: "msx" }],
      initializationOptions: {
        cache: setting("cache"),
        inlayHints: { families: hints.get("families"), defaults: hints.get("defaults") },
      },
    },
  );
}

/** Starts the server; says what to do where it cannot be started. */
async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    const advice = "install msx, or name the program in the setting msx.path";
    vscode.window.showErrorMessage(`\`${program()} lsp\` does not start: ${error}; ${advice}.`);
  }
}

/** Ends the server, if there is one that runs. */
async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) {
    await running.stop();
  }
}

function restart() {
  return inTurn(stop, start);
}

/**
 * Runs `msx SUBCOMMAND FILE STAGE…` in a terminal, in the folder whose cache the server knows.
 * @param {string} subcommand
 * @param {string | undefined} file the experiment; without it, the one in the active editor
 * @param {string[]} stages
 */
async function inTerminal(subcommand, file, stages) {
  const active = vscode.window.activeTextEditor?.document;
  const experiment = file ?? (active?.languageId === "msx" ? active.uri.fsPath : undefined);
  if (experiment === undefined) {
    vscode.window.showErrorMessage("Open an .msx file first.");
    return;
  }
  await vscode.workspace.saveAll(false);
  const cache = /** @type {string | undefined} */ (setting("cache"));
  const where = cache === undefined ? [] : ["--cache", cache];
  const parameters = [subcommand, ...where, "--", experiment, ...stages];
  const folder = vscode.workspace.workspaceFolders?.[0];
  const cwd = folder?.uri.fsPath ?? path.dirname(experiment);
  // No shell stands between, so that nothing needs quotes.
  const execution = new vscode.ProcessExecution(program(), parameters, { cwd });
  const title = [subcommand, path.basename(experiment), ...stages].join(" ");
  const definition = { type: "msx", subcommand, file: experiment, stages };
  const scope = folder ?? vscode.TaskScope.Global;
  await vscode.tasks.executeTask(new vscode.Task(definition, scope, title, "msx", execution));
}

/** @param {vscode.ExtensionContext} context */
async function activate(context) {
  const { registerCommand } = vscode.commands;
  context.subscriptions.push(
    registerCommand("msx.run", (file, ...stages) => inTerminal("run", text(file), stages)),
    registerCommand("msx.plan", (file) => inTerminal("plan", text(file), [])),
    registerCommand("msx.restartServer", restart),
    vscode.workspace.onDidChangeConfiguration((change) =>
      change.affectsConfiguration("msx") ? restart() : undefined,
    ),
  );
  await inTurn(start);
}

/**
 * The path of a file that a lens or a menu gives.
 * @param {unknown} file
 */
function text(file) {
  return typeof file === "string" ? file : file instanceof vscode.Uri ? file.fsPath : undefined;
}

module.exports = { activate, deactivate: () => inTurn(stop) };
