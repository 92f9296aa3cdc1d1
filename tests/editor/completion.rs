//! What is proposed where.

use crate::client::{Client, cursor};
use serde_json::{Value, json};

const BEFORE: &str = "\
use \"lib.msx\" as lib
experiment e { seed: 1 }
param epochs: int = 3
let base = { count: 500 }
dataset phantoms: phantom { count: 2000, size: 32px }
subset whole: phantoms { classes: all }
template judged(fold: subset, rounds: int = 2) {
    classifier inner: cnn { train: fold.train, valid: fold.valid, epochs: rounds }
}
for k in [2, 4] {
    subset fold: phantoms { classes: top(k) }
    classifier c: cnn { train: fold.train, valid: fold.valid, epochs: epochs }
    evaluate auc: c { test: fold.test }
}
judged by { fold: whole }
";

/// Labels in the order that the client shows them.
fn labels(client: &mut Client, line: &str) -> Vec<String> {
    items(client, line)
        .iter()
        .map(|item| item["label"].as_str().expect("a label").to_owned())
        .collect()
}

fn items(client: &mut Client, line: &str) -> Vec<Value> {
    let (text, position) = cursor(&format!("{BEFORE}{line}\n"));
    let uri = client.open("e.msx", &text);
    let mut items = client.at("completion", &uri, &position).as_array().expect("a list").clone();
    items.sort_by_key(|item| item["sortText"].as_str().expect("a rank").to_owned());
    items
}

fn client() -> Client {
    let library = "let most = 9\ndataset other: phantom { count: 9 }\n\
                   template measured(of: classifier) { }\n";
    let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    Client::with(&[("lib.msx", library)], capabilities)
}

#[test]
fn each_place_gets_what_fits_there() {
    let mut client = client();
    // The line, what is proposed first, something further that is proposed, what must not be.
    let cases: [(&str, &str, &str, &str); 40] = [
        ("|", "dataset", "judged", "phantoms"),
        ("cl|", "dataset", "for", "epochs"),
        ("gan g: |", "cpd", "prog", "phantom"),
        ("subset s: |", "phantoms", "lib", "top"),
        ("gan g: prog { | }", "train", "length", "candidate"),
        ("gan g: prog { train: whole.train, | }", "length", "learning_rate", "train"),
        ("gan g: prog {\n    length: 3 kimg\n    |\n}", "train", "seed", "length"),
        ("gan g: prog { | length: 3 kimg }", "train", "seed", "length"),
        ("gan g: prog { train: | }", "whole.train", "by", "phantoms"),
        ("gan g: prog { train: whole.| }", "train", "test", "whole"),
        ("gan g: prog { length: 3 | }", "img", "Mimg", "px"),
        ("gan g: prog { length: 3k| }", "img", "kimg", "px"),
        ("subset s: phantoms { classes: | }", "all", "top", "fold"),
        ("subset s: phantoms { per_class: { | } }", "train", "test", "classes"),
        ("dataset d: folder { depth: | }", "8", "16", "phantoms"),
        ("dataset d: dicom { window: [brain, |] }", "file", "bone", "centre"),
        ("dataset d: dicom { window: [brain, window(|)] }", "centre", "width", "brain"),
        ("compare f: auroc { candidate: | }", "auc[*]", "by", "fold.train"),
        ("compare f: auroc { candidate: auc[|] }", "*", "k", "epochs"),
        ("compare f: auroc { over: | }", "k", "k", "epochs"),
        ("judged more { | }", "fold", "rounds", "train"),
        ("judged more { fold: whole, | }", "rounds", "rounds", "fold"),
        ("judged more { fold: | }", "fold", "whole", "subset"),
        ("judged more { rounds: | }", "base", "epochs", "whole"),
        ("lib.|", "measured", "measured", "most"),
        ("lib.measured more { | }", "of", "of", "fold"),
        ("experiment f { | }", "title", "seed", "range"),
        ("experiment f { title: \"f\", | }", "seed", "seed", "title"),
        ("experiment f {\n    |\n}", "title", "seed", "dataset"),
        ("param n: int = 3 { | }", "doc", "range", "seed"),
        ("param n: int = 3 { range: 1..5, | }", "doc", "one_of", "range"),
        ("param n: word = cpd { | }", "doc", "one_of", "range"),
        ("param n: |", "int", "bool", "subset"),
        ("template t(a: |) { }", "dataset", "int", "epochs"),
        ("claim n: |", "bound", "trend", "gan"),
        ("claim n: bound(|)", "auc[*].auroc", "at_least", "whole.train"),
        ("claim n: bound(auc[*].auroc, | )", "base", "at_least", "what"),
        ("claim n: trend(auc[*].auroc, over: |)", "k", "k", "epochs"),
        ("claim n: trend(auc[*].auroc, over: k, direction: |)", "rising", "falling", "auc"),
        ("let x = lib.|", "most", "other", "epochs"),
    ];
    for (line, first, further, never) in cases {
        let labels = labels(&mut client, line);
        assert_eq!(labels.first().map(String::as_str), Some(first), "{line}: {labels:?}");
        assert!(labels.iter().any(|label| label == further), "{line}: {further} not in {labels:?}");
        assert!(!labels.iter().any(|label| label == never), "{line}: {never} in {labels:?}");
    }
}

