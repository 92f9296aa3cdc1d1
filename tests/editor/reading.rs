//! Hover, outline, folding, colours, hints, quick fixes, formatting.

use crate::client::{Client, GOOD, position, range, start};
use serde_json::{Value, json};

fn hover(client: &mut Client, uri: &str, at: &Value) -> String {
    let hover = client.at("hover", uri, at);
    hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn hover_says_what_a_word_means() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    for (piece, words) in [
        ("dataset phantoms", "dataset phantom"),
        ("cnn {", "**classifier cnn**"),
        ("size: 32px", "a size in pixels, 8px to 1024px"),
        ("px }", "its units are px"),
        ("top(k)", "frequent"),
        ("int = 3", "the type **int**"),
        ("trend(", "rises or falls"),
        ("direction:", "Which way it goes."),
        ("relative, over", "share of the baseline"),
        ("train, valid: fold.valid", "The fold that models are trained on."),
    ] {
        let found = hover(&mut client, &uri, &start(GOOD, piece));
        assert!(found.contains(words), "{piece}: {found}");
    }
}

#[test]
fn hover_says_what_a_name_is_where_and_what_it_comes_to() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    for (piece, words) in [
        ("epochs }", "param epochs: int\n```\n\n= `3`"),
        ("folds }", "= `{ train: 100, valid: 20, test: 20 }`"),
        ("auc[*]", "A family of 3 over k."),
        ("k), per", "for k in [2, 4, 6]"),
        ("k: 2]", "for k in [2, 4, 6]"),
        ("c { test", "Declared in e.msx, line 10."),
        ("fig.relative", "compare fig: auroc"),
    ] {
        let found = hover(&mut client, &uri, &start(GOOD, piece));
        assert!(found.contains(words), "{piece}: {found}");
    }
    let nothing = client.at("hover", &uri, &json!({ "line": 1, "character": 0 }));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn the_outline_holds_what_stands_in_loops() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let about = json!({ "textDocument": { "uri": uri } });
    let symbols = client.request("textDocument/documentSymbol", about);
    let names: Vec<&str> = symbols
        .as_array()
        .expect("a list")
        .iter()
        .map(|symbol| symbol["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["e", "epochs", "folds", "phantoms", "for k", "fig", "falls"]);
    let sweep = &symbols[4];
    assert_eq!(sweep["children"][2]["name"], "auc");
    let from = GOOD.find("for k").expect("it is there");
    let to = GOOD.find("\n}").expect("it is there") + 2;
    assert_eq!(sweep["range"], json!({ "start": position(GOOD, from), "end": position(GOOD, to) }));
}

#[test]
fn blocks_and_comments_fold() {
    let mut client = Client::new();
    let text = format!("# one\n# two\n{GOOD}");
    let uri = client.open("e.msx", &text);
    let about = json!({ "textDocument": { "uri": uri } });
    let folds = client.request("textDocument/foldingRange", about);
    let lines: Vec<(u64, u64)> = folds
        .as_array()
        .expect("a list")
        .iter()
        .map(|fold| {
            (fold["startLine"].as_u64().unwrap_or(99), fold["endLine"].as_u64().unwrap_or(99))
        })
        .collect();
    assert_eq!(lines, [(0, 1), (9, 12)]);
}

#[test]
fn colours_follow_meaning() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let about = json!({ "textDocument": { "uri": uri } });
    let answer = client.request("textDocument/semanticTokens/full", about);
    let data: Vec<u64> =
        answer["data"].as_array().expect("numbers").iter().filter_map(Value::as_u64).collect();
    let (mut line, mut column) = (0, 0);
    let mut found = Vec::new();
    for token in data.chunks_exact(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        found.push((json!({ "line": line, "character": column }), token[2], token[3]));
    }
    let (keyword, class, method, word, parameter, comment) = (0, 1, 2, 4, 6, 12);
    for (piece, length, kind) in [
        ("for k", 3, keyword),
        ("dataset", 7, class),
        ("cnn", 3, method),
        ("falling", 7, word),
        ("k), per", 1, parameter),
        ("# 😀 emoji", 10, comment),
    ] {
        assert!(found.contains(&(start(GOOD, piece), length, kind)), "{piece}: {found:?}");
    }
}

