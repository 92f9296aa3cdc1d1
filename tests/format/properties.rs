//! What formatting promises for every file there may be.

use super::generate::{file, soup};
use super::noise::with_noise;
use msx::language::Source;
use msx::language::format::format;
use msx::language::syntax::parse;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::Path;

fn formatted(text: &str, width: usize) -> String {
    format(&Source::new("any.msx", text), width).text
}

/// The syntax tree without positions, and the pieces that are in none.
fn tree(text: &str) -> (String, Vec<String>) {
    let parsed = parse(text, 0);
    let items = format!("{:#?}", parsed.items);
    let is_span = |line: &&str| line.trim_start().starts_with("span: ");
    let items: Vec<&str> = items.lines().filter(|line| !is_span(line)).collect();
    let is_blank = |character: char| character.is_whitespace() || character == '\u{feff}';
    let piece =
        |span: &Range<usize>| text[span.clone()].trim_matches(is_blank).replace("\r\n", "\n");
    let pieces = parsed.problems.pieces.iter().map(piece);
    (items.join("\n"), pieces.collect())
}

/// All that must survive, comments among it, in its order.
fn ink(text: &str) -> String {
    let is_ink = |character: &char| !character.is_whitespace() && !",\u{feff}".contains(*character);
    text.chars().filter(is_ink).collect()
}

fn holds_for(text: &str, width: usize) -> Result<String, TestCaseError> {
    let once = formatted(text, width);
    prop_assert_eq!(ink(text), ink(&once), "of {:?}", text);
    prop_assert_eq!(tree(text), tree(&once), "{:?} became {:?}", text, once);
    let twice = formatted(&once, width);
    prop_assert_eq!(&once, &twice, "of {:?}", text);
    Ok(once)
}

/// The line without its comment and with strings that hold nothing.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut is_text = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if is_text => drop(characters.next()),
            '"' => is_text = !is_text,
            '#' if !is_text => break,
            _ if is_text => {}
            _ => code.push(character),
        }
    }
    code
}

/// A place in the line where it could have been broken.
fn could_be_broken(line: &str) -> bool {
    let code = code(line);
    let code = code.trim();
    let inner_operators = [" + ", " - ", " * ", " / ", " == ", " and ", " or ", " then ", " else "];
    let has_operator = inner_operators.iter().any(|operator| code.contains(operator));
    let opens_and_closes = |open: char, close: char| {
        let after = code.split_once(open).map(|(_, after)| after.trim_start());
        after.is_some_and(|after| !after.starts_with(close) && after.contains(close))
    };
    has_operator
        || opens_and_closes('{', '}')
        || opens_and_closes('[', ']')
        || opens_and_closes('(', ')')
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 10_000, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn files_keep_all_but_their_blank_space(
        text in file(), noise in vec(any::<u8>(), 1..80), width in 20_usize..120,
    ) {
        prop_assert!(parse(&text, 0).problems.pieces.is_empty(), "{} is no file", text);
        holds_for(&text, width)?;
        let noisy = with_noise(&text, &noise);
        prop_assert_eq!(tree(&text), tree(&noisy), "the noise of {:?} changed it", noisy);
        holds_for(&noisy, width)?;
        holds_for(&noisy.replace('\n', "\r\n"), width)?;
    }

    #[test]
    fn lines_are_no_wider_than_they_must_be(text in file(), width in 40_usize..120) {
        // Strings may hold values, which stay as they are.
        prop_assume!(!text.contains('"'));
        for line in formatted(&text, width).lines() {
            let is_too_wide = code(line).trim_end().chars().count() > width;
            prop_assert!(!is_too_wide || !could_be_broken(line), "{} columns: {}", width, line);
        }
    }

    #[test]
    fn what_cannot_be_read_stays(text in soup(), width in 20_usize..120) {
        holds_for(&text, width)?;
    }

    #[test]
    fn any_text_survives(text in any::<String>(), width in 0_usize..120) {
        holds_for(&text, width)?;
    }
}

/// Each file of the repository with random gaps, and each broken one as it is.
#[test]
fn files_of_the_repository_keep_their_trees() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["examples", "experiments", "tests/ui", "tests/format/cases"] {
        for entry in fs::read_dir(root.join(folder)).expect("the folder is in the repository") {
            let path = entry.expect("readable").path();
            if path.extension().is_none_or(|extension| extension != "msx") {
                continue;
            }
            count += 1;
            let text = fs::read_to_string(&path).expect("UTF-8");
            let check = |text: &str| {
                if let Err(error) = holds_for(text, 100) {
                    panic!("{}: {error}", path.display());
                }
            };
            check(&text);
            if !parse(&text, 0).problems.diagnostics.is_empty() {
                continue;
            }
            for seed in 0..40_u8 {
                let noise: Vec<u8> = (1..90)
                    .map(|step: u8| seed.wrapping_mul(31) ^ step.wrapping_mul(seed + 7))
                    .collect();
                check(&with_noise(&text, &noise));
            }
        }
    }
    assert!(count >= 20, "only {count} files");
}
