//! Experiments that run and yet do not show what they seem to: a fold that is tested on after it was
//! trained on, patients that are in both, and comparisons across folds.

use super::works::Works;
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::expand::Instance;
use crate::language::experiment::{Bindings, TypedStage};
use crate::language::schema::{OutputType, Schemas};
use crate::language::syntax::tree::{Entry, Span, Stage};
use crate::language::value::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The role of folds that results are taken on.
const TEST: &str = "test";

/// The roles of folds that decide what a model becomes.
const LEARNT_FROM: [&str; 2] = ["train", "valid"];

/// What an experiment is made for.
const RESULTS: [OutputType; 4] =
    [OutputType::Evaluation, OutputType::Comparison, OutputType::Gallery, OutputType::Page];

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
        found.extend(self.taken_for_independent());
        found.extend(self.without_result());
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

    /// Stages that set results beside each other.
    fn comparisons(&self) -> impl Iterator<Item = usize> {
        self.members().filter(|&index| {
            let stage = &self.stages[index];
            self.schemas.get(&stage.kind, &stage.method).is_some_and(|schema| {
                schema.outputs.iter().any(|output| output.kind == OutputType::Comparison)
            })
        })
    }

    /// Comparisons along rounds that differ in nothing, as repetitions without seeds of their own do.
    fn taken_for_independent(&self) -> Vec<Diagnostic> {
        let mut works = Works::of(self.stages);
        let mut found = Vec::new();
        for index in self.comparisons() {
            let mut seen: HashMap<(&str, usize), usize> = HashMap::new();
            let repeated = self.stages[index].inputs.iter().find_map(|input| {
                let first = *seen
                    .entry((input.role.as_str(), works.first(input.stage)))
                    .or_insert(input.stage);
                (first != input.stage).then_some((input, first))
            });
            let Some((input, first)) = repeated else { continue };
            let (one, other) = works.parting(first, input.stage);
            let declared = self.declared(index);
            let message = format!(
                "`{}` and `{}` are the same work and no two independent results",
                self.stages[first].label(),
                self.stages[input.stage].label()
            );
            let origin = &self.declared(one).name;
            let others = &self.stages[other].bindings.0;
            let variable = self.stages[one].bindings.0.iter().find(|bound| !others.contains(bound));
            let (label, help) = match variable {
                Some((name, value)) => (
                    format!("nothing in it depends on `{name}`"),
                    match value {
                        Value::Int(_) => {
                            format!("give `{}` a seed in each round: seed: {name}", origin.node)
                        }
                        _ => format!("give `{}` another seed in each round", origin.node),
                    },
                ),
                None => ("this is what they share".to_owned(), "give each its own seed".to_owned()),
            };
            found.push(
                Diagnostic::new(Code::SameWork, message, place(declared, &input.role))
                    .related(origin.span.clone(), label)
                    .help(help),
            );
        }
        found
    }

    /// Declarations of the experiment that no evaluation, comparison, gallery or page is made from, where there
    /// are any of these. An experiment without them may be after the images or models themselves.
    fn without_result(&self) -> Vec<Diagnostic> {
        let is_result = |index: &usize| {
            let stage = &self.stages[*index];
            let schema = self.schemas.get(&stage.kind, &stage.method);
            schema
                .is_some_and(|schema| schema.outputs.iter().any(|out| RESULTS.contains(&out.kind)))
        };
        let results: Vec<usize> = self.members().filter(is_result).collect();
        if results.is_empty() {
            return Vec::new();
        }
        let reached = self.origins(results.into_iter());
        let place = |index: usize| self.declared(index).name.span.start;
        let shown: BTreeSet<usize> = reached.into_iter().map(place).collect();
        let mut told = BTreeSet::new();
        let lost = self.members().filter(|&index| !shown.contains(&place(index)));
        lost.filter(|&index| told.insert(place(index)))
            .map(|index| {
                let name = &self.declared(index).name;
                let message = format!("no result is made from `{}`", name.node);
                Diagnostic::new(Code::Unused, message, name.span.clone())
                    .help("evaluate it, show it in a report, or remove it")
            })
            .collect()
    }

    fn compared_across_folds(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for index in self.comparisons() {
            let stage = &self.stages[index];
            let Some((one, other)) = self.different_folds(stage) else { continue };
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
