//! The order of the rooms, as ARCHITECTURE.md draws it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// From the ground up; a room may use those before it.
const ROOMS: [&str; 16] = [
    "progress",
    "any_path",
    "relative_path",
    "language",
    "project",
    "graph",
    "store",
    "data",
    "learn",
    "measure",
    "report",
    "stages",
    "run",
    "share",
    "editor",
    "cli",
];

/// Lines of a file beyond which it wants splitting.
const LONGEST_FILE: usize = 500;

/// Where the sources of the two packages lie.
const ROOTS: [&str; 2] = ["core/src", "src"];

fn sources() -> Vec<(String, String)> {
    let read = |root: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        WalkDir::new(&root)
            .into_iter()
            .map(|entry| entry.expect("readable").into_path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| {
                let text = fs::read_to_string(&path).expect("UTF-8");
                let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
                (name, text)
            })
            .collect::<Vec<_>>()
    };
    ROOTS.into_iter().flat_map(read).collect()
}

fn room_of(file: &str) -> Option<usize> {
    let first = file.split('/').next()?.trim_end_matches(".rs");
    ROOMS.iter().position(|room| *room == first)
}

#[test]
fn rooms_use_only_rooms_before_them() {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, text) in sources() {
        let Some(own) = room_of(&file) else { continue };
        seen.insert(own);
        for used in text.split("crate::").skip(1) {
            let name: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if let Some(other) = ROOMS.iter().position(|room| *room == name)
                && other > own
            {
                broken.push(format!("{file} uses {name}"));
            }
        }
    }
    assert_eq!(seen.len(), ROOMS.len(), "a room is missing or was renamed");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_language_knows_nothing_of_burn_threads_or_files() {
    for (file, text) in sources() {
        if file.starts_with("language/") {
            for word in ["burn::", "rayon::", "std::fs", "std::thread"] {
                assert!(!text.contains(word), "{file} mentions {word}");
            }
        }
    }
}

#[test]
fn only_the_command_line_exits() {
    for (file, text) in sources() {
        assert!(file.starts_with("cli/") || !text.contains("process::exit"), "{file} exits");
    }
}

/// What prints makes the text harmless first, so that no other file may.
#[test]
fn one_module_prints() {
    // Calls, and libraries that print or render for a terminal by themselves.
    let prints = [
        "print!",
        "println!",
        "dbg!",
        "stdout()",
        "stderr()",
        "Stdout",
        "Stderr",
        "anstream::",
        "indicatif::",
        "miette::",
    ];
    // The protocol between two processes of msx; what is to be rendered, but not how.
    let others = [("cli/worker.rs", "stdout()"), ("language/", "miette::")];
    for (file, text) in sources() {
        let is_other = |word: &str| {
            others.iter().any(|(place, other)| file.starts_with(place) && *other == word)
        };
        for word in prints {
            let is_free = file.starts_with("cli/console/") || is_other(word);
            assert!(is_free || !text.contains(word), "{file} mentions {word}; cli/console prints");
        }
    }
}

/// The packages are not compiled for tests of their own, so one that stood among the sources would not run.
#[test]
fn tests_stand_under_tests() {
    for (file, text) in sources() {
        for word in ["#[test]", "cfg(test)"] {
            assert!(!text.contains(word), "{file} holds tests, which nobody would run");
        }
    }
}

#[test]
fn files_stay_readable() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{file} has {lines} lines");
    }
}

#[test]
fn the_rooms_are_those_of_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).expect("it is there");
    let mut last = 0;
    for room in ROOMS {
        let place = ROOTS
            .into_iter()
            .flat_map(|root| [format!("`{root}/{room}/`"), format!("`{root}/{room}.rs`")])
            .find_map(|name| text.find(name.as_str()))
            .unwrap_or_else(|| panic!("ARCHITECTURE.md does not name {room}"));
        assert!(place > last, "{room} stands in another place in ARCHITECTURE.md");
        last = place;
    }
}
