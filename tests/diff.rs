//! What `graph::diff` calls a difference.

use msx::graph::Graph;
use msx::graph::diff::{Difference, Side, diff};
use msx::language::{Alone, Source, compile};
use msx::stages::schemas;

const BASE: &str = r#"
experiment e { seed: 1 }
param length: images = 20 kimg
dataset phantoms: phantom { count: 500, size: 16px }
subset fold: phantoms { classes: top(2) }
gan g: cpd { train: fold.train, length: length, batch: 8 }
for k in [1, 2] {
    synth fake: g { like: fold, seed: k }
    classifier c: cnn { train: fake.train, valid: fake.valid }
    evaluate auc: c { test: fold.test }
}
claim good: trend(auc[*].auroc, over: k, direction: rising)
"#;

fn side(text: &str) -> Side {
    let source = Source::new("e.msx", text);
    let compiled = compile(&source, &Alone, &schemas(), &[]).expect("no mistakes");
    let graph = Graph::build(compiled.experiment.stages.clone(), &schemas()).expect("a graph");
    Side::of_file(&graph, &compiled.experiment.claims, |_| None)
}

fn compare(before: &str, after: &str) -> Difference {
    diff(&side(before), &side(after))
}

/// The base with a part replaced, which must be there.
fn edited(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "the base has no `{from}`");
    BASE.replace(from, to)
}

fn words(found: &Difference, text: &str) -> Vec<String> {
    let after = side(text);
    let line = |changed: &msx::graph::diff::Changed| {
        let changes: Vec<String> = changed.changes.iter().map(ToString::to_string).collect();
        let label = &after.stages[changed.after].label;
        format!("{label}: {} ({})", changes.join("; "), changed.affects)
    };
    found.changed.iter().map(line).collect()
}

#[test]
fn comments_order_blank_space_and_written_defaults_mean_nothing() {
    let text = r#"
# A comment.
experiment other { seed: 1, title: "Another title" }
dataset phantoms: phantom { size: 16px, count: 500 }
param length: images = 20 kimg
gan g: cpd { length: 20000 img, train: fold.train, batch: 8, seed: 1 }
subset fold: phantoms { classes: top(2) }
for k in [1, 2] {
    classifier c: cnn { valid: fake.valid, train: fake.train, batch: 32 }
    synth fake: g { seed: k, like: fold, gallery: 8 }
    evaluate auc: c { test: fold.test }
}
claim good: trend(auc[*].auroc, over: k, direction: rising)
"#;
    let found = compare(BASE, text);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(found.pairs.len(), 9);
}

#[test]
fn a_parameter_is_told_once_with_all_that_depends_on_it() {
    let text = edited("= 20 kimg", "= 30 kimg");
    let found = compare(BASE, &text);
    assert_eq!(words(&found, &text), ["g: length: 20 kimg → 30 kimg (6)"]);
    assert!(found.added.is_empty() && found.removed.is_empty() && found.renamed.is_empty());
}

#[test]
fn a_renamed_stage_is_told_from_a_new_one() {
    let text = BASE.replace("gan g:", "gan generator:").replace("fake: g {", "fake: generator {");
    let found = compare(BASE, &text);
    let labels = |(old, new): &(usize, usize)| {
        (side(BASE).stages[*old].label.clone(), side(&text).stages[*new].label.clone())
    };
    let renamed: Vec<_> = found.renamed.iter().map(labels).collect();
    assert_eq!(renamed, [("g".to_owned(), "generator".to_owned())]);
    assert!(found.changed.is_empty() && found.added.is_empty() && found.removed.is_empty());
}

#[test]
fn a_chain_of_renamed_stages_is_followed() {
    let text = BASE
        .replace("subset fold:", "subset parts:")
        .replace("fold.", "parts.")
        .replace("like: fold", "like: parts")
        .replace("gan g:", "gan generator:")
        .replace("fake: g {", "fake: generator {");
    let found = compare(BASE, &text);
    assert_eq!(found.renamed.len(), 2);
    assert!(found.changed.is_empty() && found.added.is_empty() && found.removed.is_empty());
}

#[test]
fn stages_come_and_go() {
    let text = edited("[1, 2]", "[2, 3]");
    let found = compare(BASE, &text);
    let (before, after) = (side(BASE), side(&text));
    let removed: Vec<&str> = found.removed.iter().map(|&i| &*before.stages[i].label).collect();
    let added: Vec<&str> = found.added.iter().map(|&i| &*after.stages[i].label).collect();
    assert_eq!(removed, ["fake[k: 1]", "c[k: 1]", "auc[k: 1]"]);
    assert_eq!(added, ["fake[k: 3]", "c[k: 3]", "auc[k: 3]"]);
}

#[test]
fn another_giver_and_another_method_are_differences_of_the_taker() {
    let text = edited("test: fold.test", "test: fold.valid");
    assert_eq!(
        words(&compare(BASE, &text), &text),
        [
            "auc[k: 1]: test: fold.test → fold.valid (0)",
            "auc[k: 2]: test: fold.test → fold.valid (0)"
        ]
    );
    let text = edited("gan g: cpd", "gan g: prog");
    let found = words(&compare(BASE, &text), &text);
    assert!(found[0].starts_with("g: method: gan cpd → gan prog; "), "{found:?}");
}

#[test]
fn claims_are_compared() {
    let text = edited("direction: rising", "direction: falling");
    let found = compare(BASE, &text);
    assert!(!found.is_empty() && found.changed.is_empty());
    assert_eq!(found.claims[0].0, "good");
}
