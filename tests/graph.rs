//! Keys, plans and reasons, on experiments built by hand.

use msx::graph::explain::changes;
use msx::graph::plan::{Knowledge, Plan, Status};
use msx::graph::{Digest, Fingerprint, Graph, InputDigest, OutputDigests, dot, mermaid};
use msx::language::experiment::{Bindings, Experiment, Input, TypedStage};
use msx::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType, Schemas};
use msx::language::value::{Fields, Value};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn schema(kind: &'static str, fields: Vec<Field>) -> MethodSchema {
    MethodSchema {
        kind,
        method: "",
        summary: "",
        docs: "",
        example: "",
        revision: 1,
        header: Header::Nothing,
        fields,
        outputs: vec![Output { name: "out", kind: OutputType::Fold, doc: "" }],
    }
}

fn schemas() -> Schemas {
    let whole = FieldType::Int { min: 0, max: 100 };
    Schemas::new(vec![
        schema("source", vec![Field::optional("path", FieldType::Path, "")]),
        schema(
            "train",
            vec![
                Field::default("length", whole.clone(), Value::Int(1), "").horizon(),
                Field::default("width", whole, Value::Int(1), ""),
            ],
        ),
        schema("table", vec![]),
    ])
}

fn stage(
    name: &str,
    kind: &str,
    parameters: &[(&str, Value)],
    inputs: &[(&str, usize)],
) -> TypedStage {
    TypedStage {
        name: name.to_owned(),
        bindings: Bindings::default(),
        kind: kind.to_owned(),
        method: String::new(),
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        inputs: inputs
            .iter()
            .map(|(role, stage)| Input {
                role: (*role).to_owned(),
                stage: *stage,
                output: None,
                many: kind == "table",
            })
            .collect(),
        span: 0..0,
    }
}

fn experiment(stages: Vec<TypedStage>) -> Experiment {
    Experiment {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        seed: 0,
        stages,
        claims: Vec::new(),
    }
}

fn chain(length: i64, width: i64) -> Experiment {
    experiment(vec![
        stage("data", "source", &[], &[]),
        stage(
            "model",
            "train",
            &[("length", Value::Int(length)), ("width", Value::Int(width))],
            &[("on", 0)],
        ),
        stage("results", "table", &[], &[("of", 1)]),
    ])
}

/// A store in memory: every key in it has outputs that are named after it.
struct Memory {
    results: BTreeMap<Digest, OutputDigests>,
    files: Result<Vec<InputDigest>, String>,
}

impl Knowledge for Memory {
    fn outputs(&self, key: &Digest) -> Option<OutputDigests> {
        self.results.get(key).cloned()
    }

    fn files(&self, index: usize) -> Result<Vec<InputDigest>, String> {
        if index == 0 { self.files.clone() } else { Ok(Vec::new()) }
    }

    fn arithmetic(&self, _: usize) -> &str {
        ""
    }
}

impl Memory {
    fn empty() -> Memory {
        Memory { results: BTreeMap::new(), files: Ok(Vec::new()) }
    }

    /// Pretends to run everything, each stage giving bytes named by `name`.
    fn run(&mut self, graph: &Graph, name: impl Fn(usize, &Fingerprint) -> String) -> usize {
        let mut executed = 0;
        loop {
            let plan = Plan::make(graph, self);
            let ready = plan.statuses.iter().enumerate().find_map(|(index, status)| match status {
                Status::WillRun { fingerprint } => Some((index, fingerprint.clone())),
                _ => None,
            });
            let Some((index, fingerprint)) = ready else { return executed };
            let bytes = name(index, &fingerprint);
            let digest = Digest::derive("test", bytes.as_bytes());
            let outputs = OutputDigests::from_iter([("out", digest)]);
            self.results.insert(fingerprint.key(), outputs);
            executed += 1;
        }
    }
}

fn graph(experiment: &Experiment) -> Graph {
    Graph::build(experiment.stages.clone(), &schemas()).expect("the schemas fit")
}

fn fingerprint_of(plan: &Plan, index: usize) -> Fingerprint {
    match &plan.statuses[index] {
        Status::WillRun { fingerprint } => fingerprint.clone(),
        other => panic!("no fingerprint yet: {other:?}"),
    }
}

