//! The benchmark over its libraries: the tables of arXiv 2012.03769 row by row, and the keys that it
//! had written out.

use crate::sources::Folder;
use crate::support::{keys, must_compile};
use msx::language::experiment::TypedStage;
use msx::language::value::Value;
use msx::language::{Compiled, compile};
use std::fs;
use std::path::Path;

/// One fold: its label sets, images in train, valid and test, and the side.
type Row = (&'static str, [&'static str; 3], &'static str);

fn benchmark(name: &str) -> Compiled {
    let folder = Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments"));
    let compiled = compile(&folder.open(name), &folder, &msx::stages::schemas(), &[]);
    let compiled = compiled.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    assert!(compiled.warnings.is_empty(), "{name}: {:?}", compiled.warnings);
    compiled
}

fn of_kind<'a>(compiled: &'a Compiled, kind: &'a str) -> impl Iterator<Item = &'a TypedStage> {
    compiled.experiment.stages.iter().filter(move |stage| stage.kind == kind)
}

#[test]
fn the_benchmark_has_the_keys_that_it_had_written_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["chest_classes.msx", "chest_samples.msx"] {
        let written_out = root.join("tests/language/written_out").join(name);
        let written_out = must_compile(&fs::read_to_string(written_out).expect("readable"));
        assert_eq!(keys(&benchmark(name)), keys(&written_out), "{name}");
    }
}

/// Images of a fold as the file gives them: `4000` in all, `190 each`, or all there are.
fn count(stage: &TypedStage, fold: &str) -> String {
    let number = |field: &str| match stage.parameters.get(field)? {
        Value::Record(counts) => counts.get(fold).map(ToString::to_string),
        other => panic!("{field} is {other}"),
    };
    number("total")
        .or_else(|| number("per_class").map(|each| format!("{each} each")))
        .unwrap_or_else(|| "all".to_owned())
}

/// Fails unless the folds are these, each with one classifier of real images, and two GANs with a
/// classifier of their images.
#[track_caller]
fn holds(name: &str, rows: &[Row]) {
    let compiled = benchmark(name);
    let folds: Vec<_> = of_kind(&compiled, "subset")
        .map(|fold| {
            let text = |field: &str| fold.parameters[field].to_string().replace("count: ", "");
            (
                text("classes"),
                ["train", "valid", "test"].map(|part| count(fold, part)),
                text("size"),
            )
        })
        .collect();
    let expected: Vec<_> = rows
        .iter()
        .map(|(classes, counts, size)| {
            ((*classes).to_owned(), counts.map(str::to_owned), (*size).to_owned())
        })
        .collect();
    assert_eq!(folds, expected, "{name}");
    let counts = ["dataset", "subset", "gan", "synth", "classifier", "evaluate", "neighbours"]
        .map(|kind| of_kind(&compiled, kind).count());
    let n = rows.len();
    assert_eq!(counts, [1, n, 2 * n, 2 * n, 3 * n, 3 * n, 2 * n], "{name}");
    // What is left is the comparison and the report.
    assert_eq!(compiled.experiment.stages.len(), 13 * n + 3, "{name}");
    assert!(of_kind(&compiled, "classifier").all(|stage| stage.method == "densenet121"));
}

#[test]
fn fewer_and_fewer_classes() {
    let chest = |classes, train| (classes, [train, "190 each", "170 each"], "32px");
    holds(
        "chest_classes.msx",
        &[
            chest("top(20)", "1450 each"),
            chest("top(15)", "1600 each"),
            chest("top(10)", "2000 each"),
            chest("top(6)", "2300 each"),
            chest("top(4)", "3900 each"),
            chest("top(2)", "6300 each"),
        ],
    );
    let brain = |classes, train| (classes, [train, "300 each", "200 each"], "32px");
    holds(
        "brain_classes.msx",
        &[
            brain("top(10)", "2500 each"),
            brain("top(8)", "3120 each"),
            brain("top(6)", "4170 each"),
            brain("top(4)", "6250 each"),
            brain("top(2)", "12500 each"),
        ],
    );
}

#[test]
fn fewer_and_fewer_images() {
    let chest = |train| ("min_count(7401)", [train, "750 each", "750 each"], "32px");
    holds(
        "chest_samples.msx",
        &[
            "5950 each",
            "4500 each",
            "3000 each",
            "1500 each",
            "1000 each",
            "500 each",
            "400 each",
            "200 each",
        ]
        .map(chest),
    );
    let brain = |train| ("top(6)", [train, "500 each", "500 each"], "32px");
    holds(
        "brain_samples.msx",
        &[
            "5400 each",
            "4500 each",
            "3000 each",
            "1500 each",
            "1000 each",
            "500 each",
            "300 each",
            "100 each",
        ]
        .map(brain),
    );
}

#[test]
fn larger_and_larger_images() {
    for (name, classes) in
        [("chest_resolution.msx", "min_count(257)"), ("brain_resolution.msx", "min_count(111)")]
    {
        let row = |size| (classes, ["all", "4000", "4000"], size);
        holds(name, &["32px", "64px", "128px"].map(row));
        let compiled = benchmark(name);
        let lengths: Vec<String> = of_kind(&compiled, "gan")
            .map(|gan| {
                let text =
                    |field: &str| gan.parameters.get(field).map_or(String::new(), Value::to_string);
                format!("{} {} {}", gan.method, text("length"), text("phase"))
            })
            .collect();
        let expected = [
            "prog 12 Mimg 1.4 Mimg",
            "cpd 12 Mimg ",
            "prog 14 Mimg 1 Mimg",
            "cpd 14 Mimg ",
            "prog 16 Mimg 1 Mimg",
            "cpd 16 Mimg ",
        ];
        assert_eq!(lengths, expected, "{name}");
    }
}

/// What the paper says of the data holds for the brain's data set without a word in the file.
#[test]
fn the_brain_is_read_as_in_the_paper() {
    let compiled = benchmark("brain_classes.msx");
    let brain = of_kind(&compiled, "dataset").next().expect("a data set");
    let text = |field: &str| brain.parameters[field].to_string();
    assert_eq!(text("no_finding"), "at_most(count: 107365)");
    assert_eq!((text("window"), text("size")), ("brain".to_owned(), "256px".to_owned()));
}
