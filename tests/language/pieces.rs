//! Long files are read in pieces, which must not show.

use msx::language::syntax::{Parsed, parse};
use msx::language::{Alone, compile};
use msx::project::ProjectFiles;
use proptest::prelude::*;
use std::fs;

/// Declarations that end like a block of several lines, and some that only look so.
const BLOCKS: [&str; 12] = [
    "subset fold: d {\n    seed: 3\n}",
    "let record = {\n    x: 1\n}",
    "let nested = [\n{\n}\n]",
    "let brace = \"}\"\nlet put_in = \"{ fold }\"",
    "template t(a: int) {\n    subset f: d {\n}\n}",
    "for k in [1] {\n    subset f: d {\n}\n}",
    "use \"other.msx\" {\n    a\n}",
    "param p: int = 3 {\n    range: 1..3\n}",
    "let chosen = if true then {\n}\nelse {\n}",
    "let sum = {\n}\n+ 3",
    "# {\nlet é = 1",
    "claim c: trend(\n{\n}\n)",
];

/// What stands between them, some of which goes on with the value in front.
const BETWEEN: [&str; 9] =
    ["\n", "\n\n", " ", "\r\n", "\n# }\n", "\nand ", "\nor", "\n\telse ", "\n# gan\n\t"];

/// Long enough that the next block that ends may be where the text is cut.
fn filler() -> String {
    format!("let filler = [{}]\n", "1234, ".repeat(6_000))
}

/// The same text with a mistake at its end, for which it is read as one.
fn read_as_one(text: &str) -> Parsed {
    parse(&format!("{text}\n???"), 7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn pieces_give_what_the_whole_does(
        choices in prop::collection::vec((0..BLOCKS.len(), 0..BETWEEN.len(), any::<bool>()), 2..12)
    ) {
        let mut text = String::new();
        for (block, between, is_filled) in choices {
            text += BLOCKS[block];
            text += BETWEEN[between];
            if is_filled {
                text += &filler();
            }
        }
        let read = parse(&text, 7);
        let whole = read_as_one(&text);
        if read.problems.diagnostics.is_empty() {
            prop_assert_eq!(whole.problems.diagnostics.len(), 1);
            prop_assert_eq!(read.items, whole.items);
        }
    }
}

/// A value that goes on behind its brace is not cut, even where the rest would be a declaration.
#[test]
fn a_value_that_goes_on_is_not_cut() {
    let text = format!("{}let record = {{\n}}\nand b {{ }}\n{}", filler(), filler());
    assert_eq!(parse(&text, 0).items.len(), read_as_one(&text).items.len());
    assert!(!parse(&text, 0).problems.diagnostics.is_empty());
}

/// As the program reads them: from a file, on several threads.
#[test]
fn threads_read_what_one_does() {
    let stages = |from: usize| {
        (from..from + 900)
            .map(|n| format!("subset s{n}: d {{\n    seed: {n}\n}}\n"))
            .collect::<String>()
    };
    let head = "experiment long { seed: 1 }\ndataset d: phantom { count: 100 }\n";
    let text = format!("{head}{}{}{}", stages(0), filler(), stages(900));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("long.msx");
    fs::write(&path, &text).expect("the disk takes it");
    let (files, source) = ProjectFiles::open(&path, None).expect("it was just written");
    let schemas = msx::stages::schemas();
    let threads = compile(&source, &files, &schemas, &[]).expect("no mistakes").experiment;
    let one = compile(&source, &Alone, &schemas, &[]).expect("no mistakes").experiment;
    assert_eq!(threads.stages.len(), 1_801);
    assert_eq!(threads, one);
}

/// Threads have small stacks, those of tests like those of the program.
#[test]
fn pieces_are_as_deep_as_files_may_be() {
    let lists = format!("let deep = {}1{}", "[".repeat(63), "]".repeat(63));
    let sum = format!("let sum = 1{}", " + 1".repeat(990));
    let block = "subset fold: d {\n}\n";
    let text = format!("{block}{lists}\n{}{block}{sum}\n{}", filler(), filler()).repeat(4);
    let read = parse(&text, 0);
    assert!(read.problems.diagnostics.is_empty(), "{:?}", read.problems.diagnostics);
    assert_eq!(read.items.len(), 4 * 6);
}
