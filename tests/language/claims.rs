//! Claims belong to the experiment and to no key.

use crate::support::{keys, labels, must_compile, must_compile_with};
use msx::language::value::Value;

const TEXT: &str = "experiment e { seed: 1 }
    dataset d: phantom { count: 100 }
    for k in [2, 4] {
        subset fold: d { classes: top(k) }
        classifier c: cnn { train: fold.train, valid: fold.valid }
        evaluate auc: c { test: fold.test }
    }
    compare fig: auroc { candidate: auc[*], baseline: auc[*], over: k }
    report page { }";

const CLAIMS: &str = "
    claim fewer_help: trend(fig.relative, over: k, direction: falling, confidence: 99%)
    claim all_learn: bound(auc[*], at_least: 0.6)
    claim little_matter: equivalence(auc[k: 2].auroc, auc[k: 4].auroc, margin: 2%)
    claim two_win: ordering(auc[k: 2].auroc, auc[k: 4].auroc)";

#[test]
fn claims_change_no_key() {
    let with = must_compile(&format!("{TEXT}{CLAIMS}"));
    assert_eq!(keys(&with), keys(&must_compile(TEXT)));
    assert_eq!(with.experiment.claims.len(), 4);
}

#[test]
fn a_claim_holds_its_measures_and_defaults() {
    let compiled = must_compile(&format!("{TEXT}{CLAIMS}"));
    let [trend, bound, equivalence, _] = compiled.experiment.claims.as_slice() else {
        panic!("{:?}", compiled.experiment.claims)
    };
    assert_eq!(trend.parameters["direction"], Value::word("falling"));
    assert_eq!(trend.parameters["over"], Value::word("k"));
    assert_eq!(trend.parameters["confidence"], Value::fraction(0.99));
    assert_eq!(bound.parameters["confidence"], Value::fraction(0.95));
    assert_eq!(equivalence.parameters["margin"], Value::fraction(0.02));
    let measures = |claim: &msx::language::experiment::TypedClaim| -> Vec<String> {
        let stages = &compiled.experiment.stages;
        let shown = claim.inputs.iter().map(|input| {
            let measure = input.output.clone().unwrap_or_default();
            format!("{} {}.{measure}", input.role, stages[input.stage].label())
        });
        shown.collect()
    };
    assert_eq!(measures(trend), ["what fig.relative"]);
    assert_eq!(measures(bound), ["what auc[k: 2].auroc", "what auc[k: 4].auroc"]);
    assert_eq!(measures(equivalence), ["what auc[k: 2].auroc", "to auc[k: 4].auroc"]);
}

#[test]
fn what_a_claim_is_made_of_belongs_to_the_experiment() {
    let text = "use \"lib.msx\" as lib\nexperiment e { seed: 1 }
        claim high: bound(lib.auc[k: 4], at_least: 0.6)";
    let library = TEXT.replace("report page { }", "");
    let compiled = must_compile_with(text, &[("lib.msx", &library)]);
    let stages = ["lib.d", "lib.fold[k: 4]", "lib.c[k: 4]", "lib.auc[k: 4]"];
    assert_eq!(labels(&compiled), stages);
    assert_eq!(compiled.experiment.claims[0].inputs[0].stage, 3);
}
