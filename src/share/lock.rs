//! A lock: what an experiment was made of and what came out, by digest. It names no machine and no
//! place on one.

use super::output::Kind;
use super::withheld::WITHHELD;
use crate::graph::explain::{self, Change};
use crate::graph::plan::{Knowledge, Plan, Status};
use crate::graph::{Digest, Fingerprint, Graph, InputDigest, OutputDigests};
use crate::language::value::Value;
use crate::project;
use crate::relative_path::{BadName, RelativePath};
use crate::run::{Session, platform};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Version of the layout.
const FORMAT: u32 = 1;
const SOURCE_DOMAIN: &str = "msx 2026 experiment text";
/// A file that reads as a lock.
pub const LOCK_FILE: Kind = Kind {
    name: "a lock",
    is_data: false,
    is_ours: |path| project::read(path).is_ok_and(|text| Lock::from_text(&text).is_ok()),
};

const HEADING: &str = "# Written by `msx lock`. `msx lock FILE --check` compares.\n\n";

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Version of the layout.
    pub format: u32,
    /// Version of msx.
    pub msx: String,
    /// Operating system and processor family.
    pub platform: String,
    /// The family of devices that compute the same bits.
    pub device: String,
    /// The experiment file, relative to its project.
    pub file: RelativePath,
    /// Parameters that were given on the command line and name places or hold secrets, whose values are
    /// not written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// The others that were given on the command line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// The fields whose secret value a mark stands for in the text, in the order of the marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret: Vec<String>,
    /// The experiment file and its imports, by name.
    #[serde(default)]
    pub source: Vec<LockedSource>,
    /// The user's data, by stage and field.
    #[serde(default)]
    pub data: Vec<LockedData>,
    /// Every stage, by name.
    #[serde(default)]
    pub stage: Vec<LockedStage>,
}

/// A file of the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedSource {
    /// Its name, relative to the project.
    pub file: RelativePath,
    /// Its text.
    pub digest: Digest,
}

/// Files of the user's behind one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedData {
    /// The stage that reads them.
    pub stage: String,
    /// The field.
    pub field: String,
    /// Their content, as it goes into the key.
    pub digest: Digest,
}

/// A stage with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedStage {
    /// Its label.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its method; left out where it is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Its key.
    pub key: Digest,
    /// Its outputs.
    pub outputs: BTreeMap<String, Digest>,
}

/// The text of an experiment as it may be given away.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// The experiment file, relative to its project.
    pub file: String,
    /// Every file by name, relative to the project.
    pub files: BTreeMap<String, String>,
    /// Values from the command line that may be told.
    pub set: BTreeMap<String, String>,
    /// Values from the command line that name places or are secret.
    pub withheld: BTreeMap<String, String>,
    /// See [`Lock::secret`].
    pub secret: Vec<String>,
}

/// The digest of a file of the language.
pub fn text_digest(text: &str) -> Digest {
    Digest::derive(SOURCE_DOMAIN, text.as_bytes())
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Stages without a result.
    #[error("{count} of the stages have no result yet, the first is `{first}`; run them before")]
    Unfinished {
        /// How many.
        count: usize,
        /// The label of one.
        first: String,
    },
    /// A file's name does not suit every system.
    #[error("the lock cannot name {name:?}: {reason}; rename the file")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: BadName,
    },
    /// The text is no lock.
    #[error("this is no lock of msx: {0}")]
    Unreadable(String),
    /// The lock is of a later version.
    #[error("the lock has format {found}, this msx knows format {FORMAT}; use a newer msx")]
    Format {
        /// The format found.
        found: u32,
    },
}