#[test]
fn an_unknown_upstream_result_makes_a_stage_wait() {
    let plan = Plan::make(&graph(&chain(1, 1)), &Memory::empty());
    assert!(matches!(plan.statuses[0], Status::WillRun { .. }));
    assert_eq!(plan.statuses[1], Status::MayRun { waits_on: vec![0] });
    assert_eq!(plan.statuses[2], Status::MayRun { waits_on: vec![1] });
}

#[test]
fn the_second_run_does_nothing() {
    let graph = graph(&chain(1, 1));
    let mut memory = Memory::empty();
    assert_eq!(memory.run(&graph, |_, print| print.key().hex()), 3);
    assert_eq!(memory.run(&graph, |_, print| print.key().hex()), 0);
    assert_eq!(Plan::make(&graph, &memory).counts(), [3, 0, 0, 0]);
}

#[test]
fn equal_bytes_upstream_cut_off_the_rest() {
    let mut memory = Memory::empty();
    memory.run(&graph(&chain(1, 1)), |index, _| index.to_string());
    assert_eq!(memory.run(&graph(&chain(1, 2)), |index, _| index.to_string()), 1);
}

#[test]
fn other_bytes_upstream_run_the_rest() {
    let mut memory = Memory::empty();
    memory.run(&graph(&chain(1, 1)), |_, print| print.key().hex());
    assert_eq!(memory.run(&graph(&chain(1, 2)), |_, print| print.key().hex()), 2);
}

#[test]
fn names_and_the_order_of_declarations_never_change_a_key() {
    let mut memory = Memory::empty();
    memory.run(&graph(&chain(3, 4)), |_, print| print.key().hex());
    let mut renamed = chain(3, 4);
    renamed.stages.rotate_left(1);
    for stage in &mut renamed.stages {
        stage.name = format!("other_{}", stage.name);
        for input in &mut stage.inputs {
            input.stage = (input.stage + 2) % 3;
        }
    }
    assert_eq!(memory.run(&graph(&renamed), |_, print| print.key().hex()), 0);
}

#[test]
fn paths_enter_the_key_by_content_alone() {
    let with_path = |path: &str| {
        let mut experiment = chain(1, 1);
        experiment.stages[0].parameters.insert("path".to_owned(), Value::Text(path.to_owned()));
        experiment
    };
    let content = |text: &str| Memory {
        results: BTreeMap::new(),
        files: Ok(vec![InputDigest {
            role: "path".to_owned(),
            digest: Digest::derive("test", text.as_bytes()),
        }]),
    };
    let key = |path: &str, text: &str| {
        fingerprint_of(&Plan::make(&graph(&with_path(path)), &content(text)), 0).key()
    };
    assert_eq!(key("here", "pixels"), key("there", "pixels"));
    assert_ne!(key("here", "pixels"), key("here", "other pixels"));
}

#[test]
fn missing_files_block_their_stage_alone() {
    let memory = Memory { results: BTreeMap::new(), files: Err("no such folder".to_owned()) };
    let plan = Plan::make(&graph(&chain(1, 1)), &memory);
    assert_eq!(plan.statuses[0], Status::Blocked { reason: "no such folder".to_owned() });
    assert_eq!(plan.counts(), [0, 0, 2, 1]);
}

#[test]
fn trainings_of_different_length_share_a_trajectory() {
    let horizon = BTreeSet::from(["length".to_owned()]);
    let prints: Vec<Fingerprint> = [(1, 1), (2, 1), (1, 2)]
        .iter()
        .map(|(length, width)| {
            let mut print = Fingerprint::new("train", "", 1);
            print.parameters.insert("length".to_owned(), Value::Int(*length));
            print.parameters.insert("width".to_owned(), Value::Int(*width));
            print
        })
        .collect();
    assert_eq!(prints[0].trajectory(&horizon), prints[1].trajectory(&horizon));
    assert_ne!(prints[0].trajectory(&horizon), prints[2].trajectory(&horizon));
    assert_ne!(prints[0].key(), prints[1].key());
}

#[test]
fn reasons_are_given_in_the_words_of_the_file() {
    let mut before = Fingerprint::new("gan", "cpd", 1);
    before.parameters.insert("length".to_owned(), Value::images(20_000.0));
    before
        .inputs
        .push(InputDigest { role: "train".to_owned(), digest: Digest::derive("test", b"one") });
    let mut after = before.clone();
    after.parameters.insert("length".to_owned(), Value::images(30_000.0));
    after.parameters.insert("latent".to_owned(), Value::Int(64));
    after.inputs[0].digest = Digest::derive("test", b"two");
    after.revision = 2;
    let words: Vec<String> = changes(&before, &after).iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "latent: (absent) → 64",
            "length: 20 kimg → 30 kimg",
            "input train has other content",
            "the method was revised in msx: 1 → 2",
        ]
    );
    assert!(changes(&after, &after).is_empty());
}

