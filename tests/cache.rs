//! `msx cache` as its users see it: how large, of which stages, what goes and what stays.

#[path = "support/project.rs"]
mod project;

use project::{Project, TINY, TINY_STAGES};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn finished() -> Project {
    let project = Project::new(TINY);
    assert_eq!(project.run(&[]).executed.len(), TINY_STAGES);
    project
}

/// `msx cache` with these arguments and `--json`.
fn cache(project: &Project, arguments: &[&str]) -> Value {
    let said = project.msx(&[&["cache"], arguments, &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

/// What a collection removes that spares nothing for its age.
fn collect(project: &Project, arguments: &[&str]) -> Value {
    cache(project, &[&["gc", "--yes", "--grace", "0s"], arguments].concat())
}

fn length(value: &Value) -> usize {
    value.as_array().expect("a list").len()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// A second experiment file in the project's folder.
fn other_file(project: &Project) -> PathBuf {
    let path = project.folder().join("other.msx");
    let text =
        TINY.replace("experiment tiny", "experiment other").replace("seed: 1 }", "seed: 2 }");
    fs::write(&path, text).expect("writable");
    path
}

#[test]
fn size_counts_every_part_and_what_a_collection_would_free() {
    let project = finished();
    let size = cache(&project, &["size", "--grace", "0s"]);
    assert_eq!(number(&size["records"]["count"]), TINY_STAGES as u64);
    assert_eq!(number(&size["objects"]["count"]), project.files_of("objects").len() as u64);
    assert_eq!(number(&size["checkpoints"]["count"]), 3, "three trainings");
    assert_eq!(number(&size["runs"]["count"]), 1);
    assert_eq!(number(&size["collectable_bytes"]), 0);
    let parts = ["objects", "records", "checkpoints", "runs", "decoded", "scratch"];
    let sum: u64 = parts.iter().map(|part| number(&size[part]["bytes"])).sum();
    assert_eq!(number(&size["bytes"]), sum);
    assert_eq!(project.msx(&["cache", "rm", "experiment.msx", "g"]).code, Some(0));
    let free = number(&cache(&project, &["size", "--grace", "0s"])["collectable_bytes"]);
    assert!(free > 0);
    assert_eq!(number(&collect(&project, &[])["bytes"]), free);
}

#[test]
fn a_cache_that_is_not_there_is_not_made() {
    let project = Project::new(TINY);
    let said = project.msx(&["cache", "size"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("there is no cache at"), "{}", said.err);
    assert!(!project.cache.exists());
}

#[test]
fn results_are_listed_by_stage_with_the_run_that_used_them_last() {
    let project = finished();
    assert!(project.run(&["--set", "epochs=3"]).executed.contains(&"model[s: 1]".to_owned()));
    let lines = cache(&project, &["ls", "--sort", "size"]);
    let lines = lines.as_array().expect("a list");
    let sizes: Vec<u64> = lines.iter().map(|line| number(&line["bytes"])).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    let of = |label: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["stages"][0]["label"] == label).collect()
    };
    assert_eq!(of("model[s: 1]").len(), 2, "one with two epochs, one with three");
    assert_eq!(of("fold").len(), 1);
    assert_eq!(number(&of("fold")[0]["run"]), 2);
    assert_eq!(of("g")[0]["kind"], "gan");
    assert_eq!(of("g")[0]["stages"][0]["experiment"], "tiny");
    let people = project.msx(&["cache", "ls"]);
    assert!(people.out.contains("tiny model[s: 1]"), "{}", people.out);
}

#[test]
fn a_collection_without_yes_removes_nothing() {
    let project = finished();
    project.msx(&["cache", "rm", "experiment.msx", "g"]);
    let before = project.files_of("objects").len();
    let said = project.msx(&["cache", "gc", "--grace", "0s"]);
    assert!(said.out.contains("nothing was removed; add --yes"), "{}", said.out);
    assert_eq!(project.files_of("objects").len(), before);
    // What is young stays, whoever needs it.
    project.msx(&["cache", "gc", "--yes"]);
    assert_eq!(project.files_of("objects").len(), before);
    collect(&project, &[]);
    assert!(project.files_of("objects").len() < before);
}

#[test]
fn the_newest_runs_and_the_last_results_of_a_file_stay() {
    let project = finished();
    for epochs in ["epochs=3", "epochs=4"] {
        assert_eq!(project.run(&["--set", epochs]).code, Some(0));
    }
    let all = project.results().len();
    assert_eq!(length(&collect(&project, &[])["results"]), 0, "ten runs are kept");
    let gone = collect(&project, &["--keep-runs", "2"]);
    assert_eq!(gone["runs"], serde_json::json!([1]));
    // Two models, two evaluations, the report.
    assert_eq!(project.results().len(), all - 5);
    assert!(project.run(&["--set", "epochs=3"]).executed.is_empty());
    // The history of the file says that it ran with three epochs last.
    collect(&project, &["--keep-runs", "0"]);
    assert!(project.run(&["--set", "epochs=3"]).executed.is_empty());
    let four = project.run(&["--set", "epochs=4"]);
    assert_eq!(four.executed.len(), 5, "{:?}", four.executed);
}

#[test]
fn what_was_used_lately_stays_where_an_age_is_given() {
    let project = finished();
    project.msx(&["cache", "rm", "--run", "1"]);
    fs::remove_file(&project.file).expect("ours");
    assert_eq!(length(&collect(&project, &["--older-than", "30d"])["results"]), 0);
    assert_eq!(length(&collect(&project, &[])["results"]), TINY_STAGES);
    assert!(project.files_of("objects").is_empty());
    assert!(project.files_of("checkpoints").is_empty());
}

#[test]
fn runs_keep_results_of_files_that_are_gone_and_lock_files_those_that_no_run_knows() {
    let project = finished();
    fs::remove_file(&project.file).expect("ours");
    assert_eq!(length(&collect(&project, &[])["results"]), 0);
    let other = other_file(&project);
    assert_eq!(project.msx(&["run", "other.msx"]).code, Some(0));
    let keys: String =
        project.results().keys().map(|key| format!("[[stage]]\nkey = \"{key}\"\n")).collect();
    fs::write(other.with_extension("msx.lock"), keys).expect("writable");
    assert_eq!(length(&collect(&project, &["--keep-runs", "0"])["results"]), 0);
    fs::remove_file(other.with_extension("msx.lock")).expect("ours");
    assert_eq!(length(&collect(&project, &["--keep-runs", "0"])["results"]), TINY_STAGES);
}

#[test]
fn a_budget_drops_what_no_run_needs_first_and_then_the_oldest_runs() {
    let project = finished();
    for epochs in ["epochs=3", "epochs=4"] {
        project.run(&["--set", epochs]);
    }
    project.msx(&["cache", "rm", "--run", "2"]);
    let before = number(&cache(&project, &["size"])["bytes"]);
    let all = project.results().len();
    assert_eq!(length(&collect(&project, &["--budget", "1GiB"])["results"]), 0, "all fits");
    // A byte too much: the report with three epochs, or another result of that run, has to go.
    let little = collect(&project, &["--budget", &format!("{}B", before - 1)]);
    assert_eq!((length(&little["runs"]), length(&little["results"])), (0, 1));
    let kept = number(&little["kept_bytes"]);
    assert_eq!(kept, number(&cache(&project, &["size"])["bytes"]));
    // Nothing: the results that the file had last are still in use.
    let most = collect(&project, &["--budget", "0B"]);
    assert_eq!(length(&most["runs"]), 2);
    assert!(number(&most["over_budget_bytes"]) > 0);
    assert_eq!(project.results().len(), TINY_STAGES);
    assert_eq!(all, TINY_STAGES + 10);
    assert!(project.run(&["--set", "epochs=4"]).executed.is_empty());
}

#[test]
fn checkpoints_stay_as_long_as_a_run_or_a_result_is_on_their_trajectory() {
    let project = finished();
    // The result is gone, the run still names the trajectory.
    project.msx(&["cache", "rm", "experiment.msx", "g", "--keep-checkpoints"]);
    collect(&project, &[]);
    assert_eq!(number(&cache(&project, &["size"])["checkpoints"]["count"]), 3);
    // The run is gone, the results of two trainings are on theirs.
    project.msx(&["cache", "rm", "--run", "1"]);
    assert_eq!(number(&collect(&project, &[])["checkpoints"]), 1);
    assert_eq!(number(&cache(&project, &["size"])["checkpoints"]["count"]), 2);
    assert!(project.run(&["--set", "epochs=3"]).executed.contains(&"model[s: 2]".to_owned()));
}

#[test]
fn checkpoints_of_finished_trainings_go_where_that_is_wanted() {
    let project = finished();
    let count = |project: &Project| number(&cache(project, &["size"])["checkpoints"]["count"]);
    let gc = ["--finished-checkpoints", "1h"];
    assert_eq!(number(&collect(&project, &gc)["checkpoints"]), 0, "they are young");
    // One has lost its result, as if it had been stopped.
    project.msx(&["cache", "rm", "experiment.msx", "g", "--keep-checkpoints"]);
    let gc = ["--finished-checkpoints", "0s"];
    let free = cache(&project, &[&["size", "--grace", "0s"], &gc[..]].concat());
    let gone = collect(&project, &gc);
    assert_eq!(number(&gone["checkpoints"]), 2);
    assert_eq!(gone["bytes"], free["collectable_bytes"]);
    assert_eq!(gone["kept_bytes"], cache(&project, &["size"])["bytes"]);
    assert_eq!(count(&project), 1);
    // The results are all there but the one.
    project.run(&[]).executed(&["g"]);
    assert_eq!(project.run(&["--set", "epochs=3"]).code, Some(0), "from the beginning");
    // Also with a budget that drops everything that may go.
    let most = collect(&project, &[&["--keep-runs", "0", "--budget", "0B"], &gc[..]].concat());
    assert_eq!((number(&most["checkpoints"]), count(&project)), (3, 0));
    assert_eq!(most["kept_bytes"], cache(&project, &["size"])["bytes"]);
}

#[test]
fn a_run_keeps_as_many_checkpoints_as_it_is_told() {
    let files = |kept: &str| {
        let project = Project::new(TINY);
        let ran = project.run(&["--checkpoints", kept, "--checkpoint-every", "0s"]);
        assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
        (project.files_of("checkpoints").len(), project.results())
    };
    let ((one, expected), (three, results)) = (files("1"), files("3"));
    assert_eq!(one, 3, "three trainings");
    assert!(three > one + 3, "{three}");
    assert_eq!(results, expected);
    let refused = Project::new(TINY).msx(&["run", "experiment.msx", "--checkpoints", "0"]);
    assert_eq!(refused.code, Some(2));
}

#[test]
fn a_stage_that_is_forgotten_runs_again_from_the_beginning() {
    let project = finished();
    let expected = project.results();
    let said = project.msx(&["cache", "rm", "experiment.msx", "model[s: 1]", "fake"]);
    assert!(said.out.contains("forgot 2 results"), "{}", said.out);
    assert_eq!(number(&cache(&project, &["size"])["checkpoints"]["count"]), 2);
    project.run(&[]).executed(&["fake", "model[s: 1]"]);
    assert_eq!(project.results(), expected);
    let unknown = project.msx(&["cache", "rm", "experiment.msx", "modle"]);
    assert!(unknown.err.contains("did you mean"), "{}", unknown.err);
    let nothing = project.msx(&["cache", "rm", "--run", "7"]);
    assert!(nothing.err.contains("no such run"), "{}", nothing.err);
}

#[test]
fn verifying_names_the_stage_and_removes_nothing_when_it_only_looks() {
    let project = finished();
    let results = project.results();
    let path = project.files_of("objects").remove(0);
    fs::remove_file(&path).expect("ours");
    for _ in 0..2 {
        let said = project.msx(&["cache", "verify", "--dry-run"]);
        assert_eq!(said.code, Some(1));
        assert!(said.out.contains("is missing") && said.out.contains("lost     tiny "));
    }
    assert_eq!(project.msx(&["cache", "verify"]).code, Some(1));
    let said = project.msx(&["cache", "verify"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("all is whole"));
    assert_eq!(project.run(&[]).code, Some(0));
    assert_eq!(project.results(), results);
}

/// Two growing GANs that differ in how far they grow.
const GROWING: &str = r#"
experiment growing { seed: 1 }

dataset phantoms: phantom { count: 300, size: 16px }
subset fold: phantoms { classes: top(2), per_class: { train: 8, valid: 1, test: 4 } }

let training = { train: fold.train, length: 320 img, batch: [8], latent: 4, phase: 80 img, fade: 80 img }

gan small: prog { ...training, size: 8px, widths: [6, 4] }
gan large: prog { ...training, widths: [6, 4, 4] }
"#;

/// For each stage in turn, how many images it had seen when it first told.
fn first_progress(project: &Project, arguments: &[&str]) -> Vec<(String, u64)> {
    let mut command = project.command(&["run", "experiment.msx", "--json"]);
    let output = command.args(arguments).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut told: Vec<(String, u64)> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let stage = event["stage"].as_str().unwrap_or_default();
        let is_training = event["event"] == "progressed" && event["activity"] == "training";
        if is_training && !told.iter().any(|(other, _)| other == stage) {
            told.push((stage.to_owned(), number(&event["done"])));
        }
    }
    told
}

#[test]
fn growing_gans_train_the_sizes_in_common_once_and_collecting_spares_these() {
    let straight = Project::new(GROWING);
    first_progress(&straight, &["--threads", "2"]);
    let told = |stage: &str, images: u64| (stage.to_owned(), images);
    for (first, second) in [("small", "large"), ("large", "small")] {
        let project = Project::new(GROWING);
        assert_eq!(first_progress(&project, &[first]), [told(first, 64)]);
        assert_eq!(number(&collect(&project, &["--keep-runs", "0"])["checkpoints"]), 0);
        // The size in common ends after 80 images, a tenth step; every eighth is told.
        assert_eq!(first_progress(&project, &[second]), [told(second, 128)]);
        assert_eq!(project.results(), straight.results());
    }
    // In one run they wait for each other although there is a thread for each.
    let together = Project::new(GROWING);
    assert_eq!(
        first_progress(&together, &["--threads", "2"]),
        [told("small", 64), told("large", 128)]
    );
}
