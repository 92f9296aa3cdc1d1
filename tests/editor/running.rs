//! From the editor to runs and their results: code lenses, and what hovers say of the cache.

use crate::client::{Client, GOOD, start};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const SWEEP: &str = "\
experiment sweep { seed: 1 }
template halved(from: dataset) {
    subset half: from { classes: top(1) }
    subset other: from { classes: top(1), seed: 3 }
}
dataset d: phantom { count: 400, size: 8px }
for k in [2, 3] {
    subset fold: d { classes: top(k) }
}
halved twice { from: d }
";

/// A hover without a line about the cache may have come too early.
const PATIENCE: Duration = Duration::from_secs(60);

/// The lenses of an open file: line, title and what the command is given.
fn lenses(client: &mut Client, uri: &str) -> Vec<(u64, String, Vec<String>)> {
    let about = json!({ "textDocument": { "uri": uri } });
    let lenses = client.request("textDocument/codeLens", about);
    let lens = |lens: &Value| {
        assert_eq!(lens["command"]["command"], "msx.run");
        let arguments = lens["command"]["arguments"].as_array().expect("a list").iter();
        (
            lens["range"]["start"]["line"].as_u64().expect("a line"),
            lens["command"]["title"].as_str().expect("words").to_owned(),
            arguments.map(|argument| argument.as_str().expect("words").to_owned()).collect(),
        )
    };
    lenses.as_array().expect("a list").iter().map(lens).collect()
}

#[test]
fn each_stage_and_the_experiment_have_a_lens_that_runs_them() {
    let mut client = Client::new();
    let text = format!("{SWEEP}for k in [] {{\n    subset none: d {{ classes: top(k) }}\n}}\n");
    let uri = client.open("e.msx", &text);
    let file = client.path("e.msx").display().to_string();
    let lens = |line, title: &str, stages: &[&str]| {
        let stages = stages.iter().map(|name| (*name).to_owned());
        (line, title.to_owned(), std::iter::once(file.clone()).chain(stages).collect::<Vec<_>>())
    };
    assert_eq!(
        lenses(&mut client, &uri),
        [
            lens(0, "Run this experiment", &[]),
            lens(5, "Run this stage", &["d"]),
            lens(7, "Run this stage", &["fold"]),
            lens(9, "Run these stages", &["twice.half", "twice.other"]),
        ]
    );
}

#[test]
fn what_cannot_run_has_no_lens() {
    let mut client = Client::new();
    let library = client.open("lib.msx", "dataset d: phantom { count: 40 }\n");
    assert_eq!(lenses(&mut client, &library), []);
    let unsaved = client.open("untitled:e.msx", GOOD);
    assert_eq!(lenses(&mut client, &unsaved), []);
    let ring = "experiment e { seed: 1 }\ntemplate a() { b inner { } }\ntemplate b() { a inner { } }\na x { }\n";
    let ring = client.open("ring.msx", ring);
    assert_eq!(lenses(&mut client, &ring).len(), 1);
}

/// What a hover says of the cache.
fn cache(client: &mut Client, uri: &str, at: &Value) -> Option<String> {
    let hover = client.at("hover", uri, at);
    let text = hover["contents"]["value"].as_str().expect("words");
    let line = text.lines().find_map(|line| line.strip_prefix("**Cache:** "));
    line.map(str::to_owned)
}

/// The same once the server had the time to find it out.
fn known(client: &mut Client, uri: &str, text: &str, piece: &str) -> String {
    let begin = Instant::now();
    loop {
        if let Some(line) = cache(client, uri, &start(text, piece)) {
            return line;
        }
        assert!(begin.elapsed() < PATIENCE, "nothing is known of {piece}");
    }
}

fn run(client: &Client, arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_msx"))
        .args(["run", "sweep.msx", "--device", "cpu"])
        .args(arguments)
        .current_dir(client.path(""))
        .env_remove("MSX_CACHE")
        .output()
        .expect("msx starts");
    assert!(status.status.success(), "{status:?}");
}

/// Every file below a folder with its time stamp.
fn stamps(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable"));
    files
        .map(|entry| {
            let modified = entry.metadata().expect("it is there").modified().expect("a time");
            (entry.into_path(), modified)
        })
        .collect()
}

#[test]
fn a_hover_says_how_stages_stand_in_the_cache() {
    let mut client = Client::with(&[("sweep.msx", SWEEP)], json!({}));
    let uri = client.open("sweep.msx", SWEEP);
    assert_eq!(cache(&mut client, &uri, &start(SWEEP, "d: phantom")), None);
    assert!(!client.path("cache").exists(), "a hover makes no cache");

    run(&client, &[]);
    let before = stamps(&client.path("cache"));
    assert_eq!(known(&mut client, &uri, SWEEP, "d: phantom"), "cached");
    assert_eq!(known(&mut client, &uri, SWEEP, "d { classes: top"), "cached", "a reference");
    assert_eq!(known(&mut client, &uri, SWEEP, "fold: d"), "2 members: 2 cached");
    assert_eq!(known(&mut client, &uri, SWEEP, "half: from"), "cached");
    assert_eq!(known(&mut client, &uri, SWEEP, "twice"), "2 stages: 2 cached");

    for (change, by, piece, words) in [
        ("[2, 3]", "[2, 4]", "fold: d", "2 members: 1 cached, 1 will run (never ran)"),
        ("count: 400", "count: 500", "d: phantom", "will run (count: 400 → 500)"),
        ("count: 400", "count: 500", "fold: d", "2 members: 2 may run (waits on d)"),
        ("top(k)", "top(k), seed: 5", "fold: d", "2 members: 2 will run (seed: 1 → 5)"),
    ] {
        let text = SWEEP.replace(change, by);
        let uri = client.open("sweep.msx", &text);
        let found = known(&mut client, &uri, &text, piece);
        assert!(found.starts_with(words), "{piece}: {found}");
    }
    assert_eq!(stamps(&client.path("cache")), before, "a hover writes nothing");
}

#[test]
fn the_editor_names_the_cache() {
    let options = json!({ "cache": "elsewhere" });
    let mut client = Client::configured(&[("sweep.msx", SWEEP)], json!({}), options);
    run(&client, &["--cache", "elsewhere"]);
    let uri = client.open("sweep.msx", SWEEP);
    assert_eq!(known(&mut client, &uri, SWEEP, "d: phantom"), "cached");
}

#[test]
fn files_that_were_never_read_are_not_read_for_a_hover() {
    let mut client = Client::with(&[("sweep.msx", SWEEP)], json!({}));
    run(&client, &[]);
    let picture = client.path("pictures/healthy/one.png");
    std::fs::create_dir_all(picture.parent().expect("a folder")).expect("writable");
    std::fs::write(&picture, "no picture, which nobody finds out").expect("writable");
    let text = "experiment e { seed: 1 }\ndataset d: folder { path: \"pictures\", size: 8px }\n\
                subset s: d { classes: all }\n";
    let uri = client.open("e.msx", text);
    let found = known(&mut client, &uri, text, "d: folder");
    assert_eq!(found, "not known yet (its files have not been read with this cache yet)");
    assert_eq!(known(&mut client, &uri, text, "s: d"), "may run (waits on d)");
    let missing = text.replace("pictures", "nowhere");
    let uri = client.open("e.msx", &missing);
    let found = known(&mut client, &uri, &missing, "d: folder");
    assert!(found.starts_with("blocked (") && found.contains("nowhere"), "{found}");
}