#[test]
fn names_of_the_blocks_around_are_in_sight() {
    let mut client = client();
    let inside =
        "for (a, b) in [(1, 2)] {\n    let here = 3\n    classifier d: cnn { epochs: | }\n}";
    let labels = labels(&mut client, inside);
    for name in ["a", "b", "here", "epochs", "base"] {
        assert!(labels.iter().any(|label| label == name), "{name} not in {labels:?}");
    }
    assert!(!labels.iter().any(|label| label == "k" || label == "rounds"), "{labels:?}");
}

#[test]
fn comments_strings_and_names_are_left_alone() {
    let mut client = client();
    for line in ["# gan |", "use \"|\" as x", "gan |", "let x = \"a |b\""] {
        assert_eq!(labels(&mut client, line), Vec::<String>::new(), "{line}");
    }
    let inserted = labels(&mut client, "let x = \"a {|}\"");
    assert!(inserted.iter().any(|label| label == "epochs"), "{inserted:?}");
}

#[test]
fn a_field_comes_with_its_words_default_and_example() {
    let mut client = client();
    let items = items(&mut client, "gan g: prog { le| }");
    let field = items.iter().find(|item| item["label"] == "length").expect("it is there");
    let detail = field["detail"].as_str().expect("words");
    assert!(
        detail.contains("a length in images") && detail.contains("default 12 Mimg"),
        "{detail}"
    );
    assert!(field["documentation"]["value"].as_str().expect("words").contains("real images"));
    assert_eq!(field["insertTextFormat"], json!(2));
    assert_eq!(field["textEdit"]["newText"], "length: ${1:100 kimg}");
    let start = &field["textEdit"]["range"]["start"]["character"];
    assert_eq!(*start, json!(14), "the word that was begun is replaced");
}

#[test]
fn a_client_without_snippets_gets_plain_words() {
    let mut client = Client::with(&[], json!({}));
    let items = items(&mut client, "gan g: prog { le| }");
    let field = items.iter().find(|item| item["label"] == "length").expect("it is there");
    assert_eq!(
        (&field["insertTextFormat"], &field["textEdit"]["newText"]),
        (&json!(1), &json!("length"))
    );
}

#[test]
fn an_instance_comes_with_what_its_template_must_be_given() {
    let mut client = client();
    let items = items(&mut client, "ju|");
    let instance = items.iter().find(|item| item["label"] == "judged").expect("it is there");
    assert_eq!(instance["textEdit"]["newText"], "judged ${1:name} { fold: ${2:whole} }");
    assert_eq!(instance["detail"], "template judged(fold: subset, rounds: int)");
}
