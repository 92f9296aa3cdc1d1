//! What the language hands to the graph: a plain list of typed stages.

use super::value::{Fields, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The loop variables of a family member with their values, in the order of the loops.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Bindings(pub Vec<(String, Value)>);

impl Bindings {
    /// The value of a loop variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(bound, _)| bound == name).map(|(_, value)| value)
    }
}

/// `k: 6, arch: cpd`; empty for a stage outside every loop.
impl fmt::Display for Bindings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            write!(formatter, "{name}: {value}")?;
        }
        Ok(())
    }
}

/// An edge: what a stage takes from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The field that asks for it, or the header's role.
    pub role: String,
    /// Index of the giving stage in [`Experiment::stages`].
    pub stage: usize,
    /// One named output, or the whole stage.
    pub output: Option<String>,
    /// True where the field takes any number of stages; the graph then tells inputs of one role
    /// apart by the giving stage's kind, method and bindings.
    pub many: bool,
}

/// One stage with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedStage {
    /// The declared name; shared by the members of a family.
    pub name: String,
    /// Which member of the family this is.
    pub bindings: Bindings,
    /// The kind, e.g. `gan`.
    pub kind: String,
    /// The method, e.g. `cpd`; may be empty.
    pub method: String,
    /// Every parameter that is not a reference, defaults filled in; absent ones are left out.
    pub parameters: Fields,
    /// What it takes, in schema order, family members in declaration order.
    pub inputs: Vec<Input>,
    /// Where it is declared. Positions run through all files; the first one begins at 0.
    pub span: std::ops::Range<usize>,
}

impl TypedStage {
    /// The name as a user writes it: `auc` or `auc[k: 6, arch: cpd]`.
    pub fn label(&self) -> String {
        if self.bindings.0.is_empty() {
            self.name.clone()
        } else {
            format!("{}[{}]", self.name, self.bindings)
        }
    }
}

/// A checked and expanded file.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The name in the header.
    pub name: String,
    /// The title, or the name where none is given.
    pub title: String,
    /// The seed that stages inherit.
    pub seed: i64,
    /// Every stage, in declaration order; inputs may point forward.
    pub stages: Vec<TypedStage>,
    /// What the authors expect of the results, in declaration order.
    pub claims: Vec<TypedClaim>,
}

impl Experiment {
    /// Keeps these stages, which must include all that they take from, and the claims about them.
    #[must_use]
    pub fn only(mut self, kept: &[usize]) -> Experiment {
        let mut places = vec![None; self.stages.len()];
        for (new, &old) in kept.iter().enumerate() {
            places[old] = Some(new);
        }
        let all = std::mem::take(&mut self.stages).into_iter().zip(&places);
        self.stages = all.filter_map(|(stage, place)| place.map(|_| stage)).collect();
        self.claims.retain(|claim| claim.inputs.iter().all(|input| places[input.stage].is_some()));
        let stages = self.stages.iter_mut().map(|stage| &mut stage.inputs);
        for inputs in stages.chain(self.claims.iter_mut().map(|claim| &mut claim.inputs)) {
            for input in inputs {
                if let Some(place) = places[input.stage] {
                    input.stage = place;
                }
            }
        }
        self
    }
}

/// A statement about results, with every default filled in. No key depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedClaim {
    /// The declared name.
    pub name: String,
    /// The kind of statement, e.g. `trend`.
    pub method: String,
    /// Every argument that is not a measure.
    pub parameters: Fields,
    /// The measures: by argument, the stage and the measure's name.
    pub inputs: Vec<Input>,
    /// Where it is declared, as for stages.
    pub span: std::ops::Range<usize>,
}
