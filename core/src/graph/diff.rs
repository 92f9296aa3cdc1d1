//! What differs in meaning between two experiments, each as a file describes it or as a run left it.
//!
//! Stages are paired by label first. Of those left over, two that do the same work on paired stages
//! are one stage under two names.

use super::explain::{self, Change};
use super::{Graph, InputDigest};
use crate::language::experiment::TypedClaim;
use crate::language::value::{Fields, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// One of the two that are compared. What is not known of it is not compared.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// Its stages.
    pub stages: Vec<Described>,
    /// Its claims by name, each as one text; nothing where they are not known.
    pub claims: Option<BTreeMap<String, String>>,
}

/// One stage, without the names of others.
#[derive(Debug, Clone, Default)]
pub struct Described {
    /// Its label.
    pub label: String,
    /// Its kind.
    pub kind: String,
    /// Its method; may be empty.
    pub method: String,
    /// Its parameters without paths.
    pub parameters: Option<Fields>,
    /// Its paths as written, by field; compared only where contents are not known.
    pub paths: Option<BTreeMap<String, String>>,
    /// The content of the user's files.
    pub files: Option<Vec<InputDigest>>,
    /// What it takes.
    pub links: Option<Vec<Link>>,
    /// Revision of its method.
    pub revision: Option<u32>,
    /// The family of devices that it computed on.
    pub arithmetic: Option<String>,
}

/// What a stage takes in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The role, as it goes into a key.
    pub role: String,
    /// The stage with the output that is taken, or nothing for all of them. A run tells givers by
    /// content alone, so that several may be meant; none where the giver is not known.
    pub givers: Vec<(usize, Option<String>)>,
}

impl Side {
    /// What a file describes. `files` are the contents of a stage's files, where they can be read.
    pub fn of_file(
        graph: &Graph,
        claims: &[TypedClaim],
        files: impl Fn(usize) -> Option<Vec<InputDigest>>,
    ) -> Side {
        let stages = graph.nodes().iter().enumerate().map(|(index, node)| {
            let stage = &node.stage;
            let mut parameters = stage.parameters.clone();
            parameters.retain(|name, _| !node.paths.contains_key(name));
            let links = stage.inputs.iter().map(|input| Link {
                role: graph.role(input).into_owned(),
                givers: vec![(input.stage, input.output.clone())],
            });
            Described {
                label: stage.label(),
                kind: stage.kind.clone(),
                method: stage.method.clone(),
                parameters: Some(parameters),
                paths: Some(node.paths.clone()),
                files: files(index),
                links: Some(links.collect()),
                revision: Some(node.revision),
                arithmetic: None,
            }
        });
        let stages: Vec<Described> = stages.collect();
        let claims = claims.iter().map(|claim| (claim.name.clone(), claim_text(claim, &stages)));
        let claims = Some(claims.collect());
        Side { stages, claims }
    }
}

fn claim_text(claim: &TypedClaim, stages: &[Described]) -> String {
    let parameters = claim.parameters.iter().map(|(name, value)| format!("{name}: {value}"));
    let measures = claim.inputs.iter().map(|input| {
        let measure = input.output.as_deref().unwrap_or_default();
        format!("{}: {}.{measure}", input.role, stages[input.stage].label)
    });
    let arguments: Vec<String> = measures.chain(parameters).collect();
    format!("{}({})", claim.method, arguments.join(", "))
}

/// One difference of a stage's own; what only follows from another stage is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Own {
    /// A difference that shows in the fingerprint.
    Fingerprint(Change),
    /// It takes from another stage.
    Giver {
        /// The role.
        role: String,
        /// What it took; nothing where it took nothing.
        before: Option<String>,
        /// What it takes.
        after: Option<String>,
    },
}

impl fmt::Display for Own {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absent = || "(absent)".to_owned();
        match self {
            Own::Fingerprint(change) => change.fmt(formatter),
            Own::Giver { role, before, after } => {
                let (before, after) = (before.clone(), after.clone());
                let (before, after) = (before.unwrap_or_else(absent), after.unwrap_or_else(absent));
                write!(formatter, "{role}: {before} → {after}")
            }
        }
    }
}

impl Serialize for Own {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A stage that is on both sides and differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its index before.
    pub before: usize,
    /// Its index after.
    pub after: usize,
    /// How it differs.
    pub changes: Vec<Own>,
    /// How many other stages take from it, directly or not.
    pub affects: usize,
}

