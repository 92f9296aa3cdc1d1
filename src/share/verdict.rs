//! Whether somebody else got the same.

use super::bundle::Kept;
use crate::graph::explain::{self, Change};
use crate::stages::Figure;
use serde::Serialize;
use std::fmt;

/// By how much a figure may differ between processor families or devices, whatever its interval.
pub const TOLERANCE: f64 = 0.005;

/// See the module. What a bundle says of itself is its claim, and told as one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Every output of every stage has the same bytes, and the bundle shows nothing else.
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
        /// How many figures were judged; at least one.
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
    /// The stages gave the same bytes, but what the bundle shows of them is something else.
    Altered {
        /// What in the bundle is not what was found, by name.
        parts: Vec<String>,
    },
    /// Bytes differ because another machine made them, and no figure has an interval.
    NothingToCompare {
        /// Why.
        reason: String,
    },
}

/// A figure on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Apart {
    /// The stage.
    pub stage: String,
    /// What the figure measures.
    pub name: String,
    /// The figure of then, where there was one.
    pub before: Option<Figure>,
    /// The figure of now, where there is one.
    pub after: Option<Figure>,
}

impl Verdict {
    /// Whether the bundle was reproduced. `exact` lets nothing but equal bytes pass.
    pub fn is_reproduced(&self, exact: bool) -> bool {
        match self {
            Verdict::Identical { .. } => true,
            Verdict::WithinTolerance { .. } => !exact,
            _ => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Identical { stages: 1 } => {
                formatter.write_str("identical: the one stage gave the same bytes")
            }
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
                for apart in figures {
                    write!(formatter, "\n  {apart}")?;
                }
                Ok(())
            }
            Verdict::Altered { parts } => {
                formatter.write_str(
                    "altered: the stages gave the same bytes, but the bundle shows something else in",
                )?;
                parts.iter().try_for_each(|part| write!(formatter, "\n  {part}"))
            }
            Verdict::NothingToCompare { reason } => {
                write!(formatter, "nothing to compare: {reason}")
            }
        }
    }
}

impl fmt::Display for Apart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |figure: &Option<Figure>| match figure {
            Some(figure) => figure.number(),
            None => "(absent)".to_owned(),
        };
        let (before, after) = (number(&self.before), number(&self.after));
        write!(formatter, "{}  {} {before} → {after}", self.stage, self.name)
    }
}

/// Judges what was found against what was kept; both in an order in which givers come first, stage by
/// stage.
pub fn judge(stages: &[(Kept, Kept)]) -> Verdict {
    if stages.is_empty() {
        return Verdict::NothingToCompare { reason: "the experiment has no stages".to_owned() };
    }
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
        return judge_words(stages);
    };
    let figures: Vec<Apart> = stages.iter().flat_map(|(kept, found)| apart(kept, found)).collect();
    if !is_another_machine(kept, found) || !figures.is_empty() {
        return different(kept, found, figures);
    }
    let (first, reason) = (found.name.clone(), reason(kept, found));
    let judged = stages.iter().map(|(_, found)| judged(found).count()).sum();
    if judged == 0 {
        let reason = format!(
            "{first} is the first stage with other bytes ({reason}), and there is no figure with an \
             interval to judge by"
        );
        return Verdict::NothingToCompare { reason };
    }
    Verdict::WithinTolerance { first, reason, judged }
}

/// Where all outputs are the same, so is all that the bundle says of the stages.
fn judge_words(stages: &[(Kept, Kept)]) -> Verdict {
    let mut parts = Vec::new();
    for (kept, found) in stages {
        if kept.figures != found.figures {
            parts.push(format!("the figures of {}", kept.name));
        }
        // Without secrets a fingerprint does not give its key, but it has to be the one found here.
        if kept.fingerprint == found.fingerprint && kept.key != found.key {
            parts.push(format!("the key of {}", kept.name));
        }
    }
    match parts.is_empty() {
        true => Verdict::Identical { stages: stages.len() },
        false => Verdict::Altered { parts },
    }
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
        return format!(
            "the bundle claims to be made on {}, this is {}",
            then.platform, now.platform
        );
    }
    format!("its key is the same, on {} as then, but its bytes are not", now.platform)
}

/// The figures that a stage is judged by.
fn judged(kept: &Kept) -> impl Iterator<Item = &Figure> {
    kept.figures.iter().filter(|figure| figure.interval.is_some())
}

/// The figures with an interval that do not agree, or that one side lacks: a figure that was left out
/// of a bundle agrees with nothing.
fn apart(kept: &Kept, found: &Kept) -> Vec<Apart> {
    let named = |side: &Kept, name: &str| judged(side).find(|figure| figure.name == name).cloned();
    let pair = |name: &str| Apart {
        stage: kept.name.clone(),
        name: name.to_owned(),
        before: named(kept, name),
        after: named(found, name),
    };
    let new = judged(found).filter(|figure| named(kept, &figure.name).is_none());
    let pairs = judged(kept).chain(new).map(|figure| pair(&figure.name));
    let agrees = |pair: &Apart| match (&pair.before, &pair.after) {
        (Some(before), Some(after)) => agree(before, after),
        _ => false,
    };
    pairs.filter(|pair| !agrees(pair)).collect()
}

/// Whether each of two figures lies in the other's interval, or they differ by at most [`TOLERANCE`].
pub fn agree(a: &Figure, b: &Figure) -> bool {
    let holds = |interval: Option<(f64, f64)>, value: f64| {
        interval.is_some_and(|(low, high)| (low..=high).contains(&value))
    };
    (a.value - b.value).abs() <= TOLERANCE
        || holds(a.interval, b.value) && holds(b.interval, a.value)
}
