//! A folder with an experiment, a cache and the program to run on it.
#![allow(dead_code, reason = "each test uses its own part")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;
use walkdir::WalkDir;

/// Every kind of stage at the smallest size that still does all there is to do.
pub const SMALL: &str = r#"
experiment small { title: "Everything, small", seed: 1 }

param epochs: int = 2

dataset phantoms: phantom { count: 500, size: 16px }
subset fold: phantoms { classes: top(2), per_class: { train: 40, valid: 4, test: 6 } }

classifier on_real: cnn { train: fold.train, valid: fold.valid, epochs: epochs, widths: [4, 8] }
evaluate   real: on_real { test: fold.test }

gan small_cpd: cpd {
    train: fold.train, length: 320 img, batch: 8, latent: 4, widths: [6, 4, 4]
}
gan small_prog: prog {
    train: fold.train, length: 320 img, batch: [8], latent: 4, widths: [6, 4, 4]
    phase: 80 img, fade: 80 img
}

for (arch, g) in [(cpd, small_cpd), (prog, small_prog)] {
    synth      fake: g { like: fold }
    classifier on_fake: cnn { train: fake.train, valid: fake.valid, epochs: epochs, widths: [4, 8] }
    evaluate   auc: on_fake { test: fold.test }
    neighbours nn: on_real { of: fake.test, among: fold.train, count: 4 }
}

compare summary: auroc { candidate: auc[*], baseline: real, over: arch }

report page { show: [real, auc[*], nn[*], summary] }
"#;

/// Number of stages of [`SMALL`].
pub const SMALL_STAGES: usize = 16;

/// Stages side by side, a training with checkpoints among them, in well under a second.
pub const TINY: &str = r#"
experiment tiny { title: "Tiny", seed: 1 }

param epochs: int = 2

dataset phantoms: phantom { count: 300, size: 16px }
subset fold: phantoms { classes: top(2), per_class: { train: 8, valid: 1, test: 4 } }

for s in [1, 2] {
    classifier model: cnn {
        train: fold.train, valid: fold.valid, epochs: epochs, widths: [4], seed: s
    }
    evaluate auc: model { test: fold.test }
}

gan   g: cpd { train: fold.train, length: 32 img, batch: 8, latent: 4, widths: [4, 4, 4] }
synth fake: g { like: fold }

report page { show: [auc[*]] }
"#;

/// Number of stages of [`TINY`].
pub const TINY_STAGES: usize = 9;

/// What one call of the program left.
pub struct Said {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error, with white space folded, because long lines are broken to fit.
    pub err: String,
}

/// What one run did, from its JSON events.
pub struct Ran {
    /// Exit code.
    pub code: Option<i32>,
    /// Labels of the stages that were executed, sorted.
    pub executed: Vec<String>,
    /// Label and message of each stage that failed.
    pub failed: Vec<(String, String)>,
    /// Labels of stages found in the cache, from the last event.
    pub cached: u64,
    /// Keys of the stages that were executed.
    pub keys: Vec<String>,
    /// Labels of stages whose result turned out damaged or gone.
    pub lost: Vec<String>,
}

/// See the module.
pub struct Project {
    folder: TempDir,
    /// The experiment file.
    pub file: PathBuf,
    /// The cache folder.
    pub cache: PathBuf,
}

impl Project {
    pub fn new(text: &str) -> Project {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("experiment.msx");
        let cache = folder.path().join("cache");
        let project = Project { folder, file, cache };
        project.write(text);
        project
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces the text of the experiment.
    pub fn write(&self, text: &str) {
        fs::write(&self.file, text).expect("writable");
    }

    /// Replaces a part of the text, which must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.file).expect("readable");
        assert!(text.contains(from), "the file has no `{from}`");
        self.write(&text.replace(from, to));
    }

