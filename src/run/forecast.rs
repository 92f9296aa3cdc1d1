//! What stages will take, from what they and their like took before.

use super::session::Session;
use crate::graph::{Digest, Graph};
use crate::language::experiment::TypedStage;
use crate::stages::Needs;
use std::collections::{BTreeMap, HashMap};

/// Where nothing is known.
const UNKNOWN_SECONDS: f64 = 1.0;

/// See the module.
pub(super) struct Forecast {
    paths: Vec<f64>,
    memory: Vec<Option<u64>>,
}

impl Forecast {
    /// `past` holds the key that each label had when it last ran.
    pub(super) fn new(session: &Session<'_>, past: &BTreeMap<String, Digest>) -> Forecast {
        let nodes = session.graph.nodes();
        let before: Vec<Option<(f64, Option<u64>)>> = nodes
            .iter()
            .map(|node| past.get(&node.label).and_then(|key| session.effort(key)))
            .collect();
        let stages: Vec<&TypedStage> = nodes.iter().map(|node| &node.stage).collect();
        let memory = before.iter().map(|before| before.and_then(|(_, memory)| memory)).collect();
        let seconds: Vec<Option<f64>> =
            before.iter().map(|before| before.map(|(seconds, _)| seconds)).collect();
        Forecast { paths: longest(session.graph, &expected(&stages, &seconds)), memory }
    }

    /// Seconds from a stage's start to the end of the longest chain of stages that wait on it.
    pub(super) fn path(&self, index: usize) -> f64 {
        self.paths[index]
    }

    /// What a stage needs: the memory that it held last time, or else what its method declares.
    pub(super) fn needs(&self, index: usize, declared: Needs) -> Needs {
        Needs { memory: self.memory[index].unwrap_or(declared.memory), ..declared }
    }
}

fn longest(graph: &Graph, expected: &[f64]) -> Vec<f64> {
    let mut paths = expected.to_vec();
    for &index in graph.order().iter().rev() {
        let after = graph.takers(index).map(|taker| paths[taker]).fold(0.0, f64::max);
        paths[index] += after;
    }
    paths
}

/// What a stage took last time; else the mean of others of its method; else a guess that is the same
/// for all.
fn expected(stages: &[&TypedStage], before: &[Option<f64>]) -> Vec<f64> {
    let mut sums: HashMap<(&str, &str), (f64, f64)> = HashMap::new();
    for (stage, seconds) in stages.iter().zip(before) {
        if let Some(seconds) = seconds {
            let sum = sums.entry((&stage.kind, &stage.method)).or_default();
            *sum = (sum.0 + seconds, sum.1 + 1.0);
        }
    }
    let mean = |stage: &TypedStage| {
        let sum = sums.get(&(stage.kind.as_str(), stage.method.as_str()));
        sum.map(|(seconds, count)| seconds / count)
    };
    let known = stages.iter().zip(before);
    known.map(|(stage, own)| own.or_else(|| mean(stage)).unwrap_or(UNKNOWN_SECONDS)).collect()
}
