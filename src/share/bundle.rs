//! What goes into a bundle, and where it stands there.

use super::archive::Content;
use super::contents::{Artefact, Entry};
use super::lock::{Lock, LockError, Text};
use super::research_object::{self, Description};
use super::withheld::without_secrets;
use super::{Deviation, Results};
use crate::graph::{Digest, Fingerprint, Graph, OutputDigests};
use crate::language::schema::OutputType;
use crate::relative_path::{BadName, RelativePath};
use crate::stages::{Figure, Method};
use crate::store::{Blob, Provenance, Record, RunName, Store};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where the lock stands.
pub const LOCK: &str = "experiment.lock";
/// The folder of the experiment file and its imports.
pub const EXPERIMENT: &str = "experiment";
/// The folder of statistics.
pub(super) const RESULTS: &str = "results";
/// Where the stages stand with what they found.
pub const STAGES: &str = "results/stages.json";
/// The folder of what was given away by name.
pub(super) const ARTEFACTS: &str = "artefacts";
/// The folder of published pages.
pub(super) const REPORTS: &str = "reports";
/// Result files beyond this size are no small ones, in bytes.
const SMALL: u64 = 4 << 20;

/// A stage as a bundle keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its label.
    pub name: String,
    /// Its key.
    pub key: Digest,
    /// What the key is made of, without secrets.
    pub fingerprint: Fingerprint,
    /// Its outputs.
    pub outputs: OutputDigests,
    /// How it ran.
    pub provenance: Provenance,
    /// What it found.
    pub figures: Vec<Figure>,
}

impl Kept {
    /// A stage's result.
    pub fn of(name: &str, record: &Record, results: &Results<'_>) -> Kept {
        let Fingerprint { kind, method, .. } = &record.fingerprint;
        let schema = results.method(kind, method).map(Method::schema);
        Kept {
            name: name.to_owned(),
            key: record.fingerprint.key(),
            fingerprint: without_secrets(&record.fingerprint, schema.as_ref()),
            outputs: record.output_digests(),
            provenance: record.provenance.clone(),
            figures: results.figures(record),
        }
    }
}

/// Why something cannot be put into a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No lock can be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The stage has no such output.
    #[error("`{stage}` has no output `{output}`; it has {has}")]
    NoOutput {
        /// The stage.
        stage: String,
        /// What was asked for.
        output: String,
        /// What there is.
        has: String,
    },
    /// It would give the user's data away.
    #[error(
        "`{stage}.{output}` shows images or labels of your data, which is never put into a bundle"
    )]
    UserData {
        /// The stage.
        stage: String,
        /// The output.
        output: String,
    },
    /// A file of the bundle would have a name that not every system takes.
    #[error("cannot put {name:?} into a bundle: {reason}; rename it")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: BadName,
    },
    /// JSON cannot say it.
    #[error("cannot write it down: {0}")]
    Json(#[from] serde_json::Error),
}

/// A bundle in the making.
pub struct Bundle<'a> {
    graph: &'a Graph,
    results: &'a Results<'a>,
    records: Vec<Record>,
    /// For each stage, whether it goes back to files of the user's.
    private: Vec<bool>,
    /// Stages whose images or weights the user gives away by name.
    given: BTreeSet<usize>,
    files: BTreeMap<RelativePath, Content>,
    folders: Vec<String>,
}