    /// The program with the project's cache, ready for more arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_msx"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .env("MSX_CACHE", &self.cache)
            .env("MSX_DEVICE", "cpu")
            .env_remove("MSX_PROJECT")
            .env_remove("MSX_THREADS")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub fn msx(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().expect("the program starts"))
    }

    /// Runs the experiment with further arguments.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(&["run", "experiment.msx", "--json"]);
        Ran::of(&command.args(arguments).output().expect("the program starts"))
    }

    /// Begins to run the experiment.
    pub fn begin(&self) -> Child {
        let mut command = self.command(&["run", "experiment.msx", "--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// Every finished stage: its key and the digests of all its files.
    pub fn results(&self) -> BTreeMap<String, Value> {
        let files = self.files_of("records");
        let records = files.iter().filter(|path| path.extension().is_some_and(|e| e == "json"));
        records
            .map(|path| {
                let bytes = fs::read(path).expect("readable");
                let record: Value = serde_json::from_slice(&bytes).expect("a whole record");
                let key = path.file_stem().expect("a name").to_string_lossy().into_owned();
                (key, record["outputs"].clone())
            })
            .collect()
    }

    /// The published reports by name.
    pub fn pages(&self) -> BTreeMap<PathBuf, String> {
        let files = WalkDir::new(self.folder().join("reports")).into_iter();
        let files = files.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        files
            .map(|entry| {
                let name = entry.path().strip_prefix(self.folder()).expect("inside").to_owned();
                (name, fs::read_to_string(entry.path()).expect("a page"))
            })
            .collect()
    }

    /// Fails unless every object holds what its name says and every record's objects are there.
    pub fn is_whole(&self) {
        for path in self.files_of("objects") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let content = blake3::hash(&fs::read(&path).expect("readable")).to_hex();
            assert_eq!(name, content.as_str(), "an object with other content");
        }
        for (key, outputs) in self.results() {
            for files in outputs.as_object().expect("outputs").values() {
                for (file, blob) in files.as_object().expect("files") {
                    let digest = blob["digest"].as_str().expect("a digest");
                    let object = self.cache.join("objects").join(&digest[..2]).join(digest);
                    assert!(object.is_file(), "{key} has lost {file}");
                }
            }
        }
    }

    /// Collects garbage however young it is, and fails unless only what a run needs is left.
    pub fn is_tidy_after_collecting(&self) {
        let said = self.msx(&["cache", "gc", "--yes", "--grace", "0s"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(!self.cache.join("scratch").read_dir().is_ok_and(|mut all| all.next().is_some()));
        let locks = self.files_of("locks");
        let is_for_good = |path: &PathBuf| path.ends_with("gate") || path.ends_with("sweep");
        assert!(locks.iter().all(is_for_good), "locks are left: {locks:?}");
        for entry in WalkDir::new(&self.cache).into_iter().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy();
            let is_temporary = name.starts_with(".tmp") || name.starts_with(".msx-");
            assert!(!is_temporary, "{} is left", entry.path().display());
        }
        let needed: std::collections::BTreeSet<String> = self
            .results()
            .values()
            .flat_map(|outputs| outputs.as_object().expect("outputs").values().cloned())
            .flat_map(|files| {
                files.as_object().expect("files").values().cloned().collect::<Vec<_>>()
            })
            .map(|blob| blob["digest"].as_str().expect("a digest").to_owned())
            .collect();
        for path in self.files_of("objects") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(needed.contains(&name), "no result needs {}", path.display());
        }
    }

    /// Files below one of the cache's folders that are no temporary ones.
    pub fn files_of(&self, part: &str) -> Vec<PathBuf> {
        let entries = WalkDir::new(self.cache.join(part)).into_iter().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_file());
        let settled = files.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        settled.map(walkdir::DirEntry::into_path).collect()
    }
}

impl Said {
    /// Reads what a finished program printed.
    pub fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let words = text(&output.stderr);
        let words = words.split_whitespace().filter(|word| *word != "│");
        Said {
            code: output.status.code(),
            out: text(&output.stdout),
            err: words.collect::<Vec<_>>().join(" "),
        }
    }
}

impl Ran {
    /// Reads what a finished run printed.
    pub fn of(output: &Output) -> Ran {
        Ran::read(output.status.code(), &String::from_utf8_lossy(&output.stdout))
    }

    /// Reads events; one that was cut short by a kill is left out.
    pub fn read(code: Option<i32>, events: &str) -> Ran {
        let mut ran =
            Ran { code, executed: vec![], failed: vec![], cached: 0, keys: vec![], lost: vec![] };
        let (whole, _) = events.rsplit_once('\n').unwrap_or_default();
        for line in whole.lines() {
            let event: Value = serde_json::from_str(line).expect("an event is a JSON object");
            let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            match event["event"].as_str() {
                Some("finished") => {
                    ran.executed.push(word("stage"));
                    ran.keys.push(word("key"));
                }
                Some("lost") => ran.lost.push(word("stage")),
                Some("failed") => ran.failed.push((word("stage"), word("message"))),
                Some("ended") => ran.cached = event["cached"].as_u64().expect("a number"),
                _ => {}
            }
        }
        ran.executed.sort();
        ran
    }

    /// Fails unless all went well and exactly these stages ran.
    pub fn executed(&self, expected: &[&str]) {
        assert_eq!(self.code, Some(0), "{:?}", self.failed);
        assert_eq!(self.executed, expected);
    }
}
