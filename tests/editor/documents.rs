//! Edits and what is told of them.

use crate::client::{Client, GOOD, range, start};
use serde_json::{Value, json};

const LIBRARY: &str = "dataset phantoms: phantom { count: 500, size: 16px }\n";
const USER: &str =
    "use \"lib.msx\" { phantoms }\nexperiment e { seed: 1 }\nsubset fold: phantoms { }\n";

#[test]
fn a_good_file_has_no_diagnostics_and_a_broken_one_has_all_of_them() {
    let mut client = Client::new();
    let good = client.open("good.msx", GOOD);
    assert_eq!(client.messages(&good), Vec::<String>::new());

    let broken = GOOD.replace("top(k)", "tpo(k)").replace("compare fig:", "compare fig");
    let broken = broken.replace("test: fold.test", "tets: fold.test");
    let uri = client.open("broken.msx", &broken);
    let found = client.diagnostics[&uri].clone();
    let codes: Vec<&str> = found.iter().map(|d| d["code"].as_str().expect("a code")).collect();
    for code in ["msx::syntax", "msx::unknown-word", "msx::unknown-field"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    let word = found.iter().find(|d| d["code"] == "msx::unknown-word").expect("it is there");
    assert_eq!((&word["severity"], &word["source"]), (&json!(1), &json!("msx")));
    assert_eq!(word["range"]["start"], start(&broken, "tpo"));
    assert_eq!(word["data"], json!({ "range": range(&broken, "tpo"), "instead": "top" }));
}

#[test]
fn diagnostics_name_the_places_that_belong_to_them() {
    let mut client = Client::new();
    let twice = format!("{GOOD}let folds = 3\n");
    let uri = client.open("twice.msx", &twice);
    let found = &client.diagnostics[&uri];
    let twice = found.iter().find(|d| d["code"] == "msx::duplicate").expect("it is there");
    let related = twice["relatedInformation"].as_array().expect("places");
    assert!(related.iter().any(|place| place["message"] == "first declared here"
        && place["location"]["range"]["start"] == json!({ "line": 3, "character": 4 })));
}

#[test]
fn unused_names_are_greyed_out() {
    let mut client = Client::new();
    let uri = client.open("unused.msx", &format!("{GOOD}let nothing = 3\n"));
    let found = &client.diagnostics[&uri][0];
    assert_eq!((&found["severity"], &found["tags"]), (&json!(2), &json!([1])));
}

#[test]
fn edits_behind_emoji_and_in_crlf_files_land_where_they_should() {
    let mut client = Client::new();
    let text =
        "experiment e { title: \"😀😀 héllo\", sede: 1 }\r\ndataset d: phantom { count: 9 }\r\n";
    let uri = client.open("crlf.msx", text);
    let found = client.diagnostics[&uri].clone();
    assert_eq!(found[0]["range"], range(text, "sede"), "{found:?}");
    client.edit(&uri, range(text, "sede"), "seed");
    assert_eq!(client.messages(&uri), Vec::<String>::new());
    client.edit(&uri, range(text, "phantom"), "phantoms");
    let found = &client.diagnostics[&uri][0];
    assert_eq!(found["range"]["start"], json!({ "line": 1, "character": 11 }));
}

#[test]
fn positions_that_no_character_has_are_those_of_a_neighbour() {
    let mut client = Client::new();
    let text = "experiment e { seed: 1 }\rlet x = 1\r\nlet y = 1\n# 😀\n";
    let uri = client.open("e.msx", text);
    let place = |line: u32, character: u32| json!({ "line": line, "character": character });
    let unused = |client: &Client| -> Vec<Value> {
        let found = client.diagnostics[&uri].iter();
        found.map(|one| one["range"]["start"].clone()).collect()
    };
    assert_eq!(unused(&client), [place(1, 4), place(2, 4)], "a lone carriage return ends a line");

    // Past the end of a line, which stays.
    client.edit(&uri, json!({ "start": place(1, 0), "end": place(1, 99) }), "");
    assert_eq!(unused(&client), [place(2, 4)]);
    // Past the last line.
    client.edit(&uri, json!({ "start": place(99, 7), "end": place(99, 9) }), "let z = 1");
    assert_eq!(unused(&client), [place(2, 4), place(4, 4)]);
    // Between the halves of a character, which comes behind what is typed.
    client.edit(&uri, json!({ "start": place(3, 3), "end": place(3, 3) }), "\nlet v = 1 ");
    let found = &client.diagnostics[&uri];
    let is_syntax = |one: &&Value| one["code"] == "msx::syntax";
    let wrong = found.iter().find(is_syntax).expect("the emoji is no part of a comment any more");
    assert_eq!(wrong["range"]["start"], place(4, 10), "{wrong}");
}

#[test]
fn several_edits_of_one_change_follow_each_other() {
    let mut client = Client::new();
    let uri = client.open("e.msx", "experiment e { seed: 1 }\n");
    let at = |line: u32, from: u32, to: u32| json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [
            { "range": at(0, 0, 0), "text": "# é\n" },
            { "range": at(1, 11, 12), "text": "renamed" },
            { "range": at(2, 0, 0), "text": "let x = 1\n" },
        ] }),
    );
    client.settle(&uri);
    assert_eq!(client.messages(&uri), ["nothing uses `x`\nuse it or remove it"]);
    assert_eq!(client.diagnostics[&uri][0]["range"]["start"], json!({ "line": 2, "character": 4 }));
    let about = json!({ "textDocument": { "uri": uri } });
    let symbols = client.request("textDocument/documentSymbol", about);
    assert_eq!(symbols[0]["name"], "renamed");
}

