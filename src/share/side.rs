//! Runs as `graph::diff` compares them.

use super::Results;
use crate::graph::diff::{Described, Link, Side};
use crate::graph::{Digest, InputDigest};
use crate::store::{Record, Run, StoreError};
use std::collections::HashMap;

/// What a run did. Of a stage without a result only its method is known.
///
/// # Errors
/// A record is there but cannot be read.
pub fn of_run(run: &Run, results: &Results<'_>) -> Result<Side, StoreError> {
    let records: Vec<Option<Record>> = run
        .stages
        .iter()
        .map(|stage| match &stage.key {
            // A result that lost its files still says what was asked.
            Some(key) => results.store.record(key),
            None => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let givers = givers(&records);
    let stages = run.stages.iter().zip(&records).map(|(stage, record)| {
        let known = Described {
            label: stage.label.clone(),
            kind: stage.kind.clone(),
            method: stage.method.clone(),
            ..Described::default()
        };
        let Some(print) = record.as_ref().map(|record| &record.fingerprint) else { return known };
        let link = |input: &InputDigest| Link {
            role: input.role.clone(),
            givers: givers.get(&input.digest).cloned().unwrap_or_default(),
        };
        Described {
            parameters: Some(print.parameters.clone()),
            files: Some(print.files.clone()),
            links: Some(print.inputs.iter().map(link).collect()),
            revision: Some(print.revision),
            arithmetic: Some(print.arithmetic.clone()),
            ..known
        }
    });
    Ok(Side { stages: stages.collect(), claims: None })
}

/// Which stages gave which content.
fn givers(records: &[Option<Record>]) -> HashMap<Digest, Vec<(usize, Option<String>)>> {
    let mut givers: HashMap<Digest, Vec<(usize, Option<String>)>> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        let Some(record) = record else { continue };
        let outputs = record.output_digests();
        givers.entry(outputs.digest_of_all()).or_default().push((index, None));
        for (name, digest) in outputs.iter() {
            givers.entry(digest).or_default().push((index, Some(name.to_owned())));
        }
    }
    givers
}