/// What differs, by indices of the two sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference {
    /// Stages that are on both sides.
    pub pairs: Vec<(usize, usize)>,
    /// Stages that are only before.
    pub removed: Vec<usize>,
    /// Stages that are only after.
    pub added: Vec<usize>,
    /// Those of the pairs whose labels differ.
    pub renamed: Vec<(usize, usize)>,
    /// Those of the pairs that differ in anything else.
    pub changed: Vec<Changed>,
    /// Claims that differ: name, before, after.
    pub claims: Vec<(String, Option<String>, Option<String>)>,
}

impl Difference {
    /// Whether both mean the same. Names belong to the meaning: they label every result.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty()
            && self.added.is_empty()
            && self.renamed.is_empty()
            && self.changed.is_empty()
            && self.claims.is_empty()
    }
}

/// Compares two sides.
pub fn diff(before: &Side, after: &Side) -> Difference {
    let pairs = Pairs::find(before, after);
    let mut found = Difference::default();
    for (index, partner) in pairs.forward.iter().enumerate() {
        match *partner {
            None => found.removed.push(index),
            Some(other) => found.pairs.push((index, other)),
        }
    }
    let partners: BTreeSet<usize> = pairs.forward.iter().flatten().copied().collect();
    found.added = (0..after.stages.len()).filter(|index| !partners.contains(index)).collect();
    let takers = takers(after);
    for &(old, new) in &found.pairs {
        if before.stages[old].label != after.stages[new].label {
            found.renamed.push((old, new));
        }
        let changes = pairs.changes(old, new);
        if !changes.is_empty() {
            let affects = count_after(&takers, new);
            found.changed.push(Changed { before: old, after: new, changes, affects });
        }
    }
    if let (Some(old), Some(new)) = (&before.claims, &after.claims) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
        found.claims = differing
            .map(|name| (name.clone(), old.get(name).cloned(), new.get(name).cloned()))
            .collect();
    }
    found
}

struct Pairs<'a> {
    before: &'a Side,
    after: &'a Side,
    /// For each stage before, its partner after.
    forward: Vec<Option<usize>>,
}

impl<'a> Pairs<'a> {
    fn find(before: &'a Side, after: &'a Side) -> Pairs<'a> {
        let by_label: HashMap<(&str, &str), usize> = after
            .stages
            .iter()
            .enumerate()
            .map(|(index, stage)| ((&*stage.label, &*stage.kind), index))
            .collect();
        let forward = before
            .stages
            .iter()
            .map(|stage| by_label.get(&(&*stage.label, &*stage.kind)).copied())
            .collect();
        let mut pairs = Pairs { before, after, forward };
        pairs.add_renamed();
        pairs
    }

    /// Every round may pair what takes from the pairs of the round before.
    fn add_renamed(&mut self) {
        let taken: BTreeSet<usize> = self.forward.iter().flatten().copied().collect();
        let mut free: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, stage) in self.after.stages.iter().enumerate() {
            if !taken.contains(&index) {
                free.entry(work(stage)).or_default().push(index);
            }
        }
        let mut again = !free.is_empty();
        while std::mem::take(&mut again) {
            for old in 0..self.forward.len() {
                if self.forward[old].is_some() {
                    continue;
                }
                let Some(candidates) = free.get_mut(&work(&self.before.stages[old])) else {
                    continue;
                };
                let fits = |&new: &usize| self.changes(old, new).is_empty();
                if let Some(place) = candidates.iter().position(fits) {
                    self.forward[old] = Some(candidates.remove(place));
                    again = true;
                }
            }
        }
    }

    /// How two stages differ in anything but their labels.
    fn changes(&self, old: usize, new: usize) -> Vec<Own> {
        let (a, b) = (&self.before.stages[old], &self.after.stages[new]);
        let mut changes = Vec::new();
        let name = |stage: &Described| format!("{} {}", stage.kind, stage.method);
        if name(a) != name(b) {
            let (before, after) = (name(a).trim_end().to_owned(), name(b).trim_end().to_owned());
            changes.push(Change::Method { before, after });
        }
        if let (Some(old), Some(new)) = (&a.parameters, &b.parameters) {
            explain::compare_fields("", old, new, &mut changes);
        }
        compare_files(a, b, &mut changes);
        if let (Some(before), Some(after)) = (a.revision, b.revision)
            && before != after
        {
            changes.push(Change::Revision { before, after });
        }
        if let (Some(before), Some(after)) = (&a.arithmetic, &b.arithmetic)
            && before != after
        {
            changes.push(Change::Arithmetic { before: before.clone(), after: after.clone() });
        }
        let mut own: Vec<Own> = changes.into_iter().map(Own::Fingerprint).collect();
        if let (Some(old), Some(new)) = (&a.links, &b.links) {
            self.compare_links(old, new, &mut own);
        }
        own
    }

    fn compare_links(&self, old: &[Link], new: &[Link], changes: &mut Vec<Own>) {
        let mut left: Vec<&Link> = new.iter().collect();
        let mut gone: Vec<&Link> = Vec::new();
        for link in old {
            match left.iter().position(|other| self.is_same(link, other)) {
                Some(place) => {
                    left.remove(place);
                }
                None => gone.push(link),
            }
        }
        for link in gone {
            let place = left.iter().position(|other| other.role == link.role);
            let after = place.map(|place| giver(left.remove(place), self.after));
            let before = Some(giver(link, self.before));
            changes.push(Own::Giver { role: field(&link.role), before, after });
        }
        changes.extend(left.into_iter().map(|link| Own::Giver {
            role: field(&link.role),
            before: None,
            after: Some(giver(link, self.after)),
        }));
    }

    fn is_same(&self, old: &Link, new: &Link) -> bool {
        let meets = |(stage, output): &(usize, Option<String>)| {
            let partner = self.forward[*stage];
            new.givers.iter().any(|other| Some(other.0) == partner && other.1 == *output)
        };
        old.role == new.role
            && (old.givers.is_empty() || new.givers.is_empty() || old.givers.iter().any(meets))
    }
}

