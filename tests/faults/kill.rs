//! `kill -9` at random moments.

use crate::project::{Project, Ran, SMALL, TINY};
use crate::table::{Table, points};
use msx::data::random;
use rand::Rng;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const KILLS: usize = 10;

/// An undisturbed run, and how long it took.
fn undisturbed(text: &str) -> (Project, Duration) {
    let project = Project::new(text);
    let begin = Instant::now();
    assert_eq!(project.run(&[]).code, Some(0));
    (project, begin.elapsed())
}

/// `SIGKILL` after a while. False where the run was over before.
fn kill_after(mut run: Child, wait: Duration) -> bool {
    sleep(wait);
    let died = run.try_wait().expect("a child of ours").is_none();
    run.kill().expect("a child of ours");
    run.wait().expect("a child of ours");
    died
}

/// A worker that outlived its runner for a moment may have written into a folder while it was swept,
/// which the next sweep takes; hence the collection.
fn equals(project: &Project, expected: &Project) {
    project.is_tidy_after_collecting();
    project.is_whole();
    assert_eq!(project.results(), expected.results(), "the results differ");
    assert!(project.pages() == expected.pages(), "the reports differ");
}

/// Each kill hits a fresh run somewhere between its beginning and its end.
#[test]
fn a_killed_run_is_completed_by_the_next() {
    let (expected, whole) = undisturbed(SMALL);
    let mut moments = random::stream(7, "test/kills");
    let mut killed = 0;
    for _ in 0..KILLS {
        let project = Project::new(SMALL);
        killed += usize::from(kill_after(project.begin(), whole.mul_f64(moments.random())));
        project.is_whole();
        assert_eq!(project.run(&[]).code, Some(0));
        equals(&project, &expected);
    }
    assert!(killed >= KILLS / 2, "only {killed} runs were still going");
}

/// Several stages side by side, and a table of what each kill cost.
#[test]
fn side_by_side_stages_lose_nothing_that_was_finished() {
    let (expected, whole) = undisturbed(TINY);
    let mut moments = random::stream(9, "test/kills");
    let mut table = Table::new("kill -9, stages side by side");
    for _ in 0..points(6) {
        let project = Project::new(TINY);
        let events = project.folder().join("events");
        let mut command = project.command(&["run", "experiment.msx", "--json", "--threads", "4"]);
        let output = std::fs::File::create(&events).expect("writable");
        let run = command.stdout(output).stderr(Stdio::null()).spawn().expect("it starts");
        let died = kill_after(run, whole.mul_f64(moments.random()));
        let before = Ran::read(None, &std::fs::read_to_string(&events).expect("readable"));
        let after = project.run(&["--threads", "4"]);
        assert_eq!(after.code, Some(0), "{:?}", after.failed);
        let again = before.keys.iter().filter(|key| after.keys.contains(key)).count();
        table.point(died, before.keys.len(), again);
        equals(&project, &expected);
    }
    table.print();
    assert_eq!(table.lost, 0, "finished results were made again");
}

/// The same on the quickstart, killed ten times on its way; takes twice as long as the quickstart:
/// `cargo test --release --test faults -- --ignored quickstart`.
#[test]
#[ignore = "takes minutes, and is meant for a release build"]
fn the_quickstart_survives_ten_kills() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart.msx");
    let text = std::fs::read_to_string(path).expect("the quickstart");
    let (expected, whole) = undisturbed(&text);
    let project = Project::new(&text);
    let mut moments = random::stream(8, "test/kills");
    for number in 0..KILLS {
        let wait = whole.mul_f64(moments.random::<f64>() / 6.0);
        let died = kill_after(project.begin(), wait);
        eprintln!("kill {number} after {:.1} s: {died}", wait.as_secs_f64());
        assert!(died, "the run was over before kill {number}");
        project.is_whole();
    }
    let rest = project.run(&[]);
    assert_eq!(rest.code, Some(0));
    eprintln!("the last run executed {} stages", rest.executed.len());
    equals(&project, &expected);
}