#[test]
fn a_file_that_was_never_saved_is_checked_too() {
    let mut client = Client::new();
    let uri = client.open("untitled:Untitled-1", "experiment e { seed: 1 }\nlte x = 1\n");
    assert_eq!(client.diagnostics[&uri][0]["code"], "msx::syntax");
    let uri = client.open("untitled:Untitled-2", USER);
    assert!(client.messages(&uri)[0].contains("cannot import"), "{:?}", client.messages(&uri));
    let unsaved = client.open("not/there/yet.msx", GOOD);
    assert_eq!(client.messages(&unsaved), Vec::<String>::new());
}

#[test]
fn a_library_needs_no_header_and_may_leave_names_unused() {
    let mut client = Client::new();
    let uri = client.open("lib.msx", "let unused = 3\ntemplate t(a: int) { }\n");
    assert_eq!(client.messages(&uri), Vec::<String>::new());
}

#[test]
fn what_is_typed_into_an_import_shows_in_the_files_that_import_it() {
    let mut client = Client::with(&[("lib.msx", LIBRARY), ("e.msx", USER)], json!({}));
    let user = client.open("e.msx", USER);
    assert_eq!(client.messages(&user), Vec::<String>::new(), "read from disk");
    let library = client.open("lib.msx", LIBRARY);
    client.edit(&library, range(LIBRARY, "phantoms"), "ghosts");
    let messages = client.messages(&user);
    assert!(messages[0].contains("declares no `phantoms`"), "{messages:?}");
    // A mistake in the library is told there, once, although both files find it.
    let text = LIBRARY.replace("phantoms", "ghosts");
    client.edit(&library, range(&text, "16px"), "16 kimg");
    assert_eq!(client.messages(&library).len(), 1, "{:?}", client.messages(&library));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": library } }));
    client.settle(&user);
    assert_eq!(client.messages(&user), Vec::<String>::new(), "as on disk again");
    assert_eq!(client.messages(&library), Vec::<String>::new());
}

#[test]
fn a_file_that_nobody_has_open_is_told_of_as_well() {
    let library = LIBRARY.replace("16px", "16");
    let mut client = Client::with(&[("lib.msx", &library)], json!({}));
    let user = client.open("e.msx", USER);
    let library = client.uri("lib.msx");
    assert_eq!(client.diagnostics[&library][0]["code"], "msx::wrong-unit");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": user } }));
    client.open("other.msx", GOOD);
    assert_eq!(client.messages(&library), Vec::<String>::new());
}
