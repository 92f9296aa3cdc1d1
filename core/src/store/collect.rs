//! Garbage collection by reachability.
//!
//! Roots are the runs that the policy keeps, the last keys of experiment files that still exist, the
//! lock files beside them, and what living processes hold. A root names keys and trajectories; a
//! record that is named keeps its objects and the checkpoints of its trajectory.

use super::error::StoreError;
use super::history;
use super::leftovers::{self, Leftovers};
use super::receipt;
use super::survey::{SeenRun, Survey};
use super::{Store, gate};
use crate::graph::{Digest, Fingerprint};
use crate::project::lock_beside;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The newest runs of each experiment file.
    pub keep_runs: usize,
    /// Runs and results that were used within this time.
    pub older_than: Duration,
    /// Files that changed within this time, whoever needs them.
    pub grace: Duration,
    /// With a budget in bytes, what no root names stays as long as it fits; and where the roots
    /// themselves do not fit, the oldest runs are dropped.
    pub budget: Option<u64>,
    /// How long the checkpoints of a training stay that has its result; without it as long as a root
    /// names the training or its result.
    pub finished_checkpoints: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            keep_runs: 10,
            older_than: Duration::ZERO,
            grace: Duration::from_secs(3600),
            budget: None,
            finished_checkpoints: None,
        }
    }
}

/// The trajectories that the checkpoints of a training may lie under; which parameters only say how
/// long to go on stands in the schemas.
pub type TrajectoriesOf<'a> = &'a dyn Fn(&Fingerprint) -> Vec<Digest>;

/// What a collection removes.
#[derive(Debug, Default)]
pub struct Garbage {
    /// Runs, by number.
    pub runs: Vec<u64>,
    /// Results, by key.
    pub records: Vec<Digest>,
    /// Files by content.
    pub objects: Vec<Digest>,
    /// Checkpoints, by trajectory.
    pub checkpoints: Vec<Digest>,
    /// Folders of stages whose process is gone.
    pub scratch: usize,
    /// Files that were never finished, unreadable records, locks of processes that are gone, and
    /// memories of experiment files that are gone.
    pub leftovers: usize,
    /// Bytes of all of it.
    pub bytes: u64,
    /// Bytes of all that stays.
    pub kept_bytes: u64,
    files: Vec<PathBuf>,
    locks: Vec<PathBuf>,
}

impl Store {
    /// Removes what no root names. Waits for commits that are under way; commits that begin
    /// meanwhile wait. Cut short, it leaves a cache in which only less was removed.
    ///
    /// # Errors
    /// The cache cannot be listed or written.
    pub fn collect(
        &self,
        policy: &Policy,
        trajectories_of: TrajectoriesOf<'_>,
    ) -> Result<Garbage, StoreError> {
        let _closed: gate::Closed = self.close_gate()?;
        let garbage = self.garbage(policy, &self.survey()?, trajectories_of)?;
        // What names goes before what is named.
        for number in &garbage.runs {
            self.remove_run(*number)?;
        }
        for key in &garbage.records {
            self.remove_record(key)?;
        }
        for digest in &garbage.objects {
            self.remove(&self.object_path(digest))?;
        }
        for trajectory in &garbage.checkpoints {
            self.remove_checkpoints(trajectory)?;
        }
        for path in &garbage.files {
            self.remove(path)?;
        }
        for path in &garbage.locks {
            leftovers::remove_lock(path);
        }
        self.remove_empty_recipes();
        self.sweep()?;
        Ok(garbage)
    }

