//! Every broken or doubtful file under `tests/ui/` against the messages that belong to it.
//!
//! After a deliberate change run `MSX_BLESS=1 cargo test --test ui` and read the difference.

use miette::{GraphicalReportHandler, GraphicalTheme};
use msx::language::{Diagnostic, compile};
use sources::Folder;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "support/sources.rs"]
mod sources;

fn render(diagnostics: &[Diagnostic]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_links(false)
        .with_width(100);
    let mut text = String::new();
    for diagnostic in diagnostics {
        handler.render_report(&mut text, diagnostic).expect("a string takes everything");
        text.push('\n');
    }
    text
}

/// The broken files: those in the folder itself, and one in each folder that has libraries.
fn broken_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("readable").path())
        .map(|path| if path.is_dir() { path.join("experiment.msx") } else { path })
        .filter(|path| path.extension().is_some_and(|extension| extension == "msx"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn messages_are_as_recorded() {
    let schemas = msx::stages::schemas();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let paths = broken_files(&folder);
    assert!(paths.len() >= 12, "only {} broken files", paths.len());
    let mut differing = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
        let sources = Folder(folder.clone());
        let found = match compile(&sources.open(&name), &sources, &schemas, &[]) {
            Ok(compiled) => compiled.warnings,
            Err(errors) => errors,
        };
        assert!(!found.is_empty(), "nothing is said of {name}");
        let found = render(&found);
        let recorded = path.with_extension("stderr");
        if std::env::var_os("MSX_BLESS").is_some() {
            fs::write(&recorded, &found).expect("writable");
        } else if fs::read_to_string(&recorded).unwrap_or_default() != found {
            differing.push(format!("{name}:\n{found}"));
        }
    }
    assert!(
        differing.is_empty(),
        "these messages differ from the recorded ones:\n{}",
        differing.join("\n")
    );
}
