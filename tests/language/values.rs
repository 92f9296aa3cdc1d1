//! Ranges, conditions, strings, spreads.

use crate::support::{compiled, labels, messages, must_compile, value_of};
use msx::language::value::Value;

/// The values that a loop over an expression runs through, as labels show them.
fn rounds(values: &str) -> Vec<String> {
    let text =
        format!("experiment e {{ seed: 1 }}\nfor k in {values} {{ dataset d: phantom {{ }} }}");
    let label = |label: String| label["d[k: ".len()..label.len() - 1].to_owned();
    labels(&must_compile(&text)).into_iter().map(label).collect()
}

#[test]
fn a_range_holds_both_its_ends() {
    assert_eq!(rounds("2..6"), ["2", "3", "4", "5", "6"]);
    assert_eq!(rounds("2..7 by 2"), ["2", "4", "6"]);
    assert_eq!(rounds("10 kimg..30 kimg by 10 kimg"), ["10 kimg", "20 kimg", "30 kimg"]);
    assert_eq!(rounds("5..5"), ["5"]);
}

#[test]
fn steps_of_a_range_are_the_numbers_that_one_would_write() {
    assert_eq!(rounds("0.1..0.3 by 0.1"), ["0.1", "0.2", "0.3"]);
    assert_eq!(rounds("0.1..0.3 by 0.1"), rounds("[0.1, 0.2, 0.3]"));
    assert_eq!(rounds("10%..30% by 10%"), rounds("[10%, 20%, 30%]"));
}

#[test]
fn a_condition_chooses_a_value() {
    for (condition, holds) in [
        ("true", true),
        ("1 < 2 and 2 <= 2", true),
        ("1 > 2 or 2 >= 3", false),
        ("not 1 == 2", true),
        ("cpd != prog", true),
        ("\"a\" == \"a\"", true),
        ("1000 img == 1 kimg", true),
        ("not not false", false),
        ("true or false and false", true),
        ("(true or false) and false", false),
    ] {
        let value = value_of("count", &format!("if {condition} then 3 else 100"));
        assert_eq!(value, Value::Int(if holds { 3 } else { 100 }), "{condition}");
    }
}

#[test]
fn only_the_side_that_is_taken_counts_but_both_are_used() {
    let text = "experiment e { seed: 1 }\nlet n = 0\nlet other = 7\n\
                dataset d: phantom { count: if n == 0 then 5 else other / n }";
    let compiled = must_compile(text);
    assert_eq!(compiled.experiment.stages[0].parameters["count"], Value::Int(5));
    assert!(compiled.warnings.is_empty(), "{:?}", compiled.warnings);
}

#[test]
fn strings_take_values() {
    let path = |expression: &str| value_of("path", expression);
    assert_eq!(
        path("\"data/{2 + 3}/{if true then cpd else prog}.csv\""),
        Value::Text("data/5/cpd.csv".to_owned())
    );
    assert_eq!(path("\"{\"a{1}\"}b\""), Value::Text("a1b".to_owned()));
    assert_eq!(path("\"\\{k\\}\""), Value::Text("{k}".to_owned()));
    assert_eq!(path("\"{12_000 kimg}, {80%}\""), Value::Text("12 Mimg, 80%".to_owned()));
}

#[test]
fn what_is_written_wins_over_what_is_spread_and_later_over_earlier() {
    let text = "experiment e { seed: 1 }
        let one = { count: 1, size: 8px }
        let two = { ...one, count: 2, seed: 5 }
        dataset a: phantom { ...two }
        dataset b: phantom { count: 3, ...two }
        dataset c: phantom { ...two, ...one }";
    let stages = must_compile(text).experiment.stages;
    let of = |index: usize, field: &str| stages[index].parameters[field].clone();
    assert_eq!([of(0, "count"), of(1, "count"), of(2, "count")], [2, 3, 1].map(Value::Int));
    assert_eq!([of(0, "seed"), of(1, "seed"), of(2, "seed")], [5, 5, 5].map(Value::Int));
    assert_eq!(of(0, "size"), of(2, "size"));
}

