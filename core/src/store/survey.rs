//! All that lies in a cache folder, with sizes and times: where listing, checking and collecting
//! begin.

use super::error::StoreError;
use super::history::History;
use super::record::Record;
use super::runs::Run;
use super::{RunName, Store, own};
use crate::graph::Digest;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walkdir::WalkDir;

/// Size and age of a file or of all files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// When one of them last changed, or came to be where it is.
    pub changed: SystemTime,
}

/// A record and its file.
#[derive(Debug, Clone)]
pub struct SeenRecord {
    /// What it says.
    pub record: Record,
    /// Its file.
    pub seen: Seen,
}

/// A run and its folder.
#[derive(Debug, Clone)]
pub struct SeenRun {
    /// Its number.
    pub number: u64,
    /// Its description, where it can be read.
    pub run: Option<Run>,
    /// The stages that have a key, by label: from the description, and from the events of a run that
    /// was killed.
    pub stages: Vec<(String, Digest)>,
    /// Whether its process is alive.
    pub is_going_on: bool,
    /// Key and trajectory of each stage that it began, and the key with each trajectory that the
    /// stage goes along.
    pub trainings: BTreeSet<(Digest, Digest)>,
    /// Its files.
    pub seen: Seen,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Finished stages by key.
    pub records: BTreeMap<Digest, SeenRecord>,
    /// Records that cannot be read.
    pub unreadable: Vec<(PathBuf, Seen)>,
    /// Files by content.
    pub objects: BTreeMap<Digest, Seen>,
    /// Checkpoints by trajectory.
    pub checkpoints: BTreeMap<Digest, Seen>,
    /// Runs, the oldest first.
    pub runs: Vec<SeenRun>,
    /// What experiment files had last, with the file where it is known.
    pub histories: Vec<(Option<PathBuf>, History)>,
    /// What is remembered of decoded images.
    pub decoded: Seen,
    /// Work in progress.
    pub scratch: Seen,
}

/// Who used a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// Experiment and label of the stages that it was the result of.
    pub stages: BTreeSet<(String, String)>,
    /// The newest run that it was part of.
    pub run: Option<u64>,
}

/// The part of an event that names results.
#[derive(Deserialize)]
struct Named {
    stage: Option<String>,
    key: Option<Digest>,
    trajectory: Option<Digest>,
    #[serde(default)]
    stretches: Vec<Digest>,
}

impl Seen {
    const NOTHING: Seen = Seen { files: 0, bytes: 0, changed: UNIX_EPOCH };

    pub(super) fn of(metadata: &Metadata) -> Seen {
        let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
        // A rename leaves the time of the last write as it is and moves this one.
        let moved = UNIX_EPOCH + Duration::from_secs(seconds);
        let written = metadata.modified().unwrap_or(UNIX_EPOCH);
        Seen { files: 1, bytes: metadata.len(), changed: moved.max(written) }
    }

    fn add(&mut self, other: Seen) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.changed = self.changed.max(other.changed);
    }

    /// All files below a folder.
    pub(super) fn below(folder: &Path) -> Seen {
        let mut sum = Seen::NOTHING;
        for metadata in files_below(folder).filter_map(|path| fs::metadata(path).ok()) {
            sum.add(Seen::of(&metadata));
        }
        sum
    }

    /// Time since the last change; nothing for a time of the future, seen after a clock was set
    /// back.
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.changed).unwrap_or_default()
    }
}

impl Store {
    /// Looks at everything. What is removed or made meanwhile may be in it or not.
    ///
    /// # Errors
    /// A folder is there but cannot be listed.
    pub fn survey(&self) -> Result<Survey, StoreError> {
        let (records, unreadable) = self.survey_records()?;
        let histories = self.all_histories()?.into_iter();
        Ok(Survey {
            records,
            unreadable,
            objects: self.survey_objects()?,
            checkpoints: self.survey_checkpoints()?,
            histories: histories
                .map(|(_, filed)| (filed.file, History { keys: filed.keys }))
                .collect(),
            runs: self.survey_runs(),
            decoded: self.survey_decoded(),
            scratch: Seen::below(&self.root.join("scratch")),
        })
    }

    #[allow(clippy::type_complexity, reason = "two lists that only the survey takes apart")]
    fn survey_records(
        &self,
    ) -> Result<(BTreeMap<Digest, SeenRecord>, Vec<(PathBuf, Seen)>), StoreError> {
        let (mut records, mut unreadable) = (BTreeMap::new(), Vec::new());
        for path in sharded_files(&self.root.join("records"))? {
            let Some(key) = digest_of_name(&path, ".json") else { continue };
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let seen = Seen::of(&metadata);
            match self.record(&key)? {
                Some(record) => {
                    records.insert(key, SeenRecord { record, seen });
                }
                None => unreadable.push((path, seen)),
            }
        }
        Ok((records, unreadable))
    }

