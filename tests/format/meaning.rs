//! A formatted file means the same stages, claims and messages.

use super::generate::file;
use super::noise::with_noise;
use msx::language::experiment::Experiment;
use msx::language::format::format;
use msx::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType, Schemas};
use msx::language::value::{Dimension, Value};
use msx::language::{Alone, Source, compile};
use proptest::collection::vec;
use proptest::prelude::*;

fn method(kind: &'static str, method: &'static str, header: Header) -> MethodSchema {
    MethodSchema {
        kind,
        method,
        summary: "For a test.",
        docs: "",
        example: "",
        revision: 1,
        header,
        fields: Vec::new(),
        outputs: Vec::new(),
    }
}

fn output(name: &'static str, kind: OutputType) -> Output {
    Output { name, kind, doc: "For a test." }
}

/// Three kinds that take one from another.
fn schemas() -> Schemas {
    let whole = || FieldType::Int { min: 0, max: 1_000_000 };
    let of = |role, kinds| Header::Stage { role, kinds };
    let pixels = FieldType::Quantity { dimension: Dimension::Pixels, min: 1.0, max: 1024.0 };
    let share = FieldType::Quantity { dimension: Dimension::Fraction, min: 0.0, max: 1.0 };
    let fold = || FieldType::Output(OutputType::Fold);
    Schemas::new(vec![
        MethodSchema {
            fields: vec![
                Field::required("count", whole(), ""),
                Field::optional("size", pixels, ""),
                Field::optional("note", FieldType::Text, ""),
            ],
            outputs: vec![output("data", OutputType::Dataset)],
            ..method("dataset", "phantom", Header::Method)
        },
        MethodSchema {
            fields: vec![Field::seed(), Field::optional("share", share, "")],
            outputs: vec![output("train", OutputType::Fold), output("valid", OutputType::Fold)],
            ..method("subset", "", of("of", &["dataset"]))
        },
        MethodSchema {
            fields: vec![
                Field::required("train", fold(), ""),
                Field::required("valid", fold(), ""),
                Field::default("epochs", whole(), Value::Int(3), ""),
                Field::default("mirror", FieldType::Bool, Value::Bool(true), ""),
                Field::optional("widths", FieldType::List(Box::new(whole())), ""),
            ],
            outputs: vec![output("weights", OutputType::Classifier)],
            ..method("classifier", "cnn", Header::Method)
        },
    ])
}

/// What a file means, without places in it.
fn meaning(text: &str) -> Result<Experiment, Vec<String>> {
    match compile(&Source::new("any.msx", text), &Alone, &schemas(), &[]) {
        Ok(compiled) => {
            let mut experiment = compiled.experiment;
            experiment.stages.iter_mut().for_each(|stage| stage.span = 0..0);
            experiment.claims.iter_mut().for_each(|claim| claim.span = 0..0);
            Ok(experiment)
        }
        Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
    }
}

/// An experiment without mistakes.
fn experiment() -> impl Strategy<Value = String> {
    let items = (1..400_i64, 1..400_i64, any::<bool>()).prop_map(|(n, m, quick)| {
        vec![
            format!("experiment e {{ title: \"Of {n} # images\", seed: {m} }}"),
            format!("param p: int = {n} {{ range: 1..500, doc: \"How many\" }}"),
            format!("let base = {{ epochs: if {quick} then p * 2 else {m} + 400 - ({n} - {m}) , mirror: not true }}"),
            format!("let sizes = [{n}, {m}, p, {n} + {m}, 1_000]"),
            format!("dataset d: phantom {{ count: 3 * {n} size: 32 px, note: \"{{ {n} + p}} images # here\" }}"),
            format!(
                "for (k, n) in [(1, {n}), (2, {m})], s in 1 .. 3 {{\n\
                 subset fold: d {{ seed: n + s, share: {m}% / 4 }}\n\
                 classifier c: cnn {{ train: fold.train, valid: fold.valid, ...base, epochs: k }} }}"
            ),
            "template trained(f: subset, epochs: int = 100) {\n\
             classifier c: cnn { train: f.train\n valid: f.valid, epochs: epochs, widths: sizes } }"
                .to_owned(),
            format!("trained t {{ f: fold[k: 2, s: 3], epochs: {n} }}"),
            "classifier all: cnn { train: fold[k: 1, s: 2].train, valid: fold[s: 1, k: 2,].valid ...base }"
                .to_owned(),
        ]
    });
    items.prop_flat_map(|items| Just(items).prop_shuffle()).prop_map(|items| items.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn experiments_have_the_same_stages(
        text in experiment(), noise in vec(any::<u8>(), 1..80), width in 20_usize..120,
    ) {
        let noisy = with_noise(&text, &noise);
        let before = meaning(&text);
        prop_assert!(before.is_ok(), "{:?} of {}", before, text);
        let after = format(&Source::new("any.msx", noisy), width).text;
        prop_assert_eq!(before, meaning(&after), "of {}", after);
    }

    #[test]
    fn any_file_has_the_same_messages(text in file(), width in 20_usize..120) {
        let after = format(&Source::new("any.msx", text.as_str()), width).text;
        prop_assert_eq!(meaning(&text), meaning(&after), "of {} and {}", text, after);
    }
}
