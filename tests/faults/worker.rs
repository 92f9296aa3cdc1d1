//! Stages with networks run in processes of their own: what happens when one of these ends, and what
//! when the one that started it does.

use crate::project::{Project, Ran};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A training that would take minutes.
const LONG: &str = r#"
experiment long { title: "Long", seed: 1 }
dataset phantoms: phantom { count: 500, size: 16px }
subset fold: phantoms { classes: top(2), per_class: { train: 20, valid: 2, test: 2 } }
gan g: cpd { train: fold.train, length: 400 kimg, batch: 8, latent: 4, widths: [6, 4, 4] }
"#;

/// A training whose one epoch takes seconds.
const EPOCH: &str = r#"
experiment epoch { title: "One epoch", seed: 1 }
dataset phantoms: phantom { count: 500, size: 32px }
subset fold: phantoms { classes: top(2), per_class: { train: 50, valid: 4, test: 2 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, batch: 2, widths: [128, 256] }
"#;

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn begin(project: &Project) -> Child {
    let mut run = project.command(&["run", "experiment.msx"]);
    run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// State and parent of a process.
fn stat(process: &str) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let mut parts = stat.rsplit_once(") ")?.1.split(' ');
    Some((parts.next()?.chars().next()?, parts.next()?.parse().ok()?))
}

/// The process that works for another, once there is one.
fn worker_of(run: &Child) -> u32 {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let processes = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
        let names = processes.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut children =
            names.filter(|name| stat(name).is_some_and(|(_, parent)| parent == run.id()));
        if let Some(child) = children.next() {
            return child.parse().expect("a number");
        }
        sleep(Duration::from_millis(5));
    }
    panic!("no worker was started");
}

fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.expect("kill starts").success());
}

#[test]
fn the_end_of_a_worker_is_its_stage_s_failure() {
    let project = Project::new(LONG);
    let run = begin(&project);
    signal("-KILL", worker_of(&run));
    let output = run.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("FAILED  g: the process of this stage was ended by signal 9"), "{said}");
    project.is_whole();
    assert_eq!(project.results().len(), 2, "the data set and the subset are kept");
}

#[test]
fn a_worker_ends_with_the_run_that_started_it() {
    let project = Project::new(LONG);
    let mut run = begin(&project);
    let worker = worker_of(&run).to_string();
    run.kill().expect("a child of ours");
    run.wait().expect("a child of ours");
    let begin = Instant::now();
    // A zombie that nobody waited for is no longer at work.
    while stat(&worker).is_some_and(|(state, _)| state != 'Z') {
        assert!(begin.elapsed() < PATIENCE, "it goes on for nobody");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_interruption_leaves_a_checkpoint_and_the_exit_code_of_one() {
    let project = Project::new(LONG);
    let run = begin(&project);
    worker_of(&run);
    sleep(Duration::from_millis(300));
    signal("-INT", run.id());
    let output = run.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("stopped g"), "{said}");
    assert_eq!(project.files_of("checkpoints").len(), 1);
    assert!(project.files_of("scratch").is_empty());
}

/// Waits until a run has written that a stage is under way.
fn wait_for_progress(project: &Project, stage: &str) {
    let begin = Instant::now();
    let events = project.cache.join("runs/1/events.jsonl");
    let is_of = |line: &str| line.contains("progressed") && line.contains(stage);
    while !fs::read_to_string(&events).is_ok_and(|text| text.lines().any(is_of)) {
        assert!(begin.elapsed() < PATIENCE, "nothing is under way");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_interruption_within_an_epoch_loses_nothing_of_it() {
    let (project, undisturbed) = (Project::new(EPOCH), Project::new(EPOCH));
    let run = begin(&project);
    wait_for_progress(&project, r#""stage":"c""#);
    signal("-INT", run.id());
    let output = run.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    let names: Vec<String> =
        project.files_of("checkpoints").iter().map(|path| place_of(path)).collect();
    let [place] = names.as_slice() else { panic!("not one checkpoint: {names:?}") };
    let place: usize = place.parse().expect("a number");
    assert!((1..100).contains(&place), "not within the epoch: {place}");
    project.run(&[]).executed(&["c"]);
    undisturbed.run(&[]);
    assert_eq!(project.results(), undisturbed.results());
}

/// The position that a checkpoint is filed under.
fn place_of(path: &Path) -> String {
    let name = path.file_name().expect("a file").to_string_lossy();
    name.split_once('-').expect("a position").0.to_owned()
}

/// A data set that takes more memory than there is, beside one that does not.
const HUGE: &str = r#"
experiment huge { seed: 1 }
dataset huge: phantom { count: COUNT, size: 8px }
dataset small: phantom { count: 300, size: 8px }
subset fold: small { classes: top(2), per_class: { train: 8 } }
"#;

#[test]
fn a_stage_without_memory_fails_alone() {
    let project = Project::new(&HUGE.replace("COUNT", "40000000"));
    // Enough for the program and its threads, and less than the list of images takes.
    let mut shell = Command::new("sh");
    let run = "ulimit -v 1500000; exec \"$0\" run experiment.msx --json --keep-going";
    shell.args(["-c", run, env!("CARGO_BIN_EXE_msx")]).current_dir(project.folder());
    shell.env("MSX_CACHE", &project.cache).env("MSX_DEVICE", "cpu").env_remove("MSX_PROJECT");
    let ran = Ran::of(&shell.output().expect("the shell starts"));
    assert_eq!(ran.code, Some(1), "{:?}", ran.failed);
    assert_eq!(ran.executed, ["fold", "small"]);
    let [(stage, reason)] = ran.failed.as_slice() else { panic!("{:?}", ran.failed) };
    assert_eq!(stage, "huge");
    assert!(
        reason.contains("if memory ran out") || reason.contains("the disk of the cache"),
        "{reason}"
    );
    project.is_whole();
    project.is_tidy_after_collecting();
}

#[test]
fn what_is_plainly_too_large_is_refused_before_it_begins() {
    let project = Project::new(
        &HUGE
            .replace("COUNT", "1000000000")
            .replace("size: 8px }\ndataset", "size: 1024px }\ndataset"),
    );
    let began = Instant::now();
    let ran = project.run(&["--keep-going"]);
    assert!(began.elapsed() < PATIENCE);
    assert_eq!((ran.code, ran.executed), (Some(1), vec!["fold".to_owned(), "small".to_owned()]));
    assert!(
        ran.failed[0].1.contains("the images take") && ran.failed[0].1.contains("left"),
        "{:?}",
        ran.failed
    );
}
