//! Why a stage has no result yet, in a few words.

use crate::graph::Graph;
use crate::graph::explain;
use crate::graph::plan::{Plan, Status};
use crate::store::{History, Store};

/// Stages that a line names before it only counts.
const MOST_NAMED: usize = 3;

/// Why a stage is not cached; nothing for one that is.
pub fn reason(
    graph: &Graph,
    plan: &Plan,
    store: &Store,
    history: &History,
    index: usize,
) -> Option<String> {
    match &plan.statuses[index] {
        Status::Cached { .. } => None,
        Status::Blocked { reason } => Some(reason.clone()),
        Status::MayRun { waits_on } => {
            let named = waits_on.iter().take(MOST_NAMED);
            let mut givers: Vec<String> =
                named.map(|&giver| graph.nodes()[giver].stage.label()).collect();
            if waits_on.len() > MOST_NAMED {
                givers.push(format!("{} more", waits_on.len() - MOST_NAMED));
            }
            Some(format!("waits on {}", givers.join(", ")))
        }
        Status::WillRun { fingerprint } => {
            let Some(before) = history.keys.get(&graph.nodes()[index].stage.label()) else {
                return Some("never ran".to_owned());
            };
            if *before == fingerprint.key() {
                return Some("its result is gone from the cache".to_owned());
            }
            let Ok(Some(record)) = store.record(before) else {
                return Some("its last record is gone from the cache".to_owned());
            };
            Some(explain::words(&explain::changes(&record.fingerprint, fingerprint)))
        }
    }
}
