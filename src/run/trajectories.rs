//! What the checkpoints of a training are filed under.

use crate::graph::{Digest, Fingerprint};
use crate::stages::{Method, Parameters};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The trajectory of a training, and those that it goes along for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trajectories {
    /// Its own.
    pub own: Digest,
    /// Those of the trainings that its method lists as [`Method::stretches`], in that order.
    pub stretches: Vec<Digest>,
}

impl Trajectories {
    /// Those of a stage by its fingerprint. `horizon` names the parameters that only say how long to
    /// go on; a method that this version does not know goes no way but its own.
    pub fn of(
        fingerprint: &Fingerprint,
        horizon: &BTreeSet<String>,
        method: Option<&dyn Method>,
    ) -> Trajectories {
        let along = |method: &dyn Method| method.stretches(Parameters(&fingerprint.parameters));
        let stretches = method.map(along).unwrap_or_default().into_iter().map(|parameters| {
            Fingerprint { parameters, ..fingerprint.clone() }.trajectory(horizon)
        });
        Trajectories { own: fingerprint.trajectory(horizon), stretches: stretches.collect() }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Digest> + '_ {
        std::iter::once(self.own).chain(self.stretches.iter().copied())
    }

    /// Whether two trainings may write the same checkpoints.
    pub fn meet(&self, other: &Trajectories) -> bool {
        self.all().any(|one| other.all().any(|another| one == another))
    }
}
