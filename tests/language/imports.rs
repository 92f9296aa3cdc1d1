//! Several files mean what one file would.

use crate::support::{compiled_with, keys, labels, messages_with, must_compile, must_compile_with};
use msx::language::value::Value;

const LIBRARY: &str = "
# A library needs no header.
param count: int = 500
param table: path = \"table.csv\"
dataset raw: phantom { count: count }
dataset other: chexpert { csv: table }
subset chest: raw { classes: top(4) }
let base = { epochs: 3, batch: 16 }
template judged(fold: subset, epochs: int = 2) {
    classifier c: cnn { train: fold.train, valid: chest.valid, epochs: epochs }
    evaluate auc: c { test: fold.test }
}
report everything { }
";

const ALONE: &str = "experiment e { seed: 1 }
    dataset raw: phantom { count: 500 }
    subset chest: raw { classes: top(4) }
    classifier own: cnn { train: chest.train, valid: chest.valid, epochs: 3, batch: 16 }
    classifier c: cnn { train: chest.train, valid: chest.valid, epochs: 2 }
    evaluate auc: c { test: chest.test }
    report page { }";

#[test]
fn names_of_another_file_mean_what_they_would_here() {
    let chosen = "use \"lib/chest.msx\" { chest as fold, base, judged }
        experiment e { seed: 1 }
        classifier own: cnn { train: fold.train, valid: fold.valid, ...base }
        judged a { fold: fold }
        report page { }";
    let whole = "use \"lib/chest.msx\" as lib
        experiment e { seed: 1 }
        classifier own: cnn { train: lib.chest.train, valid: lib.chest.valid, ...lib.base }
        lib.judged a { fold: lib.chest }
        report page { }";
    let files = [("lib/chest.msx", LIBRARY)];
    let (chosen, whole) = (must_compile_with(chosen, &files), must_compile_with(whole, &files));
    assert_eq!(keys(&chosen), keys(&must_compile(ALONE)));
    assert_eq!(keys(&whole), keys(&must_compile(ALONE)));
    assert_eq!(labels(&chosen), ["chest.raw", "fold", "own", "a.c", "a.auc", "page"]);
    assert_eq!(labels(&whole), ["lib.raw", "lib.chest", "own", "a.c", "a.auc", "page"]);
    assert!(chosen.warnings.is_empty(), "{:?}", chosen.warnings);
    assert!(whole.warnings.is_empty(), "{:?}", whole.warnings);
}

#[test]
fn a_stage_that_is_imported_by_name_belongs_to_the_experiment() {
    let text = "use \"lib/chest.msx\" { other }\nexperiment e { seed: 1 }";
    let compiled = must_compile_with(text, &[("lib/chest.msx", LIBRARY)]);
    assert_eq!(labels(&compiled), ["other"]);
    assert!(compiled.warnings.is_empty(), "{:?}", compiled.warnings);
}

#[test]
fn paths_of_a_library_are_relative_to_its_folder() {
    let library = "param a: path = \"a.csv\"\ndataset one: chexpert { csv: a }
        dataset two: chexpert { csv: \"b.csv\" }
        dataset three: chexpert { csv: \"/c.csv\" }
        template read(csv: path) { dataset d: chexpert { csv: csv } }
        param root: path = \"data\"\ndataset four: chexpert { csv: \"{root}/d.csv\" }";
    let text = "use \"lib/x.msx\" { one, two, three, four, read, a }\nexperiment e { seed: 1 }
        read here { csv: \"e.csv\" }\ndataset again: chexpert { csv: a }";
    let compiled = must_compile_with(text, &[("lib/x.msx", library)]);
    let paths: Vec<String> = compiled
        .experiment
        .stages
        .iter()
        .map(|stage| match &stage.parameters["csv"] {
            Value::Text(path) => path.clone(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(paths, ["lib/a.csv", "lib/b.csv", "/c.csv", "lib/data/d.csv", "e.csv", "lib/a.csv"]);
}

#[test]
fn the_command_line_reaches_imported_parameters() {
    let files = [("lib/chest.msx", LIBRARY)];
    let count = |text: &str, name: &str| {
        let compiled = compiled_with(text, &files, &[(name, "77")]).expect("no mistakes");
        compiled.experiment.stages[0].parameters["count"].clone()
    };
    let chosen = "use \"lib/chest.msx\" { chest, count as images }\nexperiment e { seed: 1 }
        classifier c: cnn { train: chest.train, valid: chest.valid, epochs: images }";
    let whole = "use \"lib/chest.msx\" as lib\nexperiment e { seed: 1 }
        classifier c: cnn { train: lib.chest.train, valid: lib.chest.valid }";
    assert_eq!(count(chosen, "images"), Value::Int(77));
    assert_eq!(count(whole, "lib.count"), Value::Int(77));
    assert_eq!(
        messages_with(whole, &files, &[("count", "77")]),
        ["the file has no parameter `count`"]
    );
}

#[test]
fn a_file_is_read_once_however_often_it_is_imported() {
    let files = [
        ("base.msx", "dataset raw: phantom { count: 300 }"),
        ("one.msx", "use \"base.msx\" { raw }\nsubset one: raw { }"),
        ("two.msx", "use \"base.msx\" as base\nsubset two: base.raw { classes: top(2) }"),
    ];
    let text = "use \"one.msx\" { one }\nuse \"two.msx\" { two }\nexperiment e { seed: 1 }";
    assert_eq!(labels(&must_compile_with(text, &files)), ["base.raw", "one", "two"]);
}

#[test]
fn mistakes_in_a_library_are_found_in_its_parts_that_nobody_uses() {
    let files = [("lib.msx", "dataset a: phantom { }\ndataset b: phantom { size: 3 }")];
    let text = "use \"lib.msx\" { a }\nexperiment e { seed: 1 }";
    let found = messages_with(text, &files, &[]);
    assert_eq!(found, ["`size` wants a size in pixels, not a number without a unit"]);
}
