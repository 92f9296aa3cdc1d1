//! A power cut at every moment of a run.
//!
//! The operations of a run on its cache are recorded and replayed, one after the other, on a file
//! system in memory that knows what outlasts a power cut: the content of a file as it was when the
//! file was last synchronised, the names in a folder as they were when the folder was. After each
//! operation three folders may be what the disk holds, and on each a new run has to end with the bytes
//! of an undisturbed one, without doing anything again that was committed.

use crate::project::Project;
use crate::table::{Table, points, skipped, tell};
use crate::trace::{self, Operation};
use msx::data::random;
use rand::seq::SliceRandom;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// One training with a checkpoint, and what it needs.
const STAGES: &str = r#"
experiment cut { title: "Power cuts", seed: 1 }
dataset phantoms: phantom { count: 100, size: 8px }
subset fold: phantoms { classes: top(2), per_class: { train: 4, valid: 1, test: 1 } }
classifier model: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [2] }
evaluate auc: model { test: fold.test }
"#;

/// What a disk may hold after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum After {
    /// Only what was synchronised.
    NamesLost,
    /// All names; files without what was not synchronised.
    ContentLost,
    /// All names; zeros in place of what was not synchronised.
    ContentZero,
}

const AFTERS: [After; 3] = [After::NamesLost, After::ContentLost, After::ContentZero];

/// A file or folder: how it is, and how it would be after a power cut.
#[derive(Debug, Clone)]
enum Node {
    File { now: Vec<u8>, safe: Vec<u8> },
    Folder { now: BTreeMap<OsString, usize>, safe: BTreeMap<OsString, usize> },
}

#[derive(Debug)]
struct Disk {
    nodes: Vec<Node>,
    /// Files that are not written to at their end, and where instead.
    places: BTreeMap<usize, usize>,
    /// Keys whose commit has returned.
    committed: BTreeSet<String>,
}

/// Files with their content, and folders without.
type Image = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl Disk {
    fn new() -> Disk {
        Disk { nodes: vec![Disk::folder()], places: BTreeMap::new(), committed: BTreeSet::new() }
    }

    fn folder() -> Node {
        Node::Folder { now: BTreeMap::new(), safe: BTreeMap::new() }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        path.iter().try_fold(0, |at, name| match &self.nodes[at] {
            Node::Folder { now, .. } => now.get(name).copied(),
            Node::File { .. } => None,
        })
    }

    fn names(&mut self, path: &Path) -> (&mut BTreeMap<OsString, usize>, OsString) {
        let at = self.find(path.parent().expect("a folder")).expect("a folder that is there");
        let name = path.file_name().expect("a name").to_owned();
        match &mut self.nodes[at] {
            Node::Folder { now, .. } => (now, name),
            Node::File { .. } => panic!("{} is below a file", path.display()),
        }
    }

    fn insert(&mut self, path: &Path, node: usize) {
        let (names, name) = self.names(path);
        names.insert(name, node);
    }

    fn remove(&mut self, path: &Path) -> usize {
        let (names, name) = self.names(path);
        names.remove(&name).unwrap_or_else(|| panic!("{} is not there", path.display()))
    }

    fn add(&mut self, path: &Path, node: Node) {
        self.nodes.push(node);
        self.insert(path, self.nodes.len() - 1);
    }

    fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Create(path) | Operation::Touch(path) => match self.find(path) {
                None => self.add(path, Node::File { now: Vec::new(), safe: Vec::new() }),
                Some(at) => {
                    self.places.remove(&at);
                    if let (Operation::Create(_), Node::File { now, .. }) =
                        (operation, &mut self.nodes[at])
                    {
                        now.clear();
                    }
                }
            },
            Operation::Append(path, bytes) => {
                let at = self.find(path).expect("a file that is there");
                if let Node::File { now, .. } = &mut self.nodes[at] {
                    let begin = self.places.get(&at).copied().unwrap_or(now.len());
                    let end = begin + bytes.len();
                    now.resize(now.len().max(end), 0);
                    now[begin..end].copy_from_slice(bytes);
                    self.places.entry(at).and_modify(|place| *place = end);
                }
            }
            Operation::Seek(path, place) => {
                let at = self.find(path).expect("a file that is there");
                self.places.insert(at, *place);
            }
            // The root is made first.
            Operation::MakeFolder(path) if path.as_os_str().is_empty() => {}
            Operation::MakeFolder(path) => self.add(path, Disk::folder()),
            Operation::Rename(from, to) => {
                let node = self.remove(from);
                self.insert(to, node);
            }
            Operation::Link(from, to) => {
                let node = self.find(from).expect("a file that is there");
                self.insert(to, node);
            }
            Operation::Remove(path) => {
                self.remove(path);
            }
            Operation::Synchronise(path) => self.synchronise(path),
        }
    }

    fn synchronise(&mut self, path: &Path) {
        let Some(at) = self.find(path) else { return };
        match &mut self.nodes[at] {
            Node::File { now, safe } => safe.clone_from(now),
            Node::Folder { now, safe } => {
                safe.clone_from(now);
                if path.starts_with("records") {
                    let names = now.keys().filter_map(|name| name.to_str()?.strip_suffix(".json"));
                    self.committed.extend(names.map(str::to_owned));
                }
            }
        }
    }

    fn image(&self, after: Option<After>) -> Image {
        let mut image = Image::new();
        self.collect(0, Path::new(""), after, &mut image);
        image
    }

    /// Without a power cut, everything as it is.
    fn collect(&self, at: usize, path: &Path, after: Option<After>, image: &mut Image) {
        match &self.nodes[at] {
            Node::Folder { now, safe } => {
                image.insert(path.to_owned(), None);
                let names = if after == Some(After::NamesLost) { safe } else { now };
                for (name, node) in names {
                    self.collect(*node, &path.join(name), after, image);
                }
            }
            Node::File { now, safe } => {
                let mut content = if after.is_none() { now.clone() } else { safe.clone() };
                if after == Some(After::ContentZero) {
                    content.resize(now.len().max(safe.len()), 0);
                }
                image.insert(path.to_owned(), Some(content));
            }
        }
    }
}

