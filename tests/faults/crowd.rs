//! Several processes on one cache at once, a collector among them.

use crate::project::{Project, Ran, TINY, TINY_STAGES};
use crate::table::{Table, points};
use std::collections::BTreeMap;
use std::process::{Child, Stdio};

const CROWD: usize = 4;

fn begin(project: &Project, arguments: &[&str]) -> Child {
    let mut command = project.command(&["run", "experiment.msx", "--json", "--threads", "2"]);
    let command = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn end(run: Child) -> Ran {
    let output = run.wait_with_output().expect("it ends");
    let ran = Ran::of(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(ran.code, Some(0), "{:?} {said}", ran.failed);
    assert!(ran.lost.is_empty(), "results were taken away from a run: {:?}", ran.lost);
    ran
}

#[test]
fn four_runs_of_one_experiment_do_every_stage_once() {
    let expected = Project::new(TINY);
    assert_eq!(expected.run(&[]).code, Some(0));
    let mut table = Table::new("four runs of one experiment at once");
    for _ in 0..points(2).div_ceil(4) {
        let project = Project::new(TINY);
        let crowd: Vec<Child> = (0..CROWD).map(|_| begin(&project, &[])).collect();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for run in crowd {
            end(run).executed.into_iter().for_each(|stage| *times.entry(stage).or_default() += 1);
        }
        assert_eq!(times.len(), TINY_STAGES);
        table.point(true, times.len(), times.values().sum::<usize>() - times.len());
        project.is_whole();
        project.is_tidy_after_collecting();
        assert_eq!(project.results(), expected.results());
    }
    table.print();
    assert_eq!(table.lost, 0, "stages were executed more than once");
}

/// The collector keeps nothing that it may take, however young: only the gate and what runs hold
/// stand in its way.
#[test]
fn a_collector_takes_nothing_from_runs_beside_it() {
    let project = Project::new(TINY);
    // Makes the cache, without which there is nothing to collect in.
    assert_eq!(project.msx(&["plan", "experiment.msx"]).code, Some(0));
    let mut table = Table::new("a collector beside four runs");
    for round in 0..points(2).div_ceil(4) {
        let settings: Vec<String> =
            (0..CROWD).map(|number| format!("epochs={}", 2 + 10 * round + 2 * number)).collect();
        let mut crowd: Vec<Child> =
            settings.iter().map(|set| begin(&project, &["--set", set])).collect();
        let mut collections = 0;
        while crowd.iter_mut().any(|run| run.try_wait().expect("a child of ours").is_none()) {
            let said = project.msx(&["cache", "gc", "--yes", "--grace", "0s", "--keep-runs", "0"]);
            assert_eq!(said.code, Some(0), "{}", said.err);
            collections += 1;
        }
        let executed: usize = crowd.into_iter().map(|run| end(run).executed.len()).sum();
        table.point(collections > 1, executed, 0);
        project.is_whole();
        project.is_tidy_after_collecting();
    }
    table.print();
}