impl Lock {
    /// Locks an experiment all of whose stages have results, by the session's plan.
    ///
    /// # Errors
    /// A stage has none.
    pub fn of(session: &Session<'_>, plan: &Plan, text: &Text) -> Result<Lock, LockError> {
        let mut stage = Vec::new();
        let mut data = Vec::new();
        let mut unfinished = Vec::new();
        let nodes = session.graph.nodes().iter().zip(&plan.statuses).zip(&plan.outputs);
        for (index, ((node, status), outputs)) in nodes.enumerate() {
            let name = node.stage.label();
            let (Status::Cached { key }, Some(outputs)) = (status, outputs) else {
                unfinished.push(name);
                continue;
            };
            let files = session.files(index).unwrap_or_default();
            data.extend(files.into_iter().map(|file| LockedData {
                stage: name.clone(),
                field: file.role,
                digest: file.digest,
            }));
            stage.push(LockedStage {
                name,
                kind: node.stage.kind.clone(),
                method: node.stage.method.clone(),
                key: *key,
                outputs: outputs.iter().map(|(name, digest)| (name.to_owned(), digest)).collect(),
            });
        }
        if let Some(first) = unfinished.first() {
            return Err(LockError::Unfinished { count: unfinished.len(), first: first.clone() });
        }
        stage.sort_by(|a, b| a.name.cmp(&b.name));
        data.sort_by(|a, b| (&a.stage, &a.field).cmp(&(&b.stage, &b.field)));
        let source = text.files.iter().map(|(file, text)| {
            Ok(LockedSource { file: portable(file)?, digest: text_digest(text) })
        });
        Ok(Lock {
            format: FORMAT,
            msx: env!("CARGO_PKG_VERSION").to_owned(),
            platform: platform(),
            device: session.device.family().to_owned(),
            file: portable(&text.file)?,
            withheld: text.withheld.keys().cloned().collect(),
            secret: text.secret.clone(),
            set: text.set.clone(),
            source: source.collect::<Result<_, LockError>>()?,
            data,
            stage,
        })
    }

    /// The lock as text.
    ///
    /// # Errors
    /// TOML cannot say it, which means that a name is not text.
    pub fn to_text(&self) -> Result<String, LockError> {
        let text = toml::to_string(self);
        let text = text.map_err(|error| LockError::Unreadable(error.to_string()))?;
        Ok(format!("{HEADING}{text}"))
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// It is none, or one of a later version.
    pub fn from_text(text: &str) -> Result<Lock, LockError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = |error: toml::de::Error| LockError::Unreadable(error.to_string());
        let Format { format } = toml::from_str(text).map_err(unreadable)?;
        if format != FORMAT {
            return Err(LockError::Format { found: format });
        }
        toml::from_str(text).map_err(unreadable)
    }

    /// The stage of this name.
    pub fn find(&self, name: &str) -> Option<&LockedStage> {
        self.stage.iter().find(|stage| stage.name == name)
    }

    /// Files of the language that are not what they were, in words. Comments do not change a key, so
    /// this alone means nothing.
    pub fn altered_sources(&self, text: &Text) -> Vec<String> {
        let locked: BTreeMap<&str, Digest> =
            self.source.iter().map(|source| (source.file.as_str(), source.digest)).collect();
        let mut words = Vec::new();
        for (file, text) in &text.files {
            match locked.get(file.as_str()) {
                None => words.push(format!("{file} is new")),
                Some(digest) if *digest != text_digest(text) => {
                    words.push(format!("{file} has another text"));
                }
                Some(_) => {}
            }
        }
        let gone =
            self.source.iter().filter(|source| !text.files.contains_key(source.file.as_str()));
        words.extend(gone.map(|source| format!("{} is no longer part of it", source.file)));
        words
    }

    /// The user's data that is not what it was, in words: other content, missing, or unreadable.
    pub fn other_data(&self, session: &Session<'_>) -> Vec<String> {
        let mut words = Vec::new();
        for (index, node) in session.graph.nodes().iter().enumerate() {
            let label = node.stage.label();
            let locked = self.data.iter().filter(|data| data.stage == label);
            match session.files(index) {
                Err(reason) => words.push(format!("{label}: {reason}")),
                Ok(files) => words.extend(locked.filter_map(|data| {
                    let file = files.iter().find(|file| file.role == data.field)?;
                    (file.digest != data.digest).then(|| {
                        format!(
                            "{label}: the files at `{}` are not those of the lock (they have {}, \
                             the lock has {})",
                            data.field,
                            file.digest.short(),
                            data.digest.short()
                        )
                    })
                })),
            }
        }
        words
    }

