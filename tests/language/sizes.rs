//! Large files come to an end, whatever is wrong with them. What is quadratic in these would hang.

use crate::support::{compiled, messages};
use std::fmt::Write;

const DATA: &str = "experiment e { seed: 1 }\ndataset d: phantom { count: 500 }\n";

#[test]
fn a_wide_sweep_finds_its_members_soon() {
    let text = format!(
        "{DATA}for k in 1..30_000 {{ subset fold: d {{ seed: k }}
        classifier c: cnn {{ train: fold.train, valid: fold.valid }} }}"
    );
    assert_eq!(compiled(&text).expect("no mistakes").experiment.stages.len(), 60_001);
}

#[test]
fn reports_of_everything_many_times_are_one_error() {
    let folds = "for k in 1..20_000 { subset fold: d { seed: k } }";
    for reports in ["report r { }", "report r { show: fold[*] }"] {
        let text = format!("{DATA}{folds}\nfor j in 1..2_000 {{ {reports} }}");
        let found = messages(&text);
        assert_eq!(found, ["the values of this file come to more than 10000000"]);
    }
}

#[test]
fn braces_that_close_nothing_are_told_soon() {
    assert!(!messages(&"\n}".repeat(1_000_000)).is_empty());
}

#[test]
fn a_long_circle_is_one_short_message() {
    let mut text = format!("{DATA}subset fold: d {{ }}\n");
    let count = 10_000;
    for number in 0..count {
        let next = (number + 1) % count;
        writeln!(text, "gan g{number}: cpd {{ train: f{next}.train }}\nsynth f{number}: g{number} {{ like: fold }}")
            .expect("a string takes everything");
    }
    let found = messages(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].len() < 300, "{}", found[0]);
}
