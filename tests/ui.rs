//! Every broken or doubtful file under `tests/ui/` against the messages that belong to it.
//!
//! After a deliberate change run `MSX_BLESS=1 cargo test --test ui` and read the difference.

use miette::{GraphicalReportHandler, GraphicalTheme};
use msx::language::{Alone, Code, Diagnostic, Override, Source, compile};
use sources::Folder;
use std::collections::BTreeSet;
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

/// The values of a first line `# --set name=value --set …`.
fn overrides(text: &str) -> Vec<Override> {
    let first = text.lines().next().unwrap_or_default();
    let options = first.strip_prefix("# --set ").into_iter().flat_map(|line| line.split(" --set "));
    options
        .map(|option| {
            let (name, value) = option.split_once('=').expect("name=value");
            Override { name: name.to_owned(), value: value.to_owned() }
        })
        .collect()
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
    let (mut codes, mut several) = (BTreeSet::new(), 0);
    let mut differing = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
        let sources = Folder(folder.clone());
        let source = sources.open(&name);
        let overrides = overrides(&source.text);
        let found = match compile(&source, &sources, &schemas, &overrides) {
            Ok(compiled) => compiled.warnings,
            Err(errors) => errors,
        };
        assert!(!found.is_empty(), "nothing is said of {name}");
        codes.extend(found.iter().map(|diagnostic| diagnostic.code));
        several += usize::from(found.len() > 1);
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
    assert!(several >= 25, "only {several} files have more than one mistake");
    // What cannot be read is no text, and stands in `tests/diagnostics.rs`.
    let missing: Vec<&Code> =
        Code::ALL.iter().filter(|code| **code != Code::Io && !codes.contains(code)).collect();
    assert!(missing.is_empty(), "no file shows {missing:?}");
}

/// A file cut, with a character lost, or with a strange one more, at every place: each message can
/// be shown with all of its places.
#[test]
fn every_damage_can_be_told() {
    let schemas = msx::stages::schemas();
    let whole = "experiment e { title: \"a\\n\", seed: 1 } # note\nlet n = [2, (3 + 4) * 5]\n\
        dataset d: phantom { count: 500, size: 32px }\n\
        for (k, m) in [(2, 40), (4, 20)] {\n    subset s: d {\n        classes: top(k)\n        \
        per_class: { train: m, valid: 4, test: 4 }\n    }\n}\n\
        classifier c: cnn { train: s[k: 2, m: 40].train, valid: s[*].valid }\n";
    let mut told = 0;
    for (place, character) in whole.char_indices() {
        let (before, after) = (&whole[..place], &whole[place + character.len_utf8()..]);
        for text in [
            before.to_owned(),
            format!("{before}{after}"),
            format!("{before}ä{character}{after}"),
            format!("{before}\"{character}{after}"),
            format!("{before}}}{character}{after}"),
        ] {
            let source = Source::new("damaged.msx", text);
            if let Err(errors) = compile(&source, &Alone, &schemas, &[]) {
                told += errors.len();
                assert!(!render(&errors).is_empty());
                for error in &errors {
                    let places = error.places();
                    assert_eq!(places.len(), 1 + error.related.len(), "{error:?}");
                    assert!(places.iter().all(|place| place.start <= place.end), "{error:?}");
                }
            }
        }
    }
    assert!(told > whole.len(), "only {told} messages");
}
