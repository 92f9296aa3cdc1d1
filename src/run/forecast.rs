//! How long stages will take, from how long they and their like took before.

use super::session::Session;
use crate::graph::{Digest, Graph};
use std::collections::{BTreeMap, HashMap};

/// Where nothing is known.
const UNKNOWN_SECONDS: f64 = 1.0;

/// For each stage, by index, the seconds from its start to the end of the longest chain of stages
/// that wait on it. `past` holds the key that each label had when it last ran.
pub(super) fn longest_paths(session: &Session<'_>, past: &BTreeMap<String, Digest>) -> Vec<f64> {
    let expected = expected_seconds(session, past);
    longest(session.graph, &expected)
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
fn expected_seconds(session: &Session<'_>, past: &BTreeMap<String, Digest>) -> Vec<f64> {
    let nodes = session.graph.nodes();
    let before: Vec<Option<f64>> = nodes
        .iter()
        .map(|node| past.get(&node.stage.label()).and_then(|key| session.seconds(key)))
        .collect();
    let mut sums: HashMap<(&str, &str), (f64, f64)> = HashMap::new();
    for (node, seconds) in nodes.iter().zip(&before) {
        if let Some(seconds) = seconds {
            let sum = sums.entry((&node.stage.kind, &node.stage.method)).or_default();
            *sum = (sum.0 + seconds, sum.1 + 1.0);
        }
    }
    let mean = |kind: &str, method: &str| sums.get(&(kind, method)).map(|(sum, count)| sum / count);
    nodes
        .iter()
        .zip(&before)
        .map(|(node, seconds)| {
            seconds
                .or_else(|| mean(&node.stage.kind, &node.stage.method))
                .unwrap_or(UNKNOWN_SECONDS)
        })
        .collect()
}
