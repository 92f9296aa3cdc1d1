//! Every file under `tests/format/cases/` beside what it becomes.
//!
//! After a deliberate change run `MSX_BLESS=1 cargo test --test format` and read the difference.

use msx::language::Source;
use msx::language::format::{WIDTH, format};
use std::fs;
use std::path::Path;

#[test]
fn files_become_what_is_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/cases");
    let mut differing = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder is in the repository") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "msx") {
            continue;
        }
        count += 1;
        let text = fs::read_to_string(&path).expect("UTF-8");
        let formatted = format(&Source::new("case.msx", text), WIDTH).text;
        let recorded = path.with_extension("expected");
        if std::env::var_os("MSX_BLESS").is_some() {
            fs::write(&recorded, &formatted).expect("writable");
        } else if fs::read_to_string(&recorded).unwrap_or_default() != formatted {
            differing.push(format!("{}:\n{formatted}", path.display()));
        }
    }
    assert!(count >= 10, "only {count} cases");
    assert!(differing.is_empty(), "these differ from what is recorded:\n{}", differing.join("\n"));
}