    /// What [`Store::collect`] would remove of what a survey saw.
    ///
    /// # Errors
    /// A folder of the cache cannot be listed.
    pub fn garbage(
        &self,
        policy: &Policy,
        survey: &Survey,
        trajectories_of: TrajectoriesOf<'_>,
    ) -> Result<Garbage, StoreError> {
        let Leftovers { scratch, temporary, locks } = self.leftovers(policy.grace)?;
        let mut roots: HashMap<Digest, usize> = HashMap::new();
        for digest in self.held()? {
            *roots.entry(digest).or_default() += 1;
        }
        let (kept, forgotten) = self.histories()?;
        let mut experiments: BTreeSet<PathBuf> = survey.runs.iter().filter_map(file_of).collect();
        for (file, history) in kept {
            history.keys.values().for_each(|key| *roots.entry(*key).or_default() += 1);
            experiments.extend(file);
        }
        for digest in experiments.iter().flat_map(|file| locked(file)) {
            *roots.entry(digest).or_default() += 1;
        }
        let mut tally = Tally::new(policy, survey, roots, trajectories_of);
        tally.drop_what_may_go();
        let mut garbage = tally.garbage();
        let now = SystemTime::now();
        let unreadable = survey.unreadable.iter();
        let unreadable = unreadable.filter(|(_, seen)| seen.age(now) >= policy.grace);
        garbage.files.extend(forgotten);
        let gone: HashSet<&Digest> = garbage.objects.iter().collect();
        let stays = |object: &Digest| survey.objects.contains_key(object) && !gone.contains(object);
        let forgotten_decoded = self.forgotten_decoded(stays);
        garbage.files.extend(forgotten_decoded.iter().map(|(path, _)| path.clone()));
        garbage.files.extend(temporary.iter().map(|(path, _)| path.clone()));
        garbage.files.extend(unreadable.clone().map(|(path, _)| path.clone()));
        let sizes = temporary.iter().chain(&scratch).chain(&forgotten_decoded);
        let sizes = sizes.map(|(_, bytes)| bytes);
        garbage.bytes += sizes.sum::<u64>() + unreadable.map(|(_, seen)| seen.bytes).sum::<u64>();
        garbage.kept_bytes = survey.bytes().saturating_sub(garbage.bytes);
        garbage.scratch = scratch.len();
        garbage.leftovers = garbage.files.len() + locks.len();
        garbage.locks = locks;
        Ok(garbage)
    }

    /// The memories of files that still exist, and the paths of those of other files. A memory that
    /// does not say of which file it is stays.
    #[allow(clippy::type_complexity, reason = "two lists that only the caller takes apart")]
    fn histories(
        &self,
    ) -> Result<(Vec<(Option<PathBuf>, history::History)>, Vec<PathBuf>), StoreError> {
        let (mut kept, mut forgotten) = (Vec::new(), Vec::new());
        for (path, filed) in self.all_histories()? {
            match filed.file {
                Some(file) if !file.exists() => {
                    forgotten.push(receipt::beside(&path));
                    forgotten.push(path);
                }
                file => kept.push((file, history::History { keys: filed.keys })),
            }
        }
        Ok((kept, forgotten))
    }
}

/// What is named how often while runs and results are dropped one after the other.
struct Tally<'a> {
    policy: &'a Policy,
    survey: &'a Survey,
    now: SystemTime,
    /// How many roots name a digest.
    roots: HashMap<Digest, usize>,
    trajectories: BTreeMap<Digest, Vec<Digest>>,
    /// How many records that stay need an object.
    objects: HashMap<Digest, usize>,
    /// How many records that stay are of a trajectory.
    checkpoints: HashMap<Digest, usize>,
    /// Trajectories whose checkpoints go although they are named, because their time is over.
    spent: BTreeSet<Digest>,
    last_used: HashMap<Digest, SystemTime>,
    dropped_runs: BTreeSet<u64>,
    dropped: HashSet<Digest>,
    /// Bytes of all that stays, without what no record needs.
    kept_bytes: u64,
}

