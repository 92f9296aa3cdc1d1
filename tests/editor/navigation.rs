//! From names to declarations and back, in one file and across several.

use crate::client::{Client, GOOD, range, start};
use serde_json::{Value, json};

const LIBRARY: &str = "\
param epochs: int = 3
dataset phantoms: phantom { count: 500, size: 16px }
template judged(fold: subset) {
    classifier c: cnn { train: fold.train, valid: fold.valid, epochs: epochs }
    evaluate auc: c { test: fold.test }
}
";
const CHOSEN: &str = "\
use \"lib/chest.msx\" { phantoms, judged as seen, epochs }
experiment e { seed: 1 }
subset whole: phantoms { classes: all, per_class: { train: epochs } }
seen by { fold: whole }
report page { show: [by.auc] }
";
const WHOLE: &str = "\
use \"lib/chest.msx\" as chest
experiment f { seed: 1 }
subset whole: chest.phantoms { classes: all }
chest.judged by { fold: whole }
report page { show: [by.auc] }
";

fn project() -> Client {
    let files = [("lib/chest.msx", LIBRARY), ("chosen.msx", CHOSEN), ("whole.msx", WHOLE)];
    Client::with(&files, json!({}))
}

fn definition(client: &mut Client, uri: &str, at: &Value) -> (String, Value) {
    let found = client.at("definition", uri, at);
    (found["uri"].as_str().unwrap_or_default().to_owned(), found["range"].clone())
}

#[test]
fn a_name_leads_to_its_declaration() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    for (piece, declared) in [
        ("epochs }", "epochs: int"),
        ("folds }", "folds ="),
        ("fold.valid", "fold: phantoms"),
        ("k: 2]", "k in"),
        ("k }\n", "k in"),
        ("k, direction", "k in"),
        ("fig.relative", "fig: auroc"),
    ] {
        let (_, found) = definition(&mut client, &uri, &start(GOOD, piece));
        assert_eq!(found["start"], start(GOOD, declared), "{piece}");
    }
}

#[test]
fn a_name_leads_into_the_file_that_it_comes_from() {
    let mut client = project();
    let library = client.uri("lib/chest.msx");
    let chosen = client.open("chosen.msx", CHOSEN);
    let whole = client.open("whole.msx", WHOLE);
    for (uri, text, piece, declared) in [
        (&chosen, CHOSEN, "phantoms {", "phantoms:"),
        (&chosen, CHOSEN, "seen by", "judged("),
        (&chosen, CHOSEN, "auc]", "auc:"),
        (&chosen, CHOSEN, "fold: whole", "fold: subset"),
        (&whole, WHOLE, "phantoms {", "phantoms:"),
        (&whole, WHOLE, "judged by", "judged("),
    ] {
        let (file, found) = definition(&mut client, uri, &start(text, piece));
        assert_eq!(
            (file, &found["start"]),
            (library.clone(), &start(LIBRARY, declared)),
            "{piece}"
        );
    }
    let path = start(WHOLE, "lib/chest");
    let (file, found) = definition(&mut client, &whole, &path);
    assert_eq!((file, &found["start"]["line"]), (library, &json!(0)));
}

#[test]
fn references_are_found_in_files_that_are_not_open() {
    let mut client = project();
    let library = client.open("lib/chest.msx", LIBRARY);
    let places = client.request(
        "textDocument/references",
        json!({ "textDocument": { "uri": library }, "position": start(LIBRARY, "phantoms:"),
                "context": { "includeDeclaration": false } }),
    );
    let mut found: Vec<(String, Value)> = places
        .as_array()
        .expect("a list")
        .iter()
        .map(|place| {
            (place["uri"].as_str().expect("a uri").to_owned(), place["range"]["start"].clone())
        })
        .collect();
    found.sort_by_key(|(uri, place)| (uri.clone(), place["line"].as_u64()));
    let (chosen, whole) = (client.uri("chosen.msx"), client.uri("whole.msx"));
    assert_eq!(
        found,
        [
            (chosen.clone(), start(CHOSEN, "phantoms, judged")),
            (chosen, start(CHOSEN, "phantoms {")),
            (whole, start(WHOLE, "phantoms {")),
        ]
    );
}

