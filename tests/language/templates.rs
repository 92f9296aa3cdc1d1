//! Templates mean what they would mean written out.

use crate::support::{keys, labels, messages, must_compile, must_compile_with};

const DATA: &str = "experiment e { seed: 1 }\ndataset d: phantom { count: 500 }\n";

const JUDGED: &str = "
template judged(fold: subset, arch: word, epochs: int = 100) {
    gan        g: arch { train: fold.train }
    synth      fake: g { like: fold }
    classifier c: cnn { train: fake.train, valid: fake.valid, epochs: epochs }
    evaluate   auc: c { test: fold.test }
}";

#[test]
fn an_instance_is_what_its_template_says_written_out() {
    let with = format!(
        "{DATA}{JUDGED}
        for k in [2, 4] {{
            subset fold: d {{ classes: top(k) }}
            judged a {{ fold: fold, arch: prog }}
            judged b {{ fold: fold, arch: cpd, epochs: 3 }}
        }}
        compare best: auroc {{ candidate: a.auc[*], baseline: b.auc[*], over: k }}
        report page {{ show: [a[k: 2].auc, b.auc[k: 4], best] }}"
    );
    let without = format!(
        "{DATA}
        for k in [2, 4] {{
            subset fold: d {{ classes: top(k) }}
            gan        g_a: prog {{ train: fold.train }}
            synth      fake_a: g_a {{ like: fold }}
            classifier c_a: cnn {{ train: fake_a.train, valid: fake_a.valid }}
            evaluate   auc_a: c_a {{ test: fold.test }}
            gan        g_b: cpd {{ train: fold.train }}
            synth      fake_b: g_b {{ like: fold }}
            classifier c_b: cnn {{ train: fake_b.train, valid: fake_b.valid, epochs: 3 }}
            evaluate   auc_b: c_b {{ test: fold.test }}
        }}
        compare best: auroc {{ candidate: auc_a[*], baseline: auc_b[*], over: k }}
        report page {{ show: [auc_a[k: 2], auc_b[k: 4], best] }}"
    );
    let (with, without) = (must_compile(&with), must_compile(&without));
    assert_eq!(keys(&with), keys(&without));
    assert_eq!(keys(&with).len(), 21);
    assert!(labels(&with).contains(&"a.auc[k: 2]".to_owned()), "{:?}", labels(&with));
}

#[test]
fn loops_inside_and_around_make_families() {
    let text = format!(
        "{DATA}
        template judged(fold: subset) {{
            for arch in [prog, cpd] {{
                gan g: arch {{ train: fold.train }}
                synth fake: g {{ like: fold }}
                classifier c: cnn {{ train: fake.train, valid: fold.valid }}
                evaluate auc: c {{ test: fold.test }}
            }}
        }}
        for k in [2, 4] {{
            subset fold: d {{ classes: top(k) }}
            judged a {{ fold: fold }}
            neighbours nn: a.c[arch: cpd] {{ of: a.fake[arch: prog].test, among: fold.test }}
        }}
        compare one: auroc {{ candidate: a.auc[arch: cpd], baseline: a[k: 2].auc[arch: prog], over: k }}
        report page {{ show: [a[*].auc, a.g[arch: cpd], a[arch: prog].c[k: 4], nn[*]] }}"
    );
    let compiled = must_compile(&text);
    let stage = |label: &str| {
        let found = compiled.experiment.stages.iter().find(|stage| stage.label() == label);
        found.unwrap_or_else(|| panic!("no {label} in {:?}", labels(&compiled)))
    };
    let givers = |label: &str| -> Vec<String> {
        let inputs = stage(label).inputs.iter();
        inputs.map(|input| compiled.experiment.stages[input.stage].label()).collect()
    };
    assert_eq!(
        givers("nn[k: 4]"),
        ["a.c[k: 4, arch: cpd]", "a.fake[k: 4, arch: prog]", "fold[k: 4]"]
    );
    assert_eq!(
        givers("one"),
        ["a.auc[k: 2, arch: cpd]", "a.auc[k: 4, arch: cpd]", "a.auc[k: 2, arch: prog]"]
    );
}

#[test]
fn the_same_loop_of_two_instances_is_two_loops() {
    let text = format!(
        "{DATA}subset fold: d {{ }}
        gan g: cpd {{ train: fold.train }}
        synth first: g {{ like: fold }}
        template again(from: synth) {{
            for k in [1, 2] {{
                gan g: cpd {{ train: from.train, seed: k }}
                synth s: g {{ like: fold }}
            }}
        }}
        again a {{ from: first }}
        again b {{ from: a.s[k: 2] }}"
    );
    let compiled = must_compile(&text);
    let of = |label: &str| {
        let stages = &compiled.experiment.stages;
        let taker = stages.iter().find(|stage| stage.label() == label).expect("it is there");
        stages[taker.inputs[0].stage].label()
    };
    assert_eq!([of("b.g[k: 1]"), of("b.g[k: 2]")], ["a.s[k: 2]", "a.s[k: 2]"]);
}