    /// Where the experiment would deviate from the lock, in an order in which givers come first. No
    /// result is needed: where a key is the locked one, so is the result. `before` tells the
    /// fingerprint of a locked key, where it is known.
    pub fn deviations(
        &self,
        session: &Session<'_>,
        before: &dyn Fn(&Digest) -> Option<Fingerprint>,
    ) -> Deviations {
        let outputs = self.stage.iter().map(|stage| {
            let digests = stage.outputs.iter().map(|(name, digest)| (name.as_str(), *digest));
            (stage.key, digests.collect())
        });
        let plan = Plan::make(session.graph, &Locked { session, outputs: outputs.collect() });
        let mut found = Deviations { stages: Vec::new(), followers: 0 };
        for &index in session.graph.order() {
            let stage = session.graph.nodes()[index].stage.label();
            let reason = match (self.find(&stage), &plan.statuses[index]) {
                (None, _) => Reason::New,
                (Some(locked), Status::Cached { key }) if locked.key == *key => continue,
                (Some(locked), Status::Cached { .. } | Status::WillRun { .. }) => {
                    let after = plan.fingerprint(session.graph, session, index);
                    let changes = before(&locked.key)
                        .zip(after)
                        .map(|(before, after)| told_changes(&before, &after))
                        .unwrap_or_default();
                    Reason::Changed(changes)
                }
                (Some(_), Status::Blocked { reason }) => Reason::Blocked(reason.clone()),
                (Some(_), Status::MayRun { .. }) => {
                    found.followers += 1;
                    continue;
                }
            };
            found.stages.push(Deviation { stage, reason });
        }
        found.stages.extend(self.gone(session.graph));
        found
    }

    fn gone(&self, graph: &Graph) -> Vec<Deviation> {
        let labels: Vec<String> = graph.nodes().iter().map(|node| node.stage.label()).collect();
        let gone = self.stage.iter().filter(|stage| !labels.contains(&stage.name));
        gone.map(|stage| Deviation { stage: stage.name.clone(), reason: Reason::Gone }).collect()
    }
}

/// The differences of two fingerprints. Of a value that was withheld nobody can say whether it differs.
fn told_changes(before: &Fingerprint, after: &Fingerprint) -> Vec<Change> {
    let withheld = Value::Text(WITHHELD.to_owned());
    let is_told = |change: &Change| !matches!(change, Change::Parameter { before, .. } if *before == Some(withheld.clone()));
    explain::changes(before, after).into_iter().filter(is_told).collect()
}

fn portable(name: &str) -> Result<RelativePath, LockError> {
    name.parse().map_err(|reason| LockError::Name { name: name.to_owned(), reason })
}

/// What [`Lock::deviations`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviations {
    /// Stages that deviate by themselves.
    pub stages: Vec<Deviation>,
    /// How many stages wait on those, so that their keys are not known.
    pub followers: usize,
}

/// A stage whose key is not the locked one.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviation {
    /// Its label.
    pub stage: String,
    /// Why.
    pub reason: Reason,
}

/// See [`Deviation`].
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The lock has no stage of this name.
    New,
    /// The experiment has no stage of this name any more.
    Gone,
    /// Its files cannot be read.
    Blocked(String),
    /// Its key differs; empty where the locked fingerprint is not known.
    Changed(Vec<Change>),
}

impl Deviation {
    /// Whether nothing was asked differently: the stage is computed on another family of devices, or
    /// by another revision of its method.
    pub fn is_of_the_machine(&self) -> bool {
        let is_machine =
            |change: &Change| matches!(change, Change::Arithmetic { .. } | Change::Revision { .. });
        matches!(&self.reason, Reason::Changed(changes)
            if !changes.is_empty() && changes.iter().all(is_machine))
    }
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: ", self.stage)?;
        match &self.reason {
            Reason::New => formatter.write_str("is not in the lock"),
            Reason::Gone => formatter.write_str("is in the lock, but not in the experiment"),
            Reason::Blocked(reason) => formatter.write_str(reason),
            Reason::Changed(changes) if changes.is_empty() => formatter.write_str(
                "has another key; what differs is not known, because there is no record of the locked \
                 one or the value is withheld",
            ),
            Reason::Changed(changes) => formatter.write_str(&explain::words(changes)),
        }
    }
}

/// The world in which exactly the locked results exist.
struct Locked<'a> {
    session: &'a Session<'a>,
    outputs: HashMap<Digest, OutputDigests>,
}

impl Knowledge for Locked<'_> {
    fn outputs(&self, key: &Digest) -> Option<OutputDigests> {
        self.outputs.get(key).cloned()
    }

    fn files(&self, index: usize) -> Result<Vec<InputDigest>, String> {
        self.session.files(index)
    }

    fn arithmetic(&self, index: usize) -> &str {
        self.session.arithmetic(index)
    }
}