/// The part of a role in front of what tells several givers apart.
fn field(role: &str) -> String {
    role.split('[').next().unwrap_or(role).to_owned()
}

fn giver(link: &Link, side: &Side) -> String {
    match link.givers.first() {
        Some((stage, Some(output))) => format!("{}.{output}", side.stages[*stage].label),
        Some((stage, None)) => side.stages[*stage].label.clone(),
        None => "(unknown)".to_owned(),
    }
}

/// What a stage does, whatever it takes; stages of the same work may be one under two names. Those of
/// which nothing but the method is known are only told by their labels.
fn work(stage: &Described) -> String {
    match &stage.parameters {
        Some(parameters) => {
            let parameters = serde_json::to_string(parameters).unwrap_or_default();
            format!("{} {} {parameters}", stage.kind, stage.method)
        }
        None => format!("{} only", stage.label),
    }
}

/// Contents decide where both are known: data that moved is the same data.
fn compare_files(a: &Described, b: &Described, changes: &mut Vec<Change>) {
    if let (Some(old), Some(new)) = (&a.files, &b.files) {
        let roles: BTreeSet<&String> = old.iter().chain(new).map(|file| &file.role).collect();
        let of = |files: &[InputDigest], role: &String| {
            files.iter().find(|file| file.role == *role).map(|file| file.digest)
        };
        for role in roles {
            match (of(old, role), of(new, role)) {
                (old, new) if old == new => {}
                (Some(_), Some(_)) => changes.push(Change::Files { role: role.clone() }),
                (old, new) => changes.push(Change::Input {
                    role: role.clone(),
                    presence: (old.is_some(), new.is_some()),
                }),
            }
        }
    } else if let (Some(old), Some(new)) = (&a.paths, &b.paths) {
        let as_values = |paths: &BTreeMap<String, String>| {
            paths.iter().map(|(name, path)| (name.clone(), Value::Text(path.clone()))).collect()
        };
        explain::compare_fields("", &as_values(old), &as_values(new), changes);
    }
}

/// For each stage those that take from it.
fn takers(side: &Side) -> Vec<Vec<usize>> {
    let mut takers = vec![Vec::new(); side.stages.len()];
    for (index, stage) in side.stages.iter().enumerate() {
        for link in stage.links.iter().flatten() {
            if let Some((giver, _)) = link.givers.first() {
                takers[*giver].push(index);
            }
        }
    }
    takers
}

fn count_after(takers: &[Vec<usize>], from: usize) -> usize {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(index) = waiting.pop() {
        waiting.extend(takers[index].iter().filter(|&&taker| seen.insert(taker)));
    }
    seen.len()
}

/// `auc` of `auc[k: 6]`, for messages that name many members at once.
pub fn family(label: &str) -> &str {
    label.split('[').next().unwrap_or(label)
}