#[test]
fn drawings_name_every_stage_and_edge() {
    let graph = graph(&chain(1, 1));
    let (dot, mermaid) = (dot(&graph), mermaid(&graph));
    for name in ["data", "model", "results"] {
        assert!(dot.contains(name) && mermaid.contains(name));
    }
    assert!(dot.contains("s0 -> s1 [label=\"on\"]"));
    assert!(mermaid.contains("s1 -->|\"of\"| s2"));
}

#[test]
fn a_family_is_found_by_name_and_a_member_by_label() {
    let mut experiment = chain(1, 1);
    experiment.stages[1].bindings =
        Bindings(vec![("k".to_owned(), Value::Int(6)), ("arch".to_owned(), Value::word("cpd"))]);
    let graph = graph(&experiment);
    assert_eq!(graph.find("model"), [1]);
    assert_eq!(graph.find("model[k: 6, arch: cpd]"), [1]);
    assert_eq!(graph.find("model[k:6,arch:cpd]"), [1]);
    assert!(graph.find("modle").is_empty());
}

proptest! {
    #[test]
    fn every_parameter_counts_and_a_fingerprint_survives_storage(
        width in any::<i64>(),
        rate in any::<f64>().prop_filter("finite", |rate| rate.is_finite()),
        text in ".*",
    ) {
        let mut print = Fingerprint::new("gan", "cpd", 1);
        print.parameters.insert("width".to_owned(), Value::Int(width));
        print.parameters.insert("rate".to_owned(), Value::Float(rate));
        print.parameters.insert("text".to_owned(), Value::Text(text));
        let stored = serde_json::to_string(&print).expect("serialises");
        let back: Fingerprint = serde_json::from_str(&stored).expect("deserialises");
        prop_assert_eq!(back.key(), print.key());
        print.parameters.insert("width".to_owned(), Value::Int(width.wrapping_add(1)));
        prop_assert_ne!(back.key(), print.key());
    }

    /// Keys are written by hand, and must be those of earlier results to the bit.
    #[test]
    fn a_key_is_the_hash_of_the_fingerprint_as_json(
        numbers in (any::<i64>(), any::<u32>()),
        rate in any::<f64>().prop_filter("finite", |rate| rate.is_finite()),
        texts in prop::collection::vec(any::<String>(), 7),
        content in any::<[u8; 8]>(),
        inputs in 0..3_usize,
    ) {
        let mut print = Fingerprint::new(&texts[0], &texts[1], numbers.1);
        print.arithmetic.clone_from(&texts[2]);
        let inner = Fields::from_iter([(texts[3].clone(), Value::word(&texts[4]))]);
        let values = [
            Value::Bool(inputs == 0),
            Value::Int(numbers.0),
            Value::Float(rate),
            Value::Text(texts[5].clone()),
            Value::word(&texts[5]),
            Value::images(rate),
            Value::Call { name: texts[6].clone(), arguments: inner.clone() },
            Value::List(vec![Value::Int(numbers.0), Value::word(&texts[4])]),
            Value::Record(inner),
        ];
        for (position, value) in values.into_iter().enumerate() {
            print.parameters.insert(format!("{}{position}", texts[6]), value);
        }
        let digest = |number: usize| Digest::derive("test", &[&content[..], &[number as u8]].concat());
        let input = |number: usize| InputDigest { role: texts[number].clone(), digest: digest(number) };
        print.inputs = (0..inputs).map(input).collect();
        print.files = (inputs..3).map(input).collect();
        let json = serde_json::to_vec(&print).expect("serialises");
        prop_assert_eq!(print.key(), Digest::derive("msx 2026 stage key", &json));
        let endless = Fingerprint { parameters: Fields::new(), ..print.clone() };
        let json = serde_json::to_vec(&endless).expect("serialises");
        let names: BTreeSet<String> = print.parameters.keys().cloned().collect();
        let trajectory = Digest::derive("msx 2026 trajectory key", &json);
        prop_assert_eq!(print.trajectory(&names), trajectory);
    }
}