/// Where each hint of a file stands, and what it says.
fn hints(client: &mut Client, uri: &str) -> Vec<(Value, String)> {
    let whole =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let about = json!({ "textDocument": { "uri": uri }, "range": whole });
    let hints = client.request("textDocument/inlayHint", about);
    let label = |hint: &Value| hint["label"].as_str().expect("words").to_owned();
    let hints = hints.as_array().expect("a list").iter();
    hints.map(|hint| (hint["position"].clone(), label(hint))).collect()
}

#[test]
fn defaults_that_are_left_out_stand_behind_a_declaration() {
    let mut client = Client::new();
    let text = "\
experiment e { seed: 1 }
template judged(fold: subset, epochs: int = 2 + 1) {
    classifier c: cnn { train: fold.train, valid: fold.valid, epochs: epochs }
}
dataset d: phantom { count: 40 }
subset whole: d { classes: all }
let base = { latent: 4, length: 1 kimg }
gan spread: prog { train: whole.train, ...base }
judged by { fold: whole }
judged other { fold: whole, epochs: 3 }
";
    let uri = client.open("e.msx", text);
    let found = hints(&mut client, &uri);
    let behind = |line: &str| {
        let end = range(text, line)["end"].clone();
        found.iter().find(|(place, _)| *place == end).map(|(_, label)| label.as_str())
    };
    assert_eq!(behind("dataset d: phantom { count: 40 }"), Some("size: 64px"));
    assert_eq!(behind("judged by { fold: whole }"), Some("epochs: 2 + 1"));
    assert_eq!(behind("judged other { fold: whole, epochs: 3 }"), None);
    assert_eq!(behind("gan spread: prog { train: whole.train, ...base }"), None);
    let long = behind("classifier c: cnn { train: fold.train, valid: fold.valid, epochs: epochs }");
    let long = long.expect("a hint");
    assert!(long.starts_with("stop_after: 3, ") && long.ends_with(", …"), "{long}");
    assert_eq!(long.matches(": ").count(), 4, "{long}");
}

#[test]
fn hints_are_of_the_sorts_that_are_wanted() {
    for (families, defaults) in [(true, false), (false, true), (false, false)] {
        let options =
            json!({ "inlayHints": { "families": families, "defaults": defaults }, "other": 1 });
        let mut client = Client::configured(&[], json!({}), options);
        let uri = client.open("e.msx", GOOD);
        let found = hints(&mut client, &uri);
        assert_eq!(found.iter().any(|(_, label)| label == "×3"), families, "{found:?}");
        assert_eq!(found.iter().any(|(_, label)| label.contains(": ")), defaults, "{found:?}");
    }
}

#[test]
fn sizes_stand_beside_loops_families_and_selections() {
    let mut client = Client::new();
    let uri = client.open("e.msx", GOOD);
    let found = hints(&mut client, &uri);
    let behind = |piece: &str| range(GOOD, piece)["end"].clone();
    for (piece, size) in [
        ("[2, 4, 6]", "×3"),
        ("evaluate auc", "×3"),
        ("candidate: auc[*]", "×3"),
        ("auc[k: 2]", "×1"),
    ] {
        assert!(found.contains(&(behind(piece), size.to_owned())), "{piece}: {found:?}");
    }
}

/// The text with an action's edit applied.
fn applied(text: &str, action: &Value, uri: &str) -> String {
    let edit = &action["edit"]["changes"][uri][0];
    let offset = |at: &Value| {
        (0..=text.len())
            .filter(|place| text.is_char_boundary(*place))
            .find(|place| position(text, *place) == *at)
            .expect("a place")
    };
    let (from, to) = (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]));
    format!("{}{}{}", &text[..from], edit["newText"].as_str().expect("text"), &text[to..])
}

