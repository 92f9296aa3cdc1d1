//! How a session begins and ends, and what does not end it.

use crate::client::{Client, GOOD, start};
use serde_json::{Value, json};

/// Every request about a file that the server knows.
const ABOUT_A_FILE: [&str; 6] = [
    "documentSymbol",
    "foldingRange",
    "semanticTokens/full",
    "formatting",
    "inlayHint",
    "codeLens",
];
const ABOUT_A_PLACE: [&str; 6] =
    ["completion", "hover", "definition", "references", "documentHighlight", "prepareRename"];
const INTERNAL_ERROR: i64 = -32603;

#[test]
fn it_leaves_when_it_is_told_to_and_when_the_client_is_gone() {
    assert!(Client::new().leave());
    assert!(Client::new().vanish());
}

#[test]
fn what_it_cannot_answer_is_an_error_and_not_the_end() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let about = json!({ "textDocument": { "uri": "file:///not/open.msx" } });
    for (method, parameters, code) in [
        ("textDocument/hover", about, -32803),
        ("textDocument/hover", json!({ "textDocument": { "uri": uri } }), -32602),
        ("textDocument/hover", json!(["nonsense"]), -32602),
        ("textDocument/declaration", json!({ "textDocument": { "uri": uri } }), -32601),
        ("msx/unheard-of", Value::Null, -32601),
    ] {
        let answer = client.response(method, parameters);
        assert_eq!(answer["error"]["code"], json!(code), "{answer}");
    }
    client.notify("textDocument/didChange", json!({ "nonsense": true }));
    client.notify("$/setTrace", json!({ "value": "off" }));
    let hover = client.at("hover", &uri, &start(GOOD, "top"));
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("top")));
    assert!(client.leave());
}

/// The file while it is typed, and with a hole at each of many places.
#[test]
fn no_state_of_a_file_brings_it_down() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let boundaries = GOOD.char_indices().map(|(place, _)| place).step_by(13);
    for place in boundaries {
        let hole = (place + 5..GOOD.len()).find(|end| GOOD.is_char_boundary(*end));
        let rest = hole.and_then(|hole| GOOD.get(hole..)).unwrap_or_default();
        for text in [GOOD[..place].to_owned(), format!("{}{rest}", &GOOD[..place])] {
            client.notify(
                "textDocument/didChange",
                json!({ "textDocument": { "uri": uri, "version": 3 },
                        "contentChanges": [{ "text": text }] }),
            );
            let position = crate::client::position(GOOD, place);
            let range = json!({ "start": { "line": 0, "character": 0 }, "end": position });
            let parameters = json!({
                "textDocument": { "uri": uri }, "position": position, "range": range,
                "context": { "diagnostics": [], "includeDeclaration": true },
                "options": { "tabSize": 4, "insertSpaces": true }, "newName": "other",
            });
            let methods =
                ABOUT_A_FILE.iter().chain(&ABOUT_A_PLACE).chain(&["codeAction", "rename"]);
            for method in methods {
                let method = format!("textDocument/{method}");
                let answer = client.response(&method, parameters.clone());
                assert_ne!(answer["error"]["code"], json!(INTERNAL_ERROR), "{method}\n{text}");
            }
        }
    }
    assert!(client.leave());
}
