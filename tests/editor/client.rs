//! A client with no more sense than a test needs.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small experiment without mistakes.
pub const GOOD: &str = "\
experiment e { seed: 1 }  # 😀 emoji

param epochs: int = 3 { doc: \"How long\" }
let folds = { train: 100, valid: 20, test: 20 }

dataset phantoms: phantom { count: 2000, size: 32px }

for k in [2, 4, 6] {
    subset fold: phantoms { classes: top(k), per_class: folds }
    classifier c: cnn { train: fold.train, valid: fold.valid, epochs: epochs }
    evaluate auc: c { test: fold.test }
}

compare fig: auroc { candidate: auc[*], baseline: auc[k: 2], over: k }
claim falls: trend(fig.relative, over: k, direction: falling)
";

/// A server and what it said.
pub struct Client {
    process: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    next: i64,
    /// The last diagnostics of each file.
    pub diagnostics: BTreeMap<String, Vec<Value>>,
    folder: tempfile::TempDir,
}

impl Client {
    /// A server in a folder of its own that has been initialised.
    pub fn new() -> Client {
        Client::with(
            &[],
            json!({ "textDocument": { "completion": { "completionItem": {
            "snippetSupport": true } } } }),
        )
    }

    /// The same with files in the folder and other capabilities.
    pub fn with(files: &[(&str, &str)], capabilities: Value) -> Client {
        Client::configured(files, capabilities, Value::Null)
    }

    /// The same with options for the server.
    pub fn configured(files: &[(&str, &str)], capabilities: Value, options: Value) -> Client {
        Client::start(files, capabilities, options, &[])
    }

    /// The same with arguments on the command line.
    pub fn start(
        files: &[(&str, &str)],
        capabilities: Value,
        options: Value,
        arguments: &[&str],
    ) -> Client {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            std::fs::write(path, text).expect("writable");
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_msx"))
            .arg("lsp")
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("MSX_PROJECT")
            .env_remove("MSX_CACHE")
            .env("MSX_DEVICE", "cpu")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("msx starts");
        let input = process.stdin.take();
        let reader = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut reader = reader;
            while let Some(message) = message(&mut reader) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let diagnostics = BTreeMap::new();
        let mut client = Client { process, input, output, next: 0, diagnostics, folder };
        let root = client.uri("");
        let answer = client.request(
            "initialize",
            json!({ "processId": null, "rootUri": root, "capabilities": capabilities,
                    "initializationOptions": options,
                    "workspaceFolders": [{ "uri": root, "name": "test" }] }),
        );
        assert_eq!(answer["serverInfo"]["name"], "msx");
        client.notify("initialized", json!({}));
        client
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().expect("it exists");
        if name.is_empty() { folder } else { folder.join(Path::new(name)) }
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    pub fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().expect("open");
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        input.flush().expect("the server reads");
    }

    pub fn notify(&mut self, method: &str, parameters: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// The whole response.
    pub fn response(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            let message = self.output.recv_timeout(PATIENCE).expect("an answer");
            if message["id"] == json!(id) {
                return message;
            }
            if message["method"] == "textDocument/publishDiagnostics" {
                let found = message["params"]["diagnostics"].as_array().expect("a list").clone();
                let uri = message["params"]["uri"].as_str().expect("a uri").to_owned();
                self.diagnostics.insert(uri, found);
            }
        }
    }

    /// The result of a request that succeeds.
    pub fn request(&mut self, method: &str, parameters: Value) -> Value {
        let response = self.response(method, parameters);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].clone()
    }

    /// Opens a file under a name in the folder and waits for its diagnostics.
    pub fn open(&mut self, name: &str, text: &str) -> String {
        let uri = if name.contains(':') { name.to_owned() } else { self.uri(name) };
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "msx", "version": 1, "text": text } }),
        );
        self.settle(&uri);
        uri
    }

    /// Replaces a part of an open file.
    pub fn edit(&mut self, uri: &str, range: Value, text: &str) {
        let change = json!({ "range": range, "text": text });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [change] }),
        );
        self.settle(uri);
    }

    /// Waits until all that was sent before has been answered.
    pub fn settle(&mut self, uri: &str) {
        self.response("textDocument/foldingRange", json!({ "textDocument": { "uri": uri } }));
    }

    /// Messages of a file's diagnostics.
    pub fn messages(&self, uri: &str) -> Vec<String> {
        let found = self.diagnostics.get(uri).map_or(&[][..], Vec::as_slice);
        found.iter().map(|d| d["message"].as_str().expect("words").to_owned()).collect()
    }

    /// A request about a position.
    pub fn at(&mut self, method: &str, uri: &str, position: &Value) -> Value {
        self.request(
            &format!("textDocument/{method}"),
            json!({ "textDocument": { "uri": uri }, "position": position }),
        )
    }

    /// Says goodbye; whether the server left in peace.
    pub fn leave(mut self) -> bool {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.process.wait().expect("it ends").success()
    }

    /// Goes away without a word; whether the server left in peace.
    pub fn vanish(mut self) -> bool {
        self.input = None;
        self.process.wait().expect("it ends").success()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn message(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            header => {
                if let Some(number) = header.strip_prefix("Content-Length: ") {
                    length = number.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The position of a byte, in UTF-16 units.
pub fn position(text: &str, offset: usize) -> Value {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// Where a piece of the text begins. It must be there once.
pub fn start(text: &str, piece: &str) -> Value {
    assert_eq!(text.matches(piece).count(), 1, "{piece}");
    position(text, text.find(piece).expect("it is there"))
}

/// The range of a piece of the text.
pub fn range(text: &str, piece: &str) -> Value {
    let from = text.find(piece).expect("it is there");
    json!({ "start": start(text, piece), "end": position(text, from + piece.len()) })
}

/// The text without its `|`, and where that stood.
pub fn cursor(text: &str) -> (String, Value) {
    let offset = text.find('|').expect("a cursor");
    let plain = text.replacen('|', "", 1);
    let position = position(&plain, offset);
    (plain, position)
}
