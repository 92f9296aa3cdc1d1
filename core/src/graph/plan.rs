//! Which stages are done, which will run, and which only may.

use super::{Digest, Fingerprint, Graph, InputDigest, OutputDigests, ResolvedInput};

/// What the planner asks of the outside.
pub trait Knowledge {
    /// The outputs recorded under a key, if every object of them is at hand.
    fn outputs(&self, key: &Digest) -> Option<OutputDigests>;
    /// The content of the files that a stage reads, or why it cannot be known.
    fn files(&self, index: usize) -> Result<Vec<InputDigest>, String>;
    /// The family of devices with equal bits that the stage would run on; empty for none.
    fn arithmetic(&self, index: usize) -> &str;
}

/// Where one stage stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// Its result is in the store.
    Cached {
        /// Its key.
        key: Digest,
    },
    /// All that it takes is known, and it has no result.
    WillRun {
        /// Its fingerprint.
        fingerprint: Fingerprint,
    },
    /// It waits on the result of another stage; equal bytes there would spare it.
    MayRun {
        /// The nearest stages it waits on.
        waits_on: Vec<usize>,
    },
    /// Its files are missing or unreadable.
    Blocked {
        /// Why, in words.
        reason: String,
    },
}

/// The state of every stage before anything runs.
#[derive(Debug, Clone)]
pub struct Plan {
    /// By stage index.
    pub statuses: Vec<Status>,
    /// Outputs of the cached stages, by stage index.
    pub outputs: Vec<Option<OutputDigests>>,
}

impl Plan {
    /// Looks every stage up, in an order in which inputs come first.
    pub fn make(graph: &Graph, knowledge: &dyn Knowledge) -> Plan {
        let count = graph.nodes().len();
        let mut outputs: Vec<Option<OutputDigests>> = vec![None; count];
        let mut statuses = vec![Status::MayRun { waits_on: Vec::new() }; count];
        for &index in graph.order() {
            let status = match graph.resolve_inputs(index, &outputs) {
                None => Status::MayRun { waits_on: unknown_givers(graph, index, &outputs) },
                Some(inputs) => {
                    let (status, given) = settle(graph, knowledge, index, &inputs);
                    outputs[index] = given;
                    status
                }
            };
            statuses[index] = status;
        }
        Plan { statuses, outputs }
    }

    /// The keys of the stages that have a result, by index.
    pub fn keys(&self) -> Vec<Option<Digest>> {
        let key = |status: &Status| match status {
            Status::Cached { key } => Some(*key),
            _ => None,
        };
        self.statuses.iter().map(key).collect()
    }

    /// The fingerprint of a stage all of whose inputs and files are known.
    pub fn fingerprint(
        &self,
        graph: &Graph,
        knowledge: &dyn Knowledge,
        index: usize,
    ) -> Option<Fingerprint> {
        let inputs = graph.resolve_inputs(index, &self.outputs)?;
        let files = knowledge.files(index).ok()?;
        Some(graph.fingerprint(index, &inputs, files, knowledge.arithmetic(index)))
    }

    /// How many stages are cached, will run, may run and are blocked.
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for status in &self.statuses {
            counts[match status {
                Status::Cached { .. } => 0,
                Status::WillRun { .. } => 1,
                Status::MayRun { .. } => 2,
                Status::Blocked { .. } => 3,
            }] += 1;
        }
        counts
    }
}

fn settle(
    graph: &Graph,
    knowledge: &dyn Knowledge,
    index: usize,
    inputs: &[ResolvedInput<'_>],
) -> (Status, Option<OutputDigests>) {
    let files = match knowledge.files(index) {
        Ok(files) => files,
        Err(reason) => return (Status::Blocked { reason }, None),
    };
    let arithmetic = knowledge.arithmetic(index);
    let key = graph.key(index, inputs, &files, arithmetic);
    match knowledge.outputs(&key) {
        Some(outputs) => (Status::Cached { key }, Some(outputs)),
        None => {
            let fingerprint = graph.fingerprint(index, inputs, files, arithmetic);
            (Status::WillRun { fingerprint }, None)
        }
    }
}

fn unknown_givers(graph: &Graph, index: usize, outputs: &[Option<OutputDigests>]) -> Vec<usize> {
    let mut givers: Vec<usize> = graph.nodes()[index]
        .stage
        .inputs
        .iter()
        .map(|input| input.stage)
        .filter(|&giver| outputs[giver].is_none())
        .collect();
    givers.sort_unstable();
    givers.dedup();
    givers
}