    pub(super) fn survey_objects(&self) -> Result<BTreeMap<Digest, Seen>, StoreError> {
        let files = sharded_files(&self.root.join("objects"))?.into_iter();
        let seen = files.filter_map(|path| {
            Some((digest_of_name(&path, "")?, Seen::of(&fs::metadata(&path).ok()?)))
        });
        Ok(seen.collect())
    }

    fn survey_checkpoints(&self) -> Result<BTreeMap<Digest, Seen>, StoreError> {
        let folders = list(&self.checkpoints_path())?.into_iter();
        let seen =
            folders.filter_map(|path| Some((digest_of_name(&path, "")?, Seen::below(&path))));
        Ok(seen.collect())
    }

    fn survey_runs(&self) -> Vec<SeenRun> {
        let numbers = self.run_numbers().into_iter().filter(|number| self.is_run(*number));
        numbers.map(|number| self.survey_run(number)).collect()
    }

    fn survey_run(&self, number: u64) -> SeenRun {
        let run = self.find_run(RunName::Number(number)).ok();
        let stages = run.iter().flat_map(|run| &run.stages);
        let mut stages: Vec<(String, Digest)> =
            stages.filter_map(|stage| Some((stage.label.clone(), stage.key?))).collect();
        let mut trainings = BTreeSet::new();
        let is_unfinished = run.as_ref().is_none_or(|run| run.ended.is_none());
        // A run that was killed may leave half a line.
        for line in self.run_events(number).unwrap_or_default() {
            let Ok(named) = serde_json::from_str::<Named>(&line) else { continue };
            if let Some(key) = named.key {
                let trajectories = named.trajectory.into_iter().chain(named.stretches);
                trainings.extend(trajectories.map(|trajectory| (key, trajectory)));
            }
            if let (true, Some(stage), Some(key)) = (is_unfinished, named.stage, named.key) {
                stages.push((stage, key));
            }
        }
        let is_going_on = self.is_going_on(number);
        let seen = Seen::below(&self.run_path(number));
        SeenRun { number, run, stages, is_going_on, trainings, seen }
    }
}

impl Survey {
    /// Who used what, by key: from all runs that are kept, and where they say nothing from what files
    /// had last, the name of the file in place of the experiment's.
    pub fn uses(&self) -> BTreeMap<Digest, Use> {
        let mut uses: BTreeMap<Digest, Use> = BTreeMap::new();
        for seen in &self.runs {
            let experiment = seen.run.as_ref().map_or("", |run| &run.experiment);
            for (label, key) in &seen.stages {
                let known = uses.entry(*key).or_default();
                known.stages.insert((experiment.to_owned(), label.clone()));
                known.run = Some(seen.number);
            }
        }
        for (file, history) in &self.histories {
            let file = file.as_deref().and_then(Path::file_stem).unwrap_or_default();
            for (label, key) in &history.keys {
                let known = uses.entry(*key).or_default();
                if known.run.is_none() {
                    known.stages.insert((file.to_string_lossy().into_owned(), label.clone()));
                }
            }
        }
        uses
    }

    /// Bytes of everything.
    pub fn bytes(&self) -> u64 {
        let records = self.records.values().map(|record| record.seen.bytes);
        let unreadable = self.unreadable.iter().map(|(_, seen)| seen.bytes);
        let folders = self.objects.values().chain(self.checkpoints.values());
        let runs = self.runs.iter().map(|run| run.seen.bytes);
        records.chain(unreadable).chain(folders.map(|seen| seen.bytes)).chain(runs).sum::<u64>()
            + self.decoded.bytes
            + self.scratch.bytes
    }
}

impl SeenRun {
    /// The keys of results and of trajectories.
    pub(super) fn names(&self) -> BTreeSet<Digest> {
        let keys = self.stages.iter().map(|(_, key)| *key);
        let trajectories = self.trainings.iter().map(|(_, trajectory)| *trajectory);
        keys.chain(trajectories).collect()
    }

    /// Whether it came to its end.
    pub(super) fn is_over(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.ended.is_some())
    }

    /// When it began.
    pub fn began(&self) -> SystemTime {
        self.run.as_ref().map_or(self.seen.changed, |run| run.began.into())
    }
}

/// The entries of a folder; none where it is not there.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::io("list", folder)(error)),
    }
}

/// The files of all shards below a folder. A shard that is a link is somebody else's.
pub(super) fn sharded_files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    for shard in list(folder)? {
        if own::is_folder(&shard) {
            files.extend(list(&shard)?);
        }
    }
    Ok(files)
}

pub(super) fn files_below(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = WalkDir::new(folder).follow_root_links(false).into_iter().flatten();
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path)
}

pub(super) fn digest_of_name(path: &Path, extension: &str) -> Option<Digest> {
    path.file_name()?.to_str()?.strip_suffix(extension)?.parse().ok()
}
