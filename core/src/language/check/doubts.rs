//! Experiments that run and yet do not show what they seem to: a fold that is tested on after it was
//! trained on, patients that are in both, and comparisons across folds.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::expand::Instance;
use crate::language::experiment::{Bindings, TypedStage};
use crate::language::schema::{OutputType, Schemas};
use crate::language::syntax::tree::{Entry, Span, Stage};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The role of folds that results are taken on.
const TEST: &str = "test";

/// The roles of folds that decide what a model becomes.
const LEARNT_FROM: [&str; 2] = ["train", "valid"];

/// Checked stages with their declarations.
pub(super) struct Doubts<'a, 't> {
    pub(super) stages: &'a [TypedStage],
    pub(super) instances: &'a [Instance<'t>],
    pub(super) is_member: &'a [bool],
    pub(super) schemas: &'a Schemas,
}

impl Doubts<'_, '_> {
    /// Everything that is worth a second look.
    pub(super) fn find(&self) -> Vec<Diagnostic> {
        let mut found = self.tested_after_training();
        found.extend(self.patients_in_both());
        found.extend(self.compared_across_folds());
        found
    }

    fn members(&self) -> impl Iterator<Item = usize> {
        (0..self.stages.len()).filter(|&index| self.is_member[index])
    }

    fn declared(&self, index: usize) -> &Stage {
        self.instances[index].stage
    }

    fn tested_after_training(&self) -> Vec<Diagnostic> {
        let mut tested: BTreeMap<(usize, Option<&str>), usize> = BTreeMap::new();
        for taker in self.members() {
            for input in self.stages[taker].inputs.iter().filter(|input| input.role == TEST) {
                tested.entry((input.stage, input.output.as_deref())).or_insert(taker);
            }
        }
        let mut found = Vec::new();
        for taker in self.members() {
            for input in &self.stages[taker].inputs {
                if !LEARNT_FROM.contains(&input.role.as_str()) {
                    continue;
                }
                let output = input.output.as_deref();
                let tester = tested.get(&(input.stage, output)).copied();
                if tester.is_none() && output != Some(TEST) {
                    continue;
                }
                let declared = self.declared(taker);
                let message = format!(
                    "`{}` learns from a fold for tests, so results on it say too much",
                    declared.name.node
                );
                let help =
                    format!("give `{}` another fold than the one that is tested on", input.role);
                let mut problem =
                    Diagnostic::new(Code::TestFold, message, place(declared, &input.role))
                        .help(help);
                if let Some(tester) = tester {
                    problem = problem.related(place(self.declared(tester), TEST), "tested on here");
                }
                found.push(problem);
            }
        }
        found
    }

    /// Results on a fold of one split of the patients from a model that saw folds of another.
    fn patients_in_both(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for taker in self.members() {
            let inputs = &self.stages[taker].inputs;
            let Some(test) = inputs.iter().find(|input| input.role == TEST) else { continue };
            let others = inputs.iter().filter(|input| input.role != TEST).map(|input| input.stage);
            let origin = self
                .origins(others)
                .into_iter()
                .find(|&origin| self.splits_otherwise(origin, test.stage));
            let Some(origin) = origin else { continue };
            let declared = self.declared(taker);
            let (tested, learnt) = (self.declared(test.stage), self.declared(origin));
            let message =
                format!("`{}` tests on patients that may have been trained on", declared.name.node);
            let help = "patients are split anew for another `seed` or `split`; give both the same";
            found.push(
                Diagnostic::new(Code::SharedPatients, message, place(declared, TEST))
                    .related(tested.name.span.clone(), "tested on a fold of this split")
                    .related(learnt.name.span.clone(), "made from a fold of this one")
                    .help(help),
            );
        }
        found
    }

    /// All stages that some stages were made from, and these themselves.
    fn origins(&self, stages: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut waiting: Vec<usize> = stages.collect();
        let mut found = BTreeSet::new();
        while let Some(stage) = waiting.pop() {
            if found.insert(stage) {
                waiting.extend(self.stages[stage].inputs.iter().map(|input| input.stage));
            }
        }
        found
    }