#[test]
fn a_product_is_nested_loops() {
    let with = |loops: &str, end: &str| {
        let text = format!(
            "experiment e {{ seed: 1 }}\nfor {loops} {{ dataset d: phantom {{ count: k }} {end} }}"
        );
        labels(&must_compile(&text))
    };
    let product = with("k in [2, 4], (arch, n) in [(prog, 1), (cpd, 2)]", "");
    assert_eq!(product, with("k in [2, 4] { for (arch, n) in [(prog, 1), (cpd, 2)]", "}"));
    assert_eq!(product[1], "d[k: 2, arch: cpd, n: 2]");
}

#[test]
fn the_new_words_are_names_still() {
    let text = "experiment e { seed: 1 }\nlet by = 2\nlet then = 3\nlet template = 4\n\
                for or in by..then by by { dataset use: phantom { count: template } }";
    assert_eq!(labels(&must_compile(text)), ["use[or: 2]"]);
}

#[test]
fn what_grows_too_large_is_one_error_at_once() {
    let mut lists = "experiment e { seed: 1 }\nlet a0 = [1, 2]\n".to_owned();
    let mut strings = "experiment e { seed: 1 }\nlet a0 = \"0123456789\"\n".to_owned();
    for number in 1..60 {
        let before = number - 1;
        lists.push_str(&format!("let a{number} = [a{before}, a{before}]\n"));
        strings.push_str(&format!("let a{number} = \"{{a{before}}}{{a{before}}}\"\n"));
    }
    lists.push_str("for k in a59 { dataset d: phantom { count: k } }");
    strings.push_str("dataset d: folder { path: a59 }");
    let wide = "experiment e { seed: 1 }\n\
                for a in 1..1000, b in 1..1000 { dataset d: phantom { count: a, seed: b } }";
    let again = "experiment e { seed: 1 }\n\
                 for a in 1..50_000 { let b = 1..50_000\n for c in b { dataset d: phantom { } } }";
    let range = "experiment e { seed: 1 }\nfor k in 1..1_000_000 { dataset d: phantom { } }";
    for (text, size) in [
        (lists.as_str(), "10000000"),
        (strings.as_str(), "65536"),
        (wide, "100000"),
        (again, "100000"),
        (range, "1000000"),
    ] {
        let found = messages(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(size), "{found:?}");
    }
}

/// The stack is the limit that must never be met.
#[test]
fn what_grows_too_deep_is_one_error() {
    let header = "experiment e { seed: 1 }\n";
    let chain = |count: usize, value: &dyn Fn(usize) -> String, forwards: bool| {
        let mut lines: Vec<String> =
            (0..count).map(|number| format!("let a{number} = {}\n", value(number + 1))).collect();
        lines.push(format!("let a{count} = 1\n"));
        if !forwards {
            lines.reverse();
        }
        format!("{header}{}dataset d: phantom {{ count: a0 }}", lines.concat())
    };
    let list = |next: usize| format!("{}a{next}{}", "[".repeat(60), "]".repeat(60));
    let sum = |next: usize| format!("a{next}{}", " + 1".repeat(900));
    let plain = |next: usize| format!("a{next}");
    for forwards in [true, false] {
        for (count, value) in
            [(300, &list as &dyn Fn(usize) -> String), (300, &sum), (50_000, &plain)]
        {
            if let Err(errors) = compiled(&chain(count, value, forwards)) {
                let deep = errors.iter().filter(|error| error.message.contains(" deep"));
                assert_eq!(deep.count(), 1, "{errors:?}");
            }
        }
    }
    assert!(compiled(&chain(1000, &plain, true)).is_err());
    assert!(compiled(&chain(100, &plain, true)).is_ok());
    let longest = format!("{header}dataset d: phantom {{ count: 1{} }}", " + 1".repeat(1000));
    assert!(compiled(&longest).is_ok());
}

#[test]
fn a_stage_of_the_same_name_is_no_word_of_a_string() {
    assert!(compiled("experiment e { seed: 1 }\ndataset d: folder { path: \"{d}\" }").is_err());
}
