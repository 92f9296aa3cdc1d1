//! Parameters and what the command line says of them.

use crate::support::{compiled_with, messages_with};
use msx::language::{Alone, Source, parameters};

const TEXT: &str = "experiment e { seed: 1 }
    param count: int = 100 { range: 1..2_000_000, doc: \"How many phantoms\" }
    param classes: word = all { one_of: [all, top] }
    dataset d: phantom { count: count }
    subset s: d { classes: if classes == all then all else top(2) }";

#[test]
fn values_are_held_to_the_range_and_the_choices() {
    assert!(compiled_with(TEXT, &[], &[("count", "2000000"), ("classes", "top")]).is_ok());
    assert_eq!(
        messages_with(TEXT, &[], &[("count", "2000001"), ("classes", "tap")]),
        ["count: 2000001 lies outside 1..2000000", "classes: tap is none of the choices"]
    );
}

#[test]
fn what_a_parameter_is_for_stands_in_its_messages() {
    let errors = compiled_with(TEXT, &[], &[("count", "2px")]).expect_err("px is no int");
    let help = errors[0].help.clone().unwrap_or_default();
    assert!(help.contains("(How many phantoms)"), "{help}");
}

#[test]
fn tools_can_ask_for_the_parameters() {
    let found = parameters(&Source::new("e.msx", TEXT), &Alone);
    let shown: Vec<String> = found
        .iter()
        .map(|info| format!("{}: {} {:?}", info.name, info.type_name, info.doc))
        .collect();
    assert_eq!(shown, ["count: int Some(\"How many phantoms\")", "classes: word None"]);
}
