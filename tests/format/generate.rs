//! Random files, from the grammar.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Names, some of which begin like a word of the language.
fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "k", "fold", "iffy", "notes", "byte", "order", "android", "long_name_2", "e5"])
}

fn number() -> impl Strategy<Value = String> {
    let digits = select(vec!["0", "12", "12_000", "0.5", "1e-3", "2.5E+4"]);
    let unit = select(vec!["", "px", "%", " kimg", "\t GiB", " %"]);
    (digits, unit).prop_map(|(digits, unit)| format!("{digits}{unit}"))
}

fn text(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let words = select(vec!["", "a b", "# no comment", "é,", r#"\"\\ \n"#, r"\{k\}", "  "]);
    (words, option::of(value)).prop_map(|(words, value)| match value {
        Some(value) => format!("\"{words}{{{value}}}{words}\""),
        None => format!("\"{words}\""),
    })
}

/// Values joined by commas, perhaps with one behind the last.
fn joined(values: Vec<String>, last_comma: bool) -> String {
    let comma = if last_comma && !values.is_empty() { "," } else { "" };
    values.join(", ") + comma
}

fn reference(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let selection = vec((name(), value), 0..3).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("[{}]", if members.is_empty() { "*".to_owned() } else { members.join(", ") })
    });
    let part = prop_oneof![name().prop_map(|name| format!(".{name}")), selection];
    (name(), vec(part, 0..3)).prop_map(|(name, parts)| format!("{name}{}", parts.concat()))
}

/// Fields and spreads in braces, with a comma or the end of the line between them.
fn record(value: BoxedStrategy<String>, with_spreads: bool) -> impl Strategy<Value = String> {
    let field_name = prop_oneof![8 => name(), 1 => select(vec!["use", "for", "if", "param"])];
    let is_spread = prop::bool::weighted(if with_spreads { 0.2 } else { 0.0 });
    let field = (is_spread, field_name, value).prop_map(|(is_spread, name, value)| {
        if is_spread { format!("...{value}") } else { format!("{name}: {value}") }
    });
    let end = select(vec![", ", ",\n", "\n", " ,\n\n"]);
    vec((field, end), 0..4).prop_map(|fields| {
        let fields: Vec<String> = fields.into_iter().map(|(field, end)| field + end).collect();
        format!("{{ {} }}", fields.concat())
    })
}

/// A value that needs no parentheses anywhere.
fn primary() -> BoxedStrategy<String> {
    let leaf = prop_oneof![number(), name().prop_map(str::to_owned)].boxed();
    leaf.prop_recursive(2, 12, 3, |inner| {
        let value = expression(inner).boxed();
        let many = vec(value.clone(), 0..3);
        let some = vec(value.clone(), 1..3);
        let argument = (option::of(name()), value.clone()).prop_map(|(name, value)| match name {
            Some(name) => format!("{name}: {value}"),
            None => value,
        });
        prop_oneof![
            text(value.clone()),
            reference(value.clone()),
            record(value.clone(), true),
            (many, any::<bool>()).prop_map(|(all, last)| format!("[{}]", joined(all, last))),
            (some, any::<bool>()).prop_map(|(all, last)| format!("({})", joined(all, last))),
            (name(), vec(argument, 0..3), any::<bool>())
                .prop_map(|(name, all, last)| format!("{name}({})", joined(all, last))),
        ]
    })
    .boxed()
}

fn expression(primary: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let operator = select(vec![" + ", " - ", "*", " / ", " - -"]);
    let sum = (any::<bool>(), primary.clone(), vec((operator, primary), 0..2))
        .prop_map(|(negative, first, rest)| {
            let rest: String =
                rest.into_iter().map(|(sign, value)| format!("{sign}{value}")).collect();
            format!("{}{first}{rest}", if negative { "-" } else { "" })
        })
        .boxed();
    let comparator = select(vec!["==", "!=", "<=", ">=", "<", ">"]);
    let comparison = (sum.clone(), comparator, sum.clone())
        .prop_map(|(left, sign, right)| format!("{left} {sign} {right}"));
    let truth = (vec(Just("not "), 0..3), comparison, select(vec!["and", "or"]), sum.clone())
        .prop_map(|(nots, left, word, right)| format!("{}{left} {word} {right}", nots.concat()))
        .boxed();
    let range =
        (sum.clone(), sum.clone(), option::of(sum.clone())).prop_map(|(first, last, step)| {
            let step = step.map(|step| format!(" by {step}")).unwrap_or_default();
            format!("{first} .. {last}{step}")
        });
    let choice = (truth.clone(), sum.clone(), sum.clone())
        .prop_map(|(truth, yes, no)| format!("if {truth} then {yes} else {no}"));
    prop_oneof![6 => sum, 1 => truth, 1 => range, 1 => choice]
}