fn action(client: &mut Client, text: &str, title: &str) -> String {
    let uri = client.open("e.msx", text);
    let diagnostics = client.diagnostics[&uri].clone();
    let range = diagnostics.first().map(|found| found["range"].clone());
    let asked = json!({ "textDocument": { "uri": uri }, "range": range,
                        "context": { "diagnostics": diagnostics } });
    let actions = client.request("textDocument/codeAction", asked);
    let found = actions.as_array().expect("a list").iter().find(|action| action["title"] == title);
    applied(text, found.unwrap_or_else(|| panic!("{title} is not in {actions}")), &uri)
}

#[test]
fn what_was_meant_can_be_written() {
    let mut client = Client::new();
    for (wrong, right) in
        [("tpo(k)", "top"), ("fold.tset", "test"), ("dtaaset", "dataset"), ("32pxx", "px")]
    {
        let text = match wrong {
            "tpo(k)" => GOOD.replace("top(k)", wrong),
            "fold.tset" => GOOD.replace("fold.test", wrong),
            "dtaaset" => GOOD.replace("dataset", wrong),
            _ => GOOD.replace("32px", wrong),
        };
        assert_eq!(action(&mut client, &text, &format!("Write `{right}`")), GOOD, "{wrong}");
    }
}

#[test]
fn missing_fields_are_added_where_they_belong() {
    let mut client = Client::new();
    let lines = GOOD.replace("{ test: fold.test }", "{\n    }");
    let added = action(&mut client, &lines, "Add test");
    assert!(added.contains("evaluate auc: c {\n        test: fold.train\n    }"), "{added}");
    let line = GOOD.replace("{ test: fold.test }", "{ confidence: 90% }");
    let added = action(&mut client, &line, "Add test");
    assert!(added.contains("{ confidence: 90%, test: fold.train }"), "{added}");
}

#[test]
fn missing_arguments_of_an_instance_are_added() {
    let mut client = Client::new();
    let template = "\
template judged(fold: subset, rounds: int, more: int = 1) {
    classifier c: cnn { train: fold.train, valid: fold.valid, epochs: rounds + more }
}
subset whole: phantoms { classes: all }
";
    let text = format!("{GOOD}{template}judged by {{ }}\njudged further {{\n    rounds: 2\n}}\n");
    let added = action(&mut client, &text, "Add fold, rounds");
    assert!(added.contains("judged by { fold: whole, rounds: 100 }"), "{added}");
    let text = text.replace("judged by { }", "judged by { fold: whole, rounds: 1 }");
    let added = action(&mut client, &text, "Add fold");
    assert!(added.contains("{\n    rounds: 2\n    fold: whole\n}"), "{added}");
}

#[test]
fn what_nothing_uses_is_removed() {
    let mut client = Client::new();
    let text = format!("{GOOD}let nothing = {{ a: 1 }}\n");
    assert_eq!(action(&mut client, &text, "Remove `nothing`"), GOOD);
    std::fs::write(client.path("lib.msx"), "let a = 1\nlet b = 2\n").expect("writable");
    let text = format!("use \"lib.msx\" {{ a, b }}\n{}", GOOD.replace("int = 3", "int = a"));
    assert_eq!(action(&mut client, &text, "Remove `b`"), text.replace("a, b", "a"));
}

#[test]
fn a_file_gets_the_style_of_the_formatter() {
    let mut client = Client::new();
    let text = "experiment e{seed:1}\nlet 😀 = 1\n";
    let uri = client.open("e.msx", text);
    let about = json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 4, "insertSpaces": true } });
    let edits = client.request("textDocument/formatting", about);
    let changes = json!({ "edit": { "changes": { &uri: edits } } });
    assert!(applied(text, &changes, &uri).starts_with("experiment e { seed: 1 }\n"), "{edits}");
}