#[test]
fn a_template_sees_its_file_and_its_own_names_first() {
    let text = format!(
        "{DATA}subset fold: d {{ }}
        let epochs = 7
        let valid = fold.valid
        template inner(rounds: int = epochs) {{
            let epochs = rounds + 1
            classifier fold: cnn {{ train: fold_of_all, valid: valid, epochs: epochs }}
        }}
        let fold_of_all = fold.train
        template outer(epochs: int = epochs) {{ inner x {{ rounds: epochs }} }}
        inner a {{ }}
        outer b {{ }}
        outer c {{ epochs: 20 }}"
    );
    let compiled = must_compile(&text);
    let epochs = |label: &str| {
        let mut stages = compiled.experiment.stages.iter();
        let stage = stages.find(|stage| stage.label() == label).expect("it is there");
        stage.parameters["epochs"].to_string()
    };
    assert_eq!([epochs("a.fold"), epochs("b.x.fold"), epochs("c.x.fold")], ["8", "8", "21"]);
    assert!(compiled.warnings.is_empty(), "{:?}", compiled.warnings);
}

#[test]
fn arguments_may_be_spread() {
    let text = format!(
        "{DATA}subset fold: d {{ }}{JUDGED}
        let base = {{ fold: fold, arch: prog, epochs: 4 }}
        judged a {{ ...base, epochs: 5 }}\njudged b {{ fold: fold, arch: prog, epochs: 5 }}"
    );
    let compiled = must_compile(&text);
    assert_eq!(compiled.experiment.stages.len(), 10);
    assert_eq!(keys(&compiled).len(), 6);
}

#[test]
fn templates_that_multiply_are_one_error() {
    let mut text = format!("{DATA}subset fold: d {{ }}\ntemplate t0(n: int) {{ }}\n");
    for number in 1..60 {
        let before = number - 1;
        text.push_str(&format!(
            "template t{number}(n: int) {{ t{before} a {{ n: n }}\nt{before} b {{ n: n }} }}\n"
        ));
    }
    text.push_str("t59 all { n: 1 }");
    let found = messages(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("100000"), "{found:?}");
}

#[test]
fn a_long_chain_of_templates_is_one_error() {
    let mut text = format!("{DATA}template t0(n: int) {{ }}\n");
    for number in 1..20_000 {
        text.push_str(&format!("template t{number}(n: int) {{ t{} a {{ n: n }} }}\n", number - 1));
    }
    text.push_str("t19999 all { n: 1 }");
    let found = messages(&text);
    assert_eq!(found, ["loops and templates are nested more than 100 deep"]);
}

#[test]
fn a_template_that_nothing_instantiates_is_checked_as_far_as_it_is_known() {
    let text = "experiment e { seed: 1 }
        dataset phantoms: phantom { count: 100 }
        template never(fold: subset, arch: word, n: int, m: int = 2 px) {
            subset s: phantoms { classes: tpo(n) }
            for k in [2, 3] {
                gan g: arch { train: fold.train, lenght: n }
                classifier c: cnn { train: s.train, valid: fold.valid, epochs: 2 * n }
                evaluate auc: c { test: s.tset }
            }
            other x { n: n }
        }
        template other(n: int) { dataset d: phantm { count: n } }";
    let found = messages(text);
    let wanted = ["`m` is of type int", "tpo", "no output `tset`", "no method `phantm`"];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for words in wanted {
        assert!(found.iter().any(|message| message.contains(words)), "{words}: {found:?}");
    }
}

#[test]
fn what_is_only_tried_belongs_to_no_experiment() {
    let library = "template pair(n: int = 100) {
            dataset d: phantom { count: n }
            subset s: d { classes: top(2) }
        }";
    let text = "use \"lib.msx\" { pair as both }
        experiment e { seed: 1 }
        template alone(n: int = 7) { dataset d: phantom { count: n } }
        dataset own: phantom { count: 3 }";
    let compiled = must_compile_with(text, &[("lib.msx", library)]);
    assert_eq!(labels(&compiled), ["own"]);
    let warnings: Vec<String> = compiled.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["nothing uses `both`", "nothing uses `alone`"]);
}
