//! Whether somebody else got the same.

use super::bundle::Kept;
use crate::graph::explain::{self, Change};
use crate::stages::Figure;
use serde::Serialize;
use std::fmt;

/// By how much a figure may differ between processor families or devices, whatever its interval.
pub const TOLERANCE: f64 = 0.005;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Every output of every stage has the same bytes.
    Identical {
        /// How many stages.
        stages: usize,
    },
    /// Bytes differ because another machine made them, and every figure with an interval agrees.
    WithinTolerance {
        /// The first stage that differs; givers come first.
        first: String,
        /// Why it does.
        reason: String,
        /// How many figures were judged.
        judged: usize,
    },
    /// Something else came out.
    Different {
        /// The first stage that differs; givers come first.
        first: String,
        /// Why it does.
        reason: String,
        /// The figures that do not agree.
        figures: Vec<Apart>,
    },
}

/// A figure on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Apart {
    /// The stage.
    pub stage: String,
    /// The figure of then.
    pub before: Figure,
    /// The figure of now, where there is one.
    pub after: Option<Figure>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Identical { stages } => {
                write!(formatter, "identical: all {stages} stages gave the same bytes")
            }
            Verdict::WithinTolerance { first, reason, judged } => write!(
                formatter,
                "within tolerance: {first} is the first stage with other bytes ({reason}); all \
                 {judged} figures with an interval agree"
            ),
            Verdict::Different { first, reason, figures } => {
                write!(formatter, "different: {first} is the first stage that differs ({reason})")?;
                for Apart { stage, before, after } in figures {
                    let number = after.as_ref().map(Figure::number);
                    let number = number.unwrap_or_else(|| "(absent)".to_owned());
                    write!(formatter, "\n  {stage}  {before} → {number}")?;
                }
                Ok(())
            }
        }
    }
}

/// Judges what was found against what was kept; both in an order in which givers come first, stage by
/// stage.
pub fn judge(stages: &[(Kept, Kept)]) -> Verdict {
    let different = |kept: &Kept, found: &Kept, figures| Verdict::Different {
        first: found.name.clone(),
        reason: reason(kept, found),
        figures,
    };
    if let Some((kept, found)) = stages.iter().find(|(kept, found)| is_another(kept, found)) {
        return different(kept, found, Vec::new());
    }
    let differs = |(kept, found): &&(Kept, Kept)| kept.outputs != found.outputs;
    let Some((kept, found)) = stages.iter().find(differs) else {
        return Verdict::Identical { stages: stages.len() };
    };
    let figures: Vec<Apart> = stages.iter().flat_map(|(kept, found)| apart(kept, found)).collect();
    if !is_another_machine(kept, found) || !figures.is_empty() {
        return different(kept, found, figures);
    }
    let judged = stages.iter().flat_map(|(kept, _)| &kept.figures);
    let judged = judged.filter(|figure| figure.interval.is_some()).count();
    Verdict::WithinTolerance { first: found.name.clone(), reason: reason(kept, found), judged }
}

/// Whether a stage does other work than it did, or on other data.
fn is_another(kept: &Kept, found: &Kept) -> bool {
    let is_work = |change: &Change| {
        matches!(
            change,
            Change::Parameter { .. }
                | Change::Method { .. }
                | Change::Files { .. }
                | Change::Format
        )
    };
    explain::changes(&kept.fingerprint, &found.fingerprint).iter().any(is_work)
}

/// Whether the same work on the same inputs was done by another machine or another revision.
fn is_another_machine(kept: &Kept, found: &Kept) -> bool {
    let (then, now) = (&kept.fingerprint, &found.fingerprint);
    then.inputs == now.inputs
        && (then.arithmetic != now.arithmetic
            || then.revision != now.revision
            || kept.provenance.platform != found.provenance.platform)
}

fn reason(kept: &Kept, found: &Kept) -> String {
    let changes = explain::changes(&kept.fingerprint, &found.fingerprint);
    if !changes.is_empty() {
        return explain::words(&changes);
    }
    let (then, now) = (&kept.provenance, &found.provenance);
    if then.platform != now.platform {
        return format!("made on {}, here on {}", then.platform, now.platform);
    }
    format!("its key is the same, on {} as then, but its bytes are not", now.platform)
}

/// The figures with an interval that do not agree.
fn apart(kept: &Kept, found: &Kept) -> Vec<Apart> {
    let judged = kept.figures.iter().filter(|figure| figure.interval.is_some());
    let pairs = judged.map(|before| {
        let after = found.figures.iter().find(|figure| figure.name == before.name);
        Apart { stage: kept.name.clone(), before: before.clone(), after: after.cloned() }
    });
    pairs
        .filter(|pair| !pair.after.as_ref().is_some_and(|after| agree(&pair.before, after)))
        .collect()
}

/// Whether each of two figures lies in the other's interval, or they differ by at most [`TOLERANCE`].
pub fn agree(a: &Figure, b: &Figure) -> bool {
    let holds = |interval: Option<(f64, f64)>, value: f64| {
        interval.is_some_and(|(low, high)| (low..=high).contains(&value))
    };
    (a.value - b.value).abs() <= TOLERANCE
        || holds(a.interval, b.value) && holds(b.interval, a.value)
}
