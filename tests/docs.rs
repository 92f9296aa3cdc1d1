//! What the documents say holds: their examples check, the manual is the program's own, and every
//! dependency has its reason.

use msx::language::explain::{Example, Explanation};
use msx::language::{Alone, Code, Diagnostic, Override, Source, compile, manual};
use sources::Folder;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "support/sources.rs"]
mod sources;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is in the repository");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

fn must_compile(name: &str, text: String) {
    let source = Source::new(name, text);
    match compile(&source, &Folder(root().to_owned()), &msx::stages::schemas(), &[]) {
        Ok(compiled) => assert!(compiled.warnings.is_empty(), "{name}: {:?}", compiled.warnings),
        Err(errors) => panic!("{name}: {errors:?}"),
    }
}

#[test]
fn examples_and_experiments_check() {
    let mut paths = files("examples", "msx");
    paths.extend(files("experiments", "msx"));
    assert!(paths.len() >= 5, "only {} files", paths.len());
    for path in paths {
        let text = fs::read_to_string(&path).expect("readable");
        must_compile(&path.display().to_string(), text);
    }
}

/// A fenced `msx` block is a whole file.
#[test]
fn experiments_in_documents_check() {
    let mut paths = files("docs", "md");
    paths.push(root().join("README.md"));
    let mut found = 0;
    for path in paths {
        let text = fs::read_to_string(&path).expect("readable");
        for block in text.split("```msx\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            must_compile(&path.display().to_string(), block.to_owned());
            found += 1;
        }
    }
    assert!(found >= 3, "only {found} blocks");
}

/// After a change run `MSX_BLESS=1 cargo test --test docs`.
#[test]
fn the_stage_reference_is_the_program_s_own() {
    let schemas = msx::stages::schemas();
    let mut page = "# Stage kinds\n\nMade by `msx stages KIND`; a test keeps it so.\n".to_owned();
    for kind in schemas.kinds() {
        let text = manual::kind_page(&schemas, kind).expect("a kind of the registry");
        page.push_str(&format!("\n## {kind}\n\n```text\n{}\n```\n", text.trim_end()));
    }
    if std::env::var_os("MSX_BLESS").is_some() {
        fs::write(root().join("docs/stages.md"), &page).expect("writable");
    }
    assert!(
        read("docs/stages.md") == page,
        "docs/stages.md is out of date; run MSX_BLESS=1 cargo test --test docs"
    );
}

/// What a file with its options on the command line gives, errors or warnings.
fn found_in(example: &Example) -> Vec<Diagnostic> {
    let options = example.options.split("--set ").filter_map(|option| option.split_once('='));
    let overrides: Vec<Override> = options
        .map(|(name, value)| Override { name: name.to_owned(), value: value.trim().to_owned() })
        .collect();
    let source = Source::new("example.msx", example.file);
    match compile(&source, &Alone, &msx::stages::schemas(), &overrides) {
        Ok(compiled) => compiled.warnings,
        Err(errors) => errors,
    }
}

#[test]
fn explanations_show_their_mistake_and_how_it_is_mended() {
    for &code in Code::ALL {
        let explanation = Explanation::of(code);
        assert!(!explanation.summary.is_empty() && !explanation.text.is_empty(), "{code}");
        // No text shows that a file cannot be read.
        let wanted: &[bool] = if code == Code::Io { &[] } else { &[true, false] };
        let examples: Vec<Example> = explanation.examples().collect();
        let kinds: Vec<bool> = examples.iter().map(|example| example.fails).collect();
        assert_eq!(kinds, wanted, "{code}: an example that fails, then one that works");
        for example in examples {
            let mut codes: Vec<Code> = found_in(&example).iter().map(|found| found.code).collect();
            codes.dedup();
            let wanted: &[Code] = if example.fails { &[code] } else { &[] };
            assert_eq!(codes, wanted, "{code}:\n{}", example.file);
        }
    }
}

/// After a change run `MSX_BLESS=1 cargo test --test docs`.
#[test]
fn the_list_of_codes_is_the_program_s_own() {
    const BEGIN: &str = "a test keeps it so. -->\n";
    let page = read("docs/diagnostics.md");
    let (by_hand, recorded) = page.split_once(BEGIN).expect("the page has its mark");
    let mut made = String::new();
    for &code in Code::ALL {
        let Explanation { summary, text, .. } = Explanation::of(code);
        made.push_str(&format!("\n### `{code}`\n\n*{summary}*\n\n{text}\n"));
    }
    if std::env::var_os("MSX_BLESS").is_some() {
        let page = format!("{by_hand}{BEGIN}{made}");
        fs::write(root().join("docs/diagnostics.md"), page).expect("writable");
    } else {
        assert!(
            recorded == made,
            "docs/diagnostics.md is out of date; run MSX_BLESS=1 cargo test --test docs"
        );
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let contributing = read("CONTRIBUTING.md");
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && line.contains('=') {
            let name = line.split(['=', ' ', '.']).next().expect("a name");
            let is_ours = name == "msx-core";
            let is_named = is_ours || contributing.contains(&format!("`{name}`"));
            assert!(is_named, "CONTRIBUTING.md lacks {name}");
        }
    }
}

/// Every page of the manual.
fn pages() -> Vec<PathBuf> {
    [files("docs", "md"), files("docs/editors", "md")].concat()
}

/// The anchors of a page: its headings in small letters, with hyphens for blanks and no other marks;
/// one that comes again has its number behind it.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if is_code || !heading.starts_with(' ') || heading.len() == line.len() {
            continue;
        }
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor: String = heading.trim().to_lowercase().chars().filter(kept).collect();
        let anchor = anchor.replace(' ', "-");
        let again = anchors.iter().filter(|earlier| **earlier == anchor).count();
        anchors.push(if again == 0 { anchor } else { format!("{anchor}-{again}") });
    }
    anchors
}

/// Relative links lead to files and headings that there are.
#[test]
fn links_in_documents_lead_somewhere() {
    let others = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let folders = ["editors/README.md", "experiments/README.md"];
    let others = others.iter().chain(&folders).map(|name| root().join(name));
    let mut found = 0;
    for path in pages().into_iter().chain(others) {
        let text = fs::read_to_string(&path).expect("readable");
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            if target.contains("://") {
                continue;
            }
            let folder = path.parent().expect("a file has a folder");
            let target = if target.is_empty() { path.clone() } else { folder.join(target) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("readable");
                let anchors = anchors(&text);
                assert!(anchors.iter().any(|known| known == anchor), "{}: {link}", path.display());
            }
            found += 1;
        }
    }
    assert!(found >= 20, "only {found} links");
}

#[test]
fn the_manual_lists_every_page() {
    let summary = read("docs/SUMMARY.md");
    for page in pages() {
        let name = page.strip_prefix(root().join("docs")).expect("below").display().to_string();
        let is_listed = summary.contains(&format!("]({name})"));
        assert!(is_listed || name == "SUMMARY.md", "docs/SUMMARY.md lacks {name}");
    }
}