    /// Whether two stages share out the patients of the same images in different ways.
    fn splits_otherwise(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.stages[one], &self.stages[other]);
        let schema = self.schemas.get(&one.kind, &one.method);
        let differs = |name: &str| one.parameters.get(name) != other.parameters.get(name);
        one.kind == other.kind
            && one.method == other.method
            && one.inputs == other.inputs
            && schema.is_some_and(|schema| {
                schema.fields.iter().any(|field| field.splits_patients && differs(field.name))
            })
    }

    fn compared_across_folds(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for index in self.members() {
            let stage = &self.stages[index];
            let schema = self.schemas.get(&stage.kind, &stage.method);
            let compares = schema.is_some_and(|schema| {
                schema.outputs.iter().any(|output| output.kind == OutputType::Comparison)
            });
            let Some((one, other)) = compares.then(|| self.different_folds(stage)).flatten() else {
                continue;
            };
            let declared = self.declared(index);
            let message = format!("`{}` compares results on different folds", declared.name.node);
            found.push(
                Diagnostic::new(Code::DifferentFolds, message, declared.name.span.clone())
                    .related(place(self.declared(one), TEST), "tested on this fold")
                    .related(place(self.declared(other), TEST), "and this one on that")
                    .help("give both the same `test`"),
            );
        }
        found
    }

    /// Two stages that are compared with each other and were tested on different folds. Those of
    /// different roles are, where the second has the values of the first for all its variables.
    fn different_folds(&self, stage: &TypedStage) -> Option<(usize, usize)> {
        let mut by_values: HashMap<(&str, String), usize> = HashMap::new();
        let mut variables: BTreeSet<(&str, Vec<&str>)> = BTreeSet::new();
        for input in &stage.inputs {
            let bindings = &self.stages[input.stage].bindings;
            let names: Vec<&str> = bindings.0.iter().map(|(name, _)| name.as_str()).collect();
            let values = values(bindings, &names).unwrap_or_default();
            by_values.insert((&input.role, values), input.stage);
            variables.insert((&input.role, names));
        }
        for input in &stage.inputs {
            let bindings = &self.stages[input.stage].bindings;
            for (role, names) in variables.iter().filter(|(role, _)| *role != input.role) {
                let other =
                    values(bindings, names).and_then(|values| by_values.get(&(*role, values)));
                if let Some(&other) = other
                    && !self.have_same_test(input.stage, other)
                {
                    return Some((input.stage, other));
                }
            }
        }
        None
    }

    fn have_same_test(&self, one: usize, other: usize) -> bool {
        let test = |stage: usize| {
            let inputs = &self.stages[stage].inputs;
            inputs.iter().find(|input| input.role == TEST).map(|input| (input.stage, &input.output))
        };
        match (test(one), test(other)) {
            (Some((one, one_output)), Some((other, other_output))) => {
                one_output == other_output && self.is_same_work(one, other)
            }
            _ => true,
        }
    }

    /// Whether two stages make the same from the same.
    fn is_same_work(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.stages[one], &self.stages[other]);
        one.kind == other.kind
            && one.method == other.method
            && one.parameters == other.parameters
            && one.inputs == other.inputs
    }
}

/// The values of some loop variables; nothing where one of them is not bound.
fn values(bindings: &Bindings, names: &[&str]) -> Option<String> {
    let values: Option<Vec<String>> = names
        .iter()
        .map(|name| bindings.get(name).map(|value| format!("{name}: {value}")))
        .collect();
    values.map(|values| values.join(", "))
}

/// Where a field is written, or else the stage's name.
fn place(stage: &Stage, field: &str) -> Span {
    let written = stage.entries.iter().find_map(|entry| match entry {
        Entry::Field(written) if written.name.node == field => Some(written.value.span.clone()),
        _ => None,
    });
    written.unwrap_or_else(|| stage.name.span.clone())
}
