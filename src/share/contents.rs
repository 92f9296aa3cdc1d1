//! What stands in a bundle, and what of it is believed.

use super::archive::{Archive, ArchiveError, Content};
use super::bundle::{ARTEFACTS, Bundle, EXPERIMENT, Kept, LOCK, REPORTS, RESULTS, STAGES};
use super::lock::Lock;
use super::research_object;
use super::withheld::give_back;
use crate::graph::{Digest, Fingerprint};
use crate::relative_path::RelativePath;
use std::collections::BTreeSet;
use std::path::Path;

/// What a name in a bundle stands for. Nothing else is ever in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The lock.
    Lock,
    /// The experiment file or one of its imports.
    Source,
    /// The stages with what they found.
    Stages,
    /// Statistics of a stage.
    Result,
    /// A file of an output that was given away by name.
    Artefact(Artefact),
    /// A published page.
    Page,
    /// The description as a research object.
    Metadata,
}

/// Whose file an artefact is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artefact {
    /// The folder of the stage.
    pub folder: String,
    /// The output.
    pub output: String,
}

impl Entry {
    /// What a name stands for; nothing for one that no bundle has.
    pub fn of(name: &RelativePath) -> Option<Entry> {
        let parts: Vec<&str> = name.as_str().split('/').collect();
        match parts.as_slice() {
            [LOCK] => Some(Entry::Lock),
            [research_object::FILE] => Some(Entry::Metadata),
            [EXPERIMENT, _, ..] => Some(Entry::Source),
            [RESULTS, _] => (name.as_str() == STAGES).then_some(Entry::Stages),
            [RESULTS, _, _, _, ..] => name.as_str().ends_with(".json").then_some(Entry::Result),
            [ARTEFACTS, folder, output, _, ..] => Some(Entry::Artefact(Artefact {
                folder: (*folder).to_owned(),
                output: (*output).to_owned(),
            })),
            [REPORTS, page] => page.ends_with(".html").then_some(Entry::Page),
            _ => None,
        }
    }

    /// Whether people look at it to learn what was found.
    pub(super) fn is_shown(&self) -> bool {
        matches!(self, Entry::Result | Entry::Artefact(_) | Entry::Page)
    }

    /// Whether it is needed to run the experiment again.
    fn is_needed(&self) -> bool {
        matches!(self, Entry::Lock | Entry::Source)
    }
}

/// What a bundle says of itself.
pub struct Contents {
    /// The lock.
    pub lock: Lock,
    /// The stages, in an order in which givers come first.
    pub kept: Vec<Kept>,
    archive: Archive,
}

impl Contents {
    /// Reads what a bundle says. `limit` bounds the bytes of all its files together.
    ///
    /// # Errors
    /// In words: it holds what no bundle has, or a part is missing or cannot be read.
    pub fn read(path: &Path, limit: u64) -> Result<Contents, String> {
        let mut archive = Archive::open(path, limit).map_err(|error| error.to_string())?;
        if let Some(name) = archive.names().find(|name| Entry::of(name).is_none()) {
            return Err(format!(
                "refused to unpack {}: it has `{name}`, which no bundle of msx has; nothing was \
                 written",
                path.display()
            ));
        }
        let mut text = |name: &str| {
            let bytes = archive.read(name).map_err(|error| error.to_string())?;
            let none = || format!("{} is no bundle of msx: it has no {name}", path.display());
            String::from_utf8(bytes.ok_or_else(none)?)
                .map_err(|_| format!("{}: {name} is not text", path.display()))
        };
        let lock = Lock::from_text(&text(LOCK)?).map_err(|error| format!("{LOCK}: {error}"))?;
        let kept = serde_json::from_str(&text(STAGES)?)
            .map_err(|error| format!("{STAGES} cannot be read: {error}"))?;
        Ok(Contents { lock, kept, archive })
    }

    /// Unpacks the experiment and its lock, and nothing that claims what was found: what people look at
    /// in that folder was made there. `secrets` take the place of their marks in the experiment.
    ///
    /// # Errors
    /// There is something at the place, the disk refuses, or the archive is damaged. Nothing is left.
    pub fn unpack(&mut self, into: &Path, secrets: &[String]) -> Result<(), ArchiveError> {
        let is_needed =
            |name: &RelativePath| Entry::of(name).is_some_and(|entry| entry.is_needed());
        self.archive.unpack(into, is_needed, |name, content| match Entry::of(name) {
            Some(Entry::Source) => match String::from_utf8(content) {
                Ok(text) => give_back(&text, secrets).into_bytes(),
                Err(other) => other.into_bytes(),
            },
            _ => content,
        })
    }

    /// What was given away by name, as a bundle of the same experiment has to give it.
    pub fn artefacts(&self) -> BTreeSet<Artefact> {
        let entries = self.archive.names().filter_map(Entry::of);
        let artefacts = entries.filter_map(|entry| match entry {
            Entry::Artefact(artefact) => Some(artefact),
            _ => None,
        });
        artefacts.collect()
    }

    /// The files of the bundle that show something else than one does that was made of results found
    /// here.
    ///
    /// # Errors
    /// The archive is damaged, or a stored file cannot be read.
    pub fn altered(&mut self, made: &Bundle<'_>) -> Result<Vec<String>, ArchiveError> {
        let mut altered = self.altered_lock();
        let mut expected: BTreeSet<&str> = BTreeSet::new();
        for (name, content) in made.shown() {
            expected.insert(name.as_str());
            let digest = match content {
                Content::Bytes(bytes) => blake3::hash(bytes).into(),
                Content::Stored { digest, .. } => *digest,
            };
            if self.archive.digest(name.as_str())? != Some(digest) {
                altered.push(name.to_string());
            }
        }
        let shown = |name: &&RelativePath| Entry::of(name).is_some_and(|entry| entry.is_shown());
        let names = self.archive.names().filter(shown).map(RelativePath::as_str);
        altered.extend(names.filter(|name| !expected.contains(name)).map(str::to_owned));
        Ok(altered)
    }

    /// The lock and the stages have to say the same.
    fn altered_lock(&self) -> Vec<String> {
        let is_locked = |kept: &Kept| {
            self.lock.find(&kept.name).is_some_and(|locked| {
                let outputs = locked.outputs.iter().map(|(name, digest)| (name.as_str(), *digest));
                locked.key == kept.key && kept.outputs.iter().eq(outputs)
            })
        };
        let is_same = self.lock.stage.len() == self.kept.len() && self.kept.iter().all(is_locked);
        if is_same { Vec::new() } else { vec![LOCK.to_owned()] }
    }

    /// The fingerprint behind a key of the bundle.
    pub fn fingerprint(&self, key: &Digest) -> Option<Fingerprint> {
        self.kept.iter().find(|kept| kept.key == *key).map(|kept| kept.fingerprint.clone())
    }
}
