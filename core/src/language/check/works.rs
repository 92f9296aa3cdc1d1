//! Which stages are the same work: the same parameters on the same inputs.

use crate::language::experiment::TypedStage;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Stages by the work that they are.
pub(super) struct Works<'a> {
    stages: &'a [TypedStage],
    /// For each stage that was asked for, the first one that is the same work.
    first: HashMap<usize, usize>,
    /// First stages by what they hash to.
    by_hash: HashMap<u64, Vec<usize>>,
}

impl<'a> Works<'a> {
    pub(super) fn of(stages: &'a [TypedStage]) -> Works<'a> {
        Works { stages, first: HashMap::new(), by_hash: HashMap::new() }
    }

    /// The first of those asked for that is the same work as a stage. Stages on a cycle, which is a
    /// mistake of its own, count as different.
    pub(super) fn first(&mut self, stage: usize) -> usize {
        let mut waiting = vec![(stage, false)];
        while let Some((stage, givers_are_known)) = waiting.pop() {
            if givers_are_known {
                let first = self.same(stage);
                self.first.insert(stage, first);
            } else if let Entry::Vacant(unknown) = self.first.entry(stage) {
                // For the time being, so that no cycle is walked twice.
                unknown.insert(stage);
                waiting.push((stage, true));
                let givers = self.stages[stage].inputs.iter().map(|input| (input.stage, false));
                waiting.extend(givers);
            }
        }
        self.first[&stage]
    }

    /// The first stage that is the same work as one whose givers are known.
    fn same(&mut self, stage: usize) -> usize {
        let own = &self.stages[stage];
        let first = |stage: usize| self.first.get(&stage).copied().unwrap_or(stage);
        let mut hasher = DefaultHasher::new();
        (&own.kind, &own.method, &own.parameters).hash(&mut hasher);
        for input in &own.inputs {
            (&input.role, &input.output, first(input.stage)).hash(&mut hasher);
        }
        let alike = self.by_hash.entry(hasher.finish()).or_default();
        let is_same = |other: &&usize| {
            let other = &self.stages[**other];
            let mut inputs = own.inputs.iter().zip(&other.inputs);
            (&own.kind, &own.method, &own.parameters)
                == (&other.kind, &other.method, &other.parameters)
                && own.inputs.len() == other.inputs.len()
                && inputs.all(|(one, other)| {
                    (&one.role, &one.output, first(one.stage))
                        == (&other.role, &other.output, first(other.stage))
                })
        };
        match alike.iter().find(is_same) {
            Some(known) => *known,
            None => {
                alike.push(stage);
                stage
            }
        }
    }

    /// Of two stages that are the same work, the first givers in which they part: these take from the
    /// same stages.
    pub(super) fn parting(&self, mut one: usize, mut other: usize) -> (usize, usize) {
        loop {
            let (mine, others) = (&self.stages[one].inputs, &self.stages[other].inputs);
            let differing = mine.iter().zip(others).find(|(mine, other)| mine.stage != other.stage);
            let Some((mine, others)) = differing else { return (one, other) };
            (one, other) = (mine.stage, others.stage);
        }
    }
}