impl<'a> Tally<'a> {
    fn new(
        policy: &'a Policy,
        survey: &'a Survey,
        mut roots: HashMap<Digest, usize>,
        trajectories_of: TrajectoriesOf<'_>,
    ) -> Tally<'a> {
        let held: HashSet<Digest> = roots.keys().copied().collect();
        let mut last_used = HashMap::new();
        for run in &survey.runs {
            for digest in run.names() {
                *roots.entry(digest).or_default() += 1;
                last_used.insert(digest, run.began());
            }
        }
        let (mut objects, mut checkpoints) = (HashMap::new(), HashMap::new());
        let mut trajectories = BTreeMap::new();
        for (key, seen) in &survey.records {
            for digest in distinct_objects(survey, key) {
                *objects.entry(digest).or_default() += 1;
            }
            let of_record = trajectories_of(&seen.record.fingerprint);
            of_record.iter().for_each(|one| *checkpoints.entry(*one).or_default() += 1);
            trajectories.insert(*key, of_record);
            let used = last_used.entry(*key).or_insert(seen.seen.changed);
            *used = (*used).max(seen.seen.changed);
        }
        let now = SystemTime::now();
        let spent = policy.finished_checkpoints.map(|age| {
            let finished = finished(survey, checkpoints.keys().copied().collect());
            let is_over = |trajectory: &Digest| {
                let seen = survey.checkpoints.get(trajectory);
                seen.is_some_and(|seen| seen.age(now) >= age.max(policy.grace))
            };
            let over = finished.into_iter().filter(|trajectory| !held.contains(trajectory));
            over.filter(is_over).collect()
        });
        let mut tally = Tally {
            policy,
            survey,
            now,
            roots,
            trajectories,
            objects,
            checkpoints,
            spent: spent.unwrap_or_default(),
            last_used,
            dropped_runs: BTreeSet::new(),
            dropped: HashSet::new(),
            kept_bytes: survey.bytes(),
        };
        tally.kept_bytes -= tally.unneeded_bytes();
        tally
    }

    fn drop_what_may_go(&mut self) {
        let beyond = self.runs_beyond_the_newest();
        if self.policy.budget.is_none() {
            beyond.iter().for_each(|run| self.drop_run(run));
            for key in self.unnamed() {
                self.drop_record(&key);
            }
            return;
        }
        self.shrink();
        let is_beyond = |run: &SeenRun| beyond.iter().any(|other| other.number == run.number);
        let (first, then): (Vec<_>, Vec<_>) = self
            .survey
            .runs
            .iter()
            .filter(|run| self.may_drop(run))
            .partition(|run| is_beyond(run));
        for run in first.into_iter().chain(then) {
            if self.fits() {
                return;
            }
            self.drop_run(run);
            self.shrink();
        }
    }

    fn fits(&self) -> bool {
        self.policy.budget.is_none_or(|budget| self.kept_bytes <= budget)
    }

    /// Drops results that no root names, those first that were not used for longest, until the rest
    /// fits.
    fn shrink(&mut self) {
        for key in self.unnamed() {
            if self.fits() {
                return;
            }
            self.drop_record(&key);
        }
    }

    /// Results that no root names and no age protects, least recently used first.
    fn unnamed(&self) -> Vec<Digest> {
        let records = self.survey.records.iter().filter(|(key, seen)| {
            !self.dropped.contains(key)
                && self.roots.get(key).is_none_or(|count| *count == 0)
                && seen.seen.age(self.now) >= self.policy.grace
                && self.is_old(self.last_used[key])
        });
        let mut keys: Vec<Digest> = records.map(|(key, _)| *key).collect();
        keys.sort_by_key(|key| (self.last_used[key], *key));
        keys
    }

    /// All but the newest runs of each file that may be dropped, the oldest first.
    fn runs_beyond_the_newest(&self) -> Vec<&'a SeenRun> {
        let mut seen: HashMap<Option<PathBuf>, usize> = HashMap::new();
        let newest_first = self.survey.runs.iter().rev();
        let mut beyond: Vec<&SeenRun> = newest_first
            .filter(|run| {
                let count = seen.entry(file_of(run)).or_default();
                *count += 1;
                *count > self.policy.keep_runs && self.may_drop(run)
            })
            .collect();
        beyond.reverse();
        beyond
    }

    fn may_drop(&self, run: &SeenRun) -> bool {
        self.is_old(run.began())
            && !run.is_going_on
            && (run.is_over() || run.seen.age(self.now) >= self.policy.grace)
    }

    fn is_old(&self, used: SystemTime) -> bool {
        self.now.duration_since(used).unwrap_or_default() >= self.policy.older_than
    }

    fn drop_run(&mut self, run: &SeenRun) {
        if self.dropped_runs.insert(run.number) {
            self.kept_bytes -= run.seen.bytes;
            for digest in run.names() {
                self.release(digest);
            }
        }
    }

    /// One root less names a digest; where it was the last to name a trajectory without results, its
    /// checkpoints go.
    fn release(&mut self, digest: Digest) {
        if let Some(count) = self.roots.get_mut(&digest) {
            *count -= 1;
        }
        self.count_checkpoints_out(&digest);
    }

    fn drop_record(&mut self, key: &Digest) {
        let survey = self.survey;
        if !self.dropped.insert(*key) {
            return;
        }
        self.kept_bytes -= survey.records[key].seen.bytes;
        for digest in distinct_objects(survey, key) {
            if let Some(count) = self.objects.get_mut(&digest) {
                *count -= 1;
            }
            if self.object_may_go(&digest) {
                self.kept_bytes -= survey.objects[&digest].bytes;
            }
        }
        for trajectory in self.trajectories.remove(key).unwrap_or_default() {
            if let Some(count) = self.checkpoints.get_mut(&trajectory) {
                *count -= 1;
            }
            self.count_checkpoints_out(&trajectory);
        }
    }

    /// Those whose time is over were counted out when this began.
    fn count_checkpoints_out(&mut self, trajectory: &Digest) {
        if !self.spent.contains(trajectory) && self.checkpoints_may_go(trajectory) {
            self.kept_bytes -= self.survey.checkpoints[trajectory].bytes;
        }
    }

    fn object_may_go(&self, digest: &Digest) -> bool {
        let Some(seen) = self.survey.objects.get(digest) else { return false };
        self.objects.get(digest).is_none_or(|count| *count == 0)
            && seen.age(self.now) >= self.policy.grace
    }

    fn checkpoints_may_go(&self, trajectory: &Digest) -> bool {
        let Some(seen) = self.survey.checkpoints.get(trajectory) else { return false };
        if self.spent.contains(trajectory) {
            return true;
        }
        let counts = [&self.roots, &self.checkpoints];
        counts.iter().all(|counts| counts.get(trajectory).is_none_or(|count| *count == 0))
            && seen.age(self.now) >= self.policy.grace
            && self.is_old(seen.changed)
    }

    fn unneeded_bytes(&self) -> u64 {
        let objects = self.survey.objects.iter().filter(|(digest, _)| self.object_may_go(digest));
        let checkpoints = self.survey.checkpoints.iter();
        let checkpoints = checkpoints.filter(|(digest, _)| self.checkpoints_may_go(digest));
        objects.chain(checkpoints).map(|(_, seen)| seen.bytes).sum()
    }

    fn garbage(self) -> Garbage {
        let survey = self.survey;
        let of = |map: &BTreeMap<Digest, _>, may_go: &dyn Fn(&Digest) -> bool| {
            map.keys().filter(|digest| may_go(digest)).copied().collect::<Vec<_>>()
        };
        let objects = of(&survey.objects, &|digest| self.object_may_go(digest));
        let checkpoints = of(&survey.checkpoints, &|digest| self.checkpoints_may_go(digest));
        Garbage {
            bytes: survey.bytes() - self.kept_bytes,
            runs: self.dropped_runs.into_iter().collect(),
            records: survey
                .records
                .keys()
                .filter(|key| self.dropped.contains(key))
                .copied()
                .collect(),
            objects,
            checkpoints,
            ..Garbage::default()
        }
    }
}

/// Those of these trajectories on which every training that a run began has its result.
fn finished(survey: &Survey, mut trajectories: BTreeSet<Digest>) -> BTreeSet<Digest> {
    let begun = survey.runs.iter().flat_map(|run| &run.trainings);
    for (_, trajectory) in begun.filter(|(key, _)| !survey.records.contains_key(key)) {
        trajectories.remove(trajectory);
    }
    trajectories
}

/// The objects of a record, each once.
fn distinct_objects(survey: &Survey, key: &Digest) -> BTreeSet<Digest> {
    survey.records[key].record.blobs().map(|blob| blob.digest).collect()
}

fn file_of(run: &SeenRun) -> Option<PathBuf> {
    run.run.as_ref().map(|run| run.file.clone())
}

/// What the lock file beside an experiment names.
fn locked(experiment: &Path) -> Vec<Digest> {
    let paths = [lock_beside(experiment), experiment.with_extension("lock")];
    let texts = paths.iter().filter_map(|path| fs::read(path).ok());
    texts.flat_map(|text| leftovers::digests_in(&String::from_utf8_lossy(&text))).collect()
}