fn value() -> BoxedStrategy<String> {
    expression(primary()).boxed()
}

/// A declaration that holds no others.
fn simple_item() -> impl Strategy<Value = String> {
    let settings = || record(value(), false);
    let imported = (name(), option::of(name())).prop_map(|(name, other)| match other {
        Some(other) => format!("{name} as {other}"),
        None => name.to_owned(),
    });
    let kind = (option::of(name()), name()).prop_map(|(import, kind)| match import {
        Some(import) => format!("{import}.{kind}"),
        None => kind.to_owned(),
    });
    let header = option::of(reference(value())).prop_map(|header| match header {
        Some(header) => format!(": {header}"),
        None => String::new(),
    });
    prop_oneof![
        1 => (name(), value()).prop_map(|(name, value)| format!("let {name} = {value}")),
        1 => (name(), name(), value(), option::of(settings())).prop_map(|(name, ty, value, settings)| {
            format!("param {name}: {ty} = {value} {}", settings.unwrap_or_default())
        }),
        1 => (name(), settings()).prop_map(|(name, fields)| format!("experiment {name} {fields}")),
        1 => (name(), name(), vec(value(), 0..4)).prop_map(|(name, word, values)| {
            format!("claim {name}: {word}({})", values.join(", "))
        }),
        1 => name().prop_map(|name| format!("use \"lib/a.msx\" as {name}")),
        1 => vec(imported, 0..4)
            .prop_map(|names| format!("use \"b # {{}}.msx\" {{{}}}", names.join(" , "))),
        4 => (kind, name(), header, record(value(), true))
            .prop_map(|(kind, name, header, block)| format!("{kind} {name}{header} {block}")),
    ]
}

fn item() -> impl Strategy<Value = String> {
    simple_item().boxed().prop_recursive(2, 12, 3, |inner| {
        let body = vec(inner, 0..4).prop_map(|items| format!("{{\n{}\n}}", items.join("\n")));
        let over = (vec(name(), 1..3), value()).prop_map(|(names, value)| {
            let names = names.join(", ");
            format!("{} in {value}", if names.contains(',') { format!("({names})") } else { names })
        });
        let parameter = (name(), name(), option::of(value())).prop_map(|(name, ty, value)| {
            let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{name}: {ty}{value}")
        });
        prop_oneof![
            (vec(over, 1..3), body.clone())
                .prop_map(|(over, body)| format!("for {} {body}", over.join(", "))),
            (name(), vec(parameter, 0..4), body).prop_map(|(name, parameters, body)| {
                format!("template {name}({}) {body}", parameters.join(", "))
            }),
        ]
    })
}

/// A file that can be parsed.
pub fn file() -> impl Strategy<Value = String> {
    vec(item(), 0..4).prop_map(|items| items.join("\n"))
}

/// Pieces of files in no order at all.
pub fn soup() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "=",
        ".",
        "..",
        "...",
        "+",
        "-",
        "*",
        "==",
        "#",
        "# x\n",
        "\"",
        "\\",
        "\n",
        "\n\n",
        "\n    ",
        "\r\n",
        " ",
        "\t",
        "\u{feff}",
        "\u{a0}",
        "\u{c}",
        "é",
        "12",
        "3 px",
        "80%",
        "a",
        "fold",
        "let x = ",
        "let ",
        "for k in ",
        "use ",
        "param p: int = 3",
        "dataset d: phantom { ",
        "subset s: d { }\n",
        "template t(",
        "claim c: f(",
        "if ",
        "then",
        "count: 3",
        "experiment e { }",
        "\nnot a thing\n",
        "\n  lib.kind name {",
        "\"text\"",
        "by",
    ]);
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}
