//! What stages will take, from what they and their like took before.

use super::session::Session;
use crate::graph::Digest;
use crate::stages::Needs;
use std::collections::{BTreeMap, HashMap};

/// Where nothing is known.
const UNKNOWN_SECONDS: f64 = 1.0;

/// Answers for what has to run and for what waits on that; in a large experiment little of it does.
pub(super) struct Forecast<'a> {
    session: &'a Session<'a>,
    /// The key that each label had when it last ran.
    past: &'a BTreeMap<String, Digest>,
    /// The mean seconds of each method that was asked for, by kind and name.
    means: HashMap<(&'a str, &'a str), f64>,
    /// See [`Forecast::path`], by index, where it was asked for.
    paths: Vec<Option<f64>>,
}

impl<'a> Forecast<'a> {
    /// `past` holds the key that each label had when it last ran.
    pub(super) fn new(session: &'a Session<'a>, past: &'a BTreeMap<String, Digest>) -> Self {
        let paths = vec![None; session.graph.nodes().len()];
        Forecast { session, past, means: HashMap::new(), paths }
    }

    /// Seconds from a stage's start to the end of the longest chain of stages that wait on it.
    pub(super) fn path(&mut self, index: usize) -> f64 {
        let graph = self.session.graph;
        // No recursion: a chain may be longer than a thread's stack.
        let mut waiting = vec![index];
        while let Some(next) = waiting.pop() {
            if self.paths[next].is_some() {
                continue;
            }
            let unknown = graph.takers(next).filter(|&taker| self.paths[taker].is_none());
            let unknown: Vec<usize> = unknown.collect();
            if unknown.is_empty() {
                let after = graph.takers(next).filter_map(|taker| self.paths[taker]);
                let after = after.fold(0.0, f64::max);
                self.paths[next] = Some(self.expected(next) + after);
            } else {
                waiting.push(next);
                waiting.extend(unknown);
            }
        }
        self.paths[index].unwrap_or(UNKNOWN_SECONDS)
    }

    /// What a stage needs: the memory that it held last time, or else what its method declares.
    pub(super) fn needs(&self, index: usize, declared: Needs) -> Needs {
        let before = self.before(index).and_then(|(_, memory)| memory);
        Needs { memory: before.unwrap_or(declared.memory), ..declared }
    }

    /// Seconds that a stage took last time, and the most memory in bytes that it held.
    fn before(&self, index: usize) -> Option<(f64, Option<u64>)> {
        let label = &self.session.graph.nodes()[index].label;
        self.past.get(label).and_then(|key| self.session.effort(key))
    }

    /// What a stage took last time; else the mean of others of its method; else a guess that is the
    /// same for all.
    fn expected(&mut self, index: usize) -> f64 {
        if let Some((seconds, _)) = self.before(index) {
            return seconds;
        }
        let stage = &self.session.graph.nodes()[index].stage;
        let method = (stage.kind.as_str(), stage.method.as_str());
        let known = self.means.get(&method).copied();
        known.unwrap_or_else(|| {
            let mean = self.mean(method);
            self.means.insert(method, mean);
            mean
        })
    }

    fn mean(&self, (kind, method): (&str, &str)) -> f64 {
        let nodes = self.session.graph.nodes().iter().enumerate();
        let alike =
            nodes.filter(|(_, node)| node.stage.kind == kind && node.stage.method == method);
        let before = alike.filter_map(|(index, _)| self.before(index));
        let (sum, count) =
            before.fold((0.0, 0.0), |(sum, count), (seconds, _)| (sum + seconds, count + 1.0));
        if count > 0.0 { sum / count } else { UNKNOWN_SECONDS }
    }
}
