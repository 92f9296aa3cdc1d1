//! The files of this repository are in the style that it asks for.

use msx::language::Source;
use msx::language::format::{WIDTH, format};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder and of those in it.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is in the repository") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files
}

fn must_be_formatted(path: &Path, text: &str) {
    let formatted = format(&Source::new(path.display().to_string(), text), WIDTH);
    assert!(formatted.problems.is_empty(), "{}: {:?}", path.display(), formatted.problems);
    assert_eq!(text, formatted.text, "{} is not formatted", path.display());
}

#[test]
fn examples_and_experiments_are_formatted() {
    let mut paths = files("examples", "msx");
    paths.extend(files("experiments", "msx"));
    assert!(paths.len() >= 5, "only {} files", paths.len());
    for path in paths {
        must_be_formatted(&path, &fs::read_to_string(&path).expect("readable"));
    }
}

#[test]
fn experiments_in_documents_are_formatted() {
    let mut paths = files("docs", "md");
    paths.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let mut found = 0;
    for path in paths {
        let text = fs::read_to_string(&path).expect("readable");
        for block in text.split("```msx\n").skip(1) {
            must_be_formatted(&path, block.split("```").next().unwrap_or_default());
            found += 1;
        }
    }
    assert!(found >= 5, "only {found} blocks");
}