#[test]
fn a_rename_leaves_alone_what_is_ignored_or_made_anew() {
    let uses = "experiment e { seed: 1 }\nuse \"../chest.msx\" { phantoms }\n\
                subset s: phantoms { classes: all }\n";
    let library = "dataset phantoms: phantom { count: 40 }\n";
    let files = [
        ("chest.msx", library),
        ("ours/e.msx", uses),
        (".hidden/e.msx", uses),
        ("node_modules/e.msx", uses),
        ("made/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
        ("made/e.msx", uses),
        ("old/e.msx", uses),
        ("drafts/e.msx", uses),
        (".gitignore", "/old/\n"),
        (".ignore", "drafts\n"),
    ];
    let mut client = Client::start(&files, json!({}), Value::Null, &["--project", "."]);
    let uri = client.open("chest.msx", library);
    let answer = rename(&mut client, &uri, &start(library, "phantoms"), "drawn");
    assert_eq!(
        edits(&client, &answer),
        [("/chest.msx".to_owned(), 1), ("/ours/e.msx".to_owned(), 2)]
    );
}

fn rename(client: &mut Client, uri: &str, at: &Value, name: &str) -> Value {
    client.response(
        "textDocument/rename",
        json!({ "textDocument": { "uri": uri }, "position": at, "newName": name }),
    )
}

/// How many edits each file gets, by the end of its address.
fn edits(client: &Client, answer: &Value) -> Vec<(String, usize)> {
    let root = client.uri("");
    let changes = answer["result"]["changes"].as_object().expect("changes");
    let count = |(uri, edits): (&String, &Value)| {
        (uri.replace(&root, ""), edits.as_array().expect("a list").len())
    };
    let mut found: Vec<(String, usize)> = changes.iter().map(count).collect();
    found.sort();
    found
}

#[test]
fn a_rename_reaches_every_file() {
    let mut client = project();
    let chosen = client.open("chosen.msx", CHOSEN);
    let answer = rename(&mut client, &chosen, &start(CHOSEN, "phantoms {"), "ghosts");
    let wanted = [("/chosen.msx", 2), ("/lib/chest.msx", 1), ("/whole.msx", 1)];
    assert_eq!(edits(&client, &answer), wanted.map(|(file, count)| (file.to_owned(), count)));
    let answer = rename(&mut client, &chosen, &start(CHOSEN, "auc]"), "result");
    let wanted = [("/chosen.msx", 1), ("/lib/chest.msx", 1), ("/whole.msx", 1)];
    assert_eq!(edits(&client, &answer), wanted.map(|(file, count)| (file.to_owned(), count)));
    // Another name for it in one file is that file's own.
    let answer = rename(&mut client, &chosen, &start(CHOSEN, "seen by"), "watched");
    assert_eq!(edits(&client, &answer), [("/chosen.msx".to_owned(), 2)]);
    let answer = rename(&mut client, &chosen, &start(CHOSEN, "fold: whole"), "part");
    let wanted = [("/chosen.msx", 1), ("/lib/chest.msx", 4), ("/whole.msx", 1)];
    assert_eq!(edits(&client, &answer), wanted.map(|(file, count)| (file.to_owned(), count)));
}

#[test]
fn a_loop_variable_is_renamed_in_selections_and_axes() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let answer = rename(&mut client, &uri, &start(GOOD, "k), per"), "count");
    assert_eq!(edits(&client, &answer), [("/e.msx".to_owned(), 5)]);
}

#[test]
fn a_rename_that_would_change_the_meaning_is_refused() {
    let mut client = project();
    let chosen = client.open("chosen.msx", CHOSEN);
    for (piece, name, reason) in [
        ("phantoms {", "2fast", "no name"),
        ("phantoms {", "two words", "no name"),
        ("phantoms {", "whole", "`whole` is taken"),
        ("phantoms {", "judged", "`judged` is taken"),
        ("whole:", "by", "`by` is taken"),
        ("experiment", "other", "only a name"),
        ("classes", "other", "only a name"),
    ] {
        let answer = rename(&mut client, &chosen, &start(CHOSEN, piece), name);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(reason), "{piece} → {name}: {answer}");
    }
    let place = client.at("prepareRename", &chosen, &start(CHOSEN, "whole:"));
    assert_eq!(place["start"], range(CHOSEN, "whole: phantoms")["start"]);
    assert_eq!(client.at("prepareRename", &chosen, &start(CHOSEN, "classes")), Value::Null);
}

#[test]
fn the_same_name_is_highlighted_in_its_file() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let found = client.at("documentHighlight", &uri, &start(GOOD, "epochs: int"));
    assert_eq!(found.as_array().map(Vec::len), Some(2));
}
