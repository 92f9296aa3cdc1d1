//! From a keystroke to its diagnostics, beside a whole check of the same file.
//!
//! `cargo bench --bench editor`

use criterion::{Criterion, criterion_group, criterion_main};
use msx::editor::lsp_server::{Connection, Message, Notification};
use msx::editor::{self, Settings};
use msx::language::{Alone, Source, compile};
use serde_json::{Value, json};
use std::fmt::Write;
use std::hint::black_box;

const URI: &str = "untitled:long.msx";

/// A file of two thousand lines, one classifier in three of them.
fn long_file() -> String {
    let mut text = "experiment long { seed: 1 }\ndataset d: phantom { count: 100 }\n\
                    subset fold: d { }\n"
        .to_owned();
    for number in 0..2000 / 3 {
        writeln!(
            text,
            "classifier c{number}: cnn {{\n    train: fold.train, valid: fold.valid, epochs: 3\n}}"
        )
        .expect("a string takes everything");
    }
    text
}

fn tell(client: &Connection, method: &str, parameters: Value) {
    let message = Notification::new(method.to_owned(), parameters);
    client.sender.send(Message::Notification(message)).expect("the server listens");
}

/// The number of diagnostics that come next.
fn diagnostics(client: &Connection) -> usize {
    loop {
        if let Message::Notification(told) = client.receiver.recv().expect("the server speaks") {
            return told.params["diagnostics"].as_array().map_or(0, Vec::len);
        }
    }
}

fn type_a_blank(client: &Connection, version: &mut i64) {
    *version += 1;
    let place = json!({ "line": 1004, "character": 0 });
    let range = json!({ "start": place, "end": place });
    let change = json!({ "range": range, "text": " " });
    let document = json!({ "uri": URI, "version": version });
    let parameters = json!({ "textDocument": document, "contentChanges": [change] });
    tell(client, "textDocument/didChange", parameters);
    black_box(diagnostics(client));
}

fn editor(bencher: &mut Criterion) {
    let schemas = msx::stages::schemas();
    let source = Source::new("long.msx", long_file());
    bencher.bench_function("check/2000_lines", |bencher| {
        bencher.iter(|| black_box(compile(&source, &Alone, &schemas, &[]).expect("no mistakes")));
    });
    let (client, server) = Connection::memory();
    let serving = std::thread::spawn(move || {
        editor::serve(&server, msx::stages::schemas(), Settings::default(), &|_| ())
            .expect("a session");
    });
    let hello = json!({ "id": 1, "method": "initialize", "params": { "capabilities": {} } });
    client.sender.send(serde_json::from_value(hello).expect("a request")).expect("it listens");
    client.receiver.recv().expect("it answers");
    tell(&client, "initialized", json!({}));
    let document = json!({ "uri": URI, "languageId": "msx", "version": 0, "text": source.text });
    tell(&client, "textDocument/didOpen", json!({ "textDocument": document }));
    assert_eq!(diagnostics(&client), 0);
    let mut version = 0;
    bencher.bench_function("keystroke/2000_lines", |bencher| {
        bencher.iter(|| type_a_blank(&client, &mut version));
    });
    drop(client);
    serving.join().expect("the server ends");
}

criterion_group!(benches, editor);
criterion_main!(benches);