fn write(image: &Image, folder: &Path) {
    for (path, content) in image {
        let path = folder.join(path);
        match content {
            None => fs::create_dir_all(path).expect("writable"),
            Some(content) => fs::write(path, content).expect("writable"),
        }
    }
}

/// What a folder on disk holds.
fn read(folder: &Path) -> Image {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable"));
    entries
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("inside").to_owned();
            let is_file = entry.file_type().is_file();
            (path, is_file.then(|| fs::read(entry.path()).expect("readable")))
        })
        .collect()
}

/// Every moment with every state that differs from those before, in random order.
fn moments(operations: &[Operation]) -> Vec<(usize, After)> {
    let (mut disk, mut seen, mut moments) = (Disk::new(), HashSet::new(), Vec::new());
    for (number, operation) in operations.iter().enumerate() {
        disk.apply(operation);
        for after in AFTERS {
            let mut hasher = blake3::Hasher::new();
            for (path, content) in disk.image(Some(after)) {
                hasher.update(path.as_os_str().as_encoded_bytes());
                hasher.update(&[0, u8::from(content.is_some())]);
                let content = content.unwrap_or_default();
                hasher.update(&content.len().to_le_bytes()).update(&content);
            }
            // A state is another one where more was promised.
            if seen.insert((hasher.finalize(), disk.committed.len())) {
                moments.push((number + 1, after));
            }
        }
    }
    moments.shuffle(&mut random::stream(13, "test/power"));
    moments
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_committed() {
    if let Err(reason) = trace::can_trace() {
        skipped(&format!("no power is cut: {reason}"));
        return;
    }
    let expected = Project::new(STAGES);
    let command = expected.command(&["run", "experiment.msx", "--threads", "1"]);
    let traces = expected.folder().join("traces");
    let cache = expected.folder().canonicalize().expect("there").join("cache");
    let operations = trace::record(&command, &cache, &traces);
    let mut whole = Disk::new();
    operations.iter().for_each(|operation| whole.apply(operation));
    assert!(whole.image(None) == read(&expected.cache), "the record is not what happened");
    let results = expected.results();
    assert_eq!(whole.committed.len(), results.len());
    let moments = moments(&operations);
    let mut table = Table::new("power cuts");
    for (count, after) in moments.iter().take(points(10)) {
        let mut disk = Disk::new();
        operations[..*count].iter().for_each(|operation| disk.apply(operation));
        let project = Project::new(STAGES);
        write(&disk.image(Some(*after)), &project.cache);
        let ran = project.run(&[]);
        let place = format!("after operation {count} of {}, {after:?}", operations.len());
        assert_eq!(ran.code, Some(0), "{place}: {:?}", ran.failed);
        assert_eq!(project.results(), results, "{place}");
        project.is_whole();
        let again: Vec<_> = ran.keys.iter().filter(|key| disk.committed.contains(*key)).collect();
        assert!(again.is_empty(), "{place}: made again: {:?}", ran.executed);
        table.point(true, disk.committed.len(), again.len());
        project.is_tidy_after_collecting();
    }
    table.print();
    tell(&format!("{} operations, {} states that differ", operations.len(), moments.len()));
    without_the_files_own_synchronisation_results_would_be_zeros(&operations);
}

/// The replay would notice: with names that last and contents that were never synchronised, objects
/// do not hold what their names say.
fn without_the_files_own_synchronisation_results_would_be_zeros(operations: &[Operation]) {
    let mut disk = Disk::new();
    for operation in operations {
        if !matches!(operation, Operation::Synchronise(path) if path.starts_with("scratch")) {
            disk.apply(operation);
        }
    }
    let image = disk.image(Some(After::ContentZero));
    let mut objects = image.iter().filter(|(path, _)| path.starts_with("objects"));
    assert!(objects.any(|(path, content)| content.as_ref().is_some_and(|content| {
        path.file_name().is_some_and(|name| *name != *blake3::hash(content).to_hex().as_str())
    })));
}
