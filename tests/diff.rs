//! What `graph::diff` calls a difference, and what `share::judge` calls the same.

use msx::graph::diff::{Difference, Side, diff};
use msx::graph::{Digest, Fingerprint, Graph, OutputDigests};
use msx::language::value::Value;
use msx::language::{Alone, Source, compile};
use msx::share::{Kept, Verdict, agree, judge};
use msx::stages::{Figure, schemas};
use msx::store::Provenance;

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
    classifier c: cnn { valid: fake.valid, train: fake.train, batch: 48 }
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

fn figure(value: f64, interval: Option<(f64, f64)>) -> Figure {
    Figure { name: "mean AUROC".to_owned(), value, interval }
}

/// A training and its evaluation: `bytes` differ where the training's outputs do.
fn kept(bytes: &str, auroc: f64, alter: impl Fn(&mut Kept)) -> [Kept; 2] {
    let digest = |text: &str| Digest::derive("a test", text.as_bytes());
    let stage = |name: &str, figures| {
        let mut kept = Kept {
            name: name.to_owned(),
            key: Fingerprint::new(name, "", 1).key(),
            fingerprint: Fingerprint::new(name, "", 1),
            outputs: OutputDigests::from_iter([("out", digest(bytes))]),
            provenance: Provenance {
                msx: "1".to_owned(),
                device: "cpu".to_owned(),
                platform: "linux-x86_64".to_owned(),
                threads: 1,
                seconds: 1.0,
                peak_memory: None,
            },
            figures,
        };
        alter(&mut kept);
        kept
    };
    [stage("g", vec![]), stage("auc", vec![figure(auroc, Some((auroc - 0.05, auroc + 0.05)))])]
}

fn verdict(before: [Kept; 2], after: [Kept; 2]) -> Verdict {
    judge(&before.into_iter().zip(after).collect::<Vec<_>>())
}

#[test]
fn equal_bytes_are_identical_and_others_need_another_machine() {
    let as_it_is = |_: &mut Kept| {};
    let before = || kept("a", 0.8, as_it_is);
    assert_eq!(verdict(before(), kept("a", 0.8, as_it_is)), Verdict::Identical { stages: 2 });
    let said = verdict(before(), kept("b", 0.8, as_it_is)).to_string();
    assert!(said.starts_with("different: g is the first stage that differs (its key"), "{said}");
    let elsewhere = |kept: &mut Kept| kept.provenance.platform = "linux-aarch64".to_owned();
    let said = verdict(before(), kept("b", 0.84, elsewhere)).to_string();
    assert!(said.starts_with("within tolerance: g"), "{said}");
    assert!(
        said.contains("the bundle claims to be made on linux-x86_64, this is linux-aarch64"),
        "{said}"
    );
    let said = verdict(before(), kept("b", 0.86, elsewhere)).to_string();
    assert!(said.starts_with("different: g") && said.contains("mean AUROC 0.800"), "{said}");
    let newer = |kept: &mut Kept| kept.fingerprint.revision = 2;
    let said = verdict(before(), kept("b", 0.8, newer)).to_string();
    assert!(said.contains("the method was revised in msx: 1 → 2"), "{said}");
}

/// What is said of the stages has to be what they gave, and there has to be something to judge.
#[test]
fn a_verdict_passes_nothing_that_was_not_compared() {
    let as_it_is = |_: &mut Kept| {};
    let elsewhere = |kept: &mut Kept| kept.provenance.platform = "linux-aarch64".to_owned();
    let said = verdict(kept("a", 0.9, as_it_is), kept("a", 0.8, as_it_is)).to_string();
    assert!(said.starts_with("altered: ") && said.contains("the figures of auc"), "{said}");
    let other_key = |kept: &mut Kept| kept.key = Digest::derive("a test", b"other");
    let found = verdict(kept("a", 0.8, other_key), kept("a", 0.8, as_it_is));
    assert!(matches!(&found, Verdict::Altered { parts } if parts.len() == 2), "{found}");
    let bare = |kept: &mut Kept| kept.figures.clear();
    let bare_elsewhere = |kept: &mut Kept| {
        elsewhere(kept);
        bare(kept);
    };
    let found = verdict(kept("a", 0.8, bare), kept("b", 0.8, bare_elsewhere));
    assert!(matches!(found, Verdict::NothingToCompare { .. }), "{found}");
    assert!(!found.is_reproduced(false));
    let said = verdict(kept("a", 0.8, bare), kept("b", 0.8, elsewhere)).to_string();
    assert!(said.contains("mean AUROC (absent) → 0.800"), "{said}");
    assert!(matches!(judge(&[]), Verdict::NothingToCompare { .. }));
}

#[test]
fn other_work_is_different_whatever_the_machine() {
    let elsewhere = |kept: &mut Kept| {
        kept.provenance.platform = "linux-aarch64".to_owned();
        if kept.name == "auc" {
            kept.fingerprint.parameters.insert("confidence".to_owned(), Value::fraction(0.9));
        }
    };
    let said = verdict(kept("a", 0.8, |_| {}), kept("b", 0.8, elsewhere)).to_string();
    assert_eq!(said, "different: auc is the first stage that differs (confidence: (absent) → 90%)");
}

#[test]
fn figures_agree_within_both_intervals_or_a_small_step() {
    let wide = |value: f64| figure(value, Some((value - 0.1, value + 0.1)));
    let narrow = |value: f64| figure(value, Some((value - 0.01, value + 0.01)));
    assert!(agree(&wide(0.8), &wide(0.85)));
    assert!(!agree(&wide(0.8), &narrow(0.85)), "0.8 is not in the narrow interval");
    assert!(agree(&figure(0.8, None), &narrow(0.804)));
    assert!(!agree(&figure(0.8, None), &wide(0.81)));
}