impl<'a> Bundle<'a> {
    /// Begins with the experiment, its lock and what it found. `records` holds one a stage.
    ///
    /// # Errors
    /// The lock or the results cannot be said in their formats.
    pub fn new(
        graph: &'a Graph,
        results: &'a Results<'a>,
        records: Vec<Record>,
        text: &Text,
        lock: &Lock,
    ) -> Result<Bundle<'a>, BundleError> {
        let labels: Vec<String> = graph.nodes().iter().map(|node| node.stage.label()).collect();
        let mut bundle = Bundle {
            graph,
            results,
            records,
            private: private(graph),
            given: BTreeSet::new(),
            files: BTreeMap::new(),
            folders: folders(&labels),
        };
        for (name, text) in &text.files {
            bundle.put(format!("{EXPERIMENT}/{name}"), bytes(text.clone()))?;
        }
        bundle.put(LOCK.to_owned(), bytes(lock.to_text()?))?;
        let order = graph.order().iter();
        let kept = order.map(|&index| Kept::of(&labels[index], &bundle.records[index], results));
        let kept: Vec<Kept> = kept.collect();
        bundle.put(STAGES.to_owned(), Content::Bytes(serde_json::to_vec_pretty(&kept)?))?;
        for index in 0..labels.len() {
            bundle.add_small_results(index)?;
        }
        Ok(bundle)
    }

    fn put(&mut self, name: String, content: Content) -> Result<(), BundleError> {
        let place = name.parse().map_err(|reason| BundleError::Name { name, reason })?;
        self.files.insert(place, content);
        Ok(())
    }

    fn stored(&self, blob: &Blob) -> Content {
        Content::Stored { path: self.results.store.object_path(&blob.digest), digest: blob.digest }
    }

    /// Statistics as JSON; scores and labels of single images stay away.
    fn add_small_results(&mut self, index: usize) -> Result<(), BundleError> {
        for (output, files) in self.records[index].outputs.clone() {
            if !matches!(
                self.kind(index, output.as_str()),
                Some(OutputType::Evaluation | OutputType::Comparison)
            ) {
                continue;
            }
            for (name, blob) in files.0 {
                if name.as_str().ends_with(".json") && blob.size <= SMALL {
                    let place = format!("{RESULTS}/{}/{output}/{name}", self.folders[index]);
                    self.put(place, self.stored(&blob))?;
                }
            }
        }
        Ok(())
    }

    fn kind(&self, index: usize, output: &str) -> Option<OutputType> {
        let stage = &self.graph.nodes()[index].stage;
        let schema = self.results.method(&stage.kind, &stage.method)?.schema();
        schema.outputs.iter().find(|one| one.name == output).map(|one| one.kind)
    }

    /// Whether an output shows files of the user's.
    pub fn shows_user_data(&self, index: usize, output: &str) -> bool {
        let stage = &self.graph.nodes()[index].stage;
        let method = self.results.method(&stage.kind, &stage.method);
        self.private[index] && method.is_none_or(|method| method.shows_data(output))
    }

    /// Whether the page of a report may show the images that a stage made, or for `None` those of the
    /// data. What was made from files of the user's is shown where that stage's files are given away too.
    pub fn may_show(&self, report: usize, maker: Option<usize>) -> bool {
        match maker {
            None => !self.private[report],
            Some(maker) => !self.private[maker] || self.given.contains(&maker),
        }
    }

    /// Adds the files of one output, or of all outputs that may be given away.
    ///
    /// # Errors
    /// There is no such output, or it shows the user's data.
    pub fn add_artefact(&mut self, index: usize, output: Option<&str>) -> Result<(), BundleError> {
        let stage = self.graph.nodes()[index].stage.label();
        let outputs = self.records[index].outputs.clone();
        let wanted: Vec<String> = match output {
            Some(output) if !outputs.contains_key(output) => {
                let has: Vec<&str> = outputs.keys().map(RelativePath::as_str).collect();
                let (output, has) = (output.to_owned(), has.join(", "));
                return Err(BundleError::NoOutput { stage, output, has });
            }
            Some(output) => vec![output.to_owned()],
            None => outputs.keys().map(RelativePath::to_string).collect(),
        };
        let shown: Vec<&String> =
            wanted.iter().filter(|output| self.shows_user_data(index, output)).collect();
        if let Some(output) = shown.first()
            && shown.len() == wanted.len()
        {
            return Err(BundleError::UserData { stage, output: (*output).clone() });
        }
        self.given.insert(index);
        for output in wanted.iter().filter(|output| !shown.contains(output)) {
            for (name, blob) in &outputs[output.as_str()].0 {
                let place = format!("{ARTEFACTS}/{}/{output}/{name}", self.folders[index]);
                self.put(place, self.stored(blob))?;
            }
        }
        Ok(())
    }

    /// Adds a published page.
    ///
    /// # Errors
    /// Its name does not suit every system.
    pub fn add_page(&mut self, name: &str, page: String) -> Result<(), BundleError> {
        self.put(format!("{REPORTS}/{name}"), bytes(page))
    }

    /// The stage and the output that an artefact of another bundle of this experiment belongs to.
    pub fn maker_of(&self, artefact: &Artefact) -> Option<usize> {
        self.folders.iter().position(|folder| *folder == artefact.folder)
    }

    /// What people look at: statistics, artefacts and pages.
    pub fn shown(&self) -> impl Iterator<Item = (&RelativePath, &Content)> {
        self.files.iter().filter(|(name, _)| Entry::of(name).is_some_and(|entry| entry.is_shown()))
    }

    /// Adds the description of all of it, and hands the files over.
    ///
    /// # Errors
    /// It cannot be said in JSON.
    pub fn finish(
        mut self,
        description: &Description,
    ) -> Result<BTreeMap<RelativePath, Content>, BundleError> {
        let names: Vec<&str> = self.files.keys().map(RelativePath::as_str).collect();
        let metadata = research_object::metadata(description, &names);
        let bytes = serde_json::to_vec_pretty(&metadata)?;
        self.put(research_object::FILE.to_owned(), Content::Bytes(bytes))?;
        Ok(self.files)
    }
}

fn bytes(text: String) -> Content {
    Content::Bytes(text.into_bytes())
}

/// Which stages go back to files of the user's.
fn private(graph: &Graph) -> Vec<bool> {
    let mut private = vec![false; graph.nodes().len()];
    for &index in graph.order() {
        let node = &graph.nodes()[index];
        let inherited = node.stage.inputs.iter().any(|input| private[input.stage]);
        private[index] = inherited || !node.paths.is_empty();
    }
    private
}

/// `auc_k_6` for `auc[k: 6]`; a number tells apart what would be one name.
fn folders(labels: &[String]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let plain = |label: &String| {
        let parts = label.split(|character: char| !character.is_ascii_alphanumeric());
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
    };
    let mut names = Vec::with_capacity(labels.len());
    for label in labels {
        let plain = plain(label);
        let mut name = plain.clone();
        let mut count = 1;
        while !taken.insert(name.to_lowercase()) {
            count += 1;
            name = format!("{plain}_{count}");
        }
        names.push(name);
    }
    names
}

/// Whether stages deviate in more than the machine that computes them.
pub fn is_asked_differently(deviations: &[Deviation]) -> bool {
    deviations.iter().any(|deviation| !deviation.is_of_the_machine())
}

/// When the newest run that knows one of these keys began and ended.
pub fn when(store: &Store, keys: &BTreeSet<Digest>) -> Option<(Timestamp, Timestamp)> {
    let runs = store.run_numbers().into_iter().rev();
    let runs = runs.filter_map(|number| store.find_run(RunName::Number(number)).ok());
    let mut known = runs.filter(|run| {
        run.stages.iter().filter_map(|stage| stage.key).any(|key| keys.contains(&key))
    });
    let run = known.next()?;
    let length = SignedDuration::from_secs_f64(run.ended.map_or(0.0, |end| end.seconds));
    Some((run.began, run.began.checked_add(length).unwrap_or(run.began)))
}
