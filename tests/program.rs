//! The program as a researcher uses it: run, look, change a line, run again.

#[path = "support/project.rs"]
mod project;

use project::{Project, SMALL, SMALL_STAGES, Said};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A project that has run.
fn ran() -> Project {
    let project = Project::new(SMALL);
    let first = project.run(&[]);
    assert_eq!((first.code, first.executed.len()), (Some(0), SMALL_STAGES), "{:?}", first.failed);
    project
}

#[test]
fn only_what_a_change_touches_runs_again() {
    let project = ran();
    let second = project.run(&[]);
    second.executed(&[]);
    assert_eq!(second.cached as usize, SMALL_STAGES);

    // What means the same: a comment, a name, the order of fields, a default, a spelling.
    project.edit("param epochs", "# how long\nparam epochs");
    project.edit("small_cpd", "renamed");
    project.edit(
        "widths: [4, 8] }\nevaluate   real",
        "widths: [4, 8], batch: 48, mirror: true }\nevaluate   real",
    );
    project.edit("{ count: 500, size: 16px }", "{ size: 16px, count: 5_00 }");
    project.edit("length: 320 img, batch: [8]", "length: 0.32 kimg, batch: [8]");
    project.run(&[]).executed(&[]);
    let page = project.pages().into_values().next().expect("a page");
    assert!(page.contains("renamed"), "the page tells the old name");

    // What means something else.
    let stale = [
        "auc[arch: cpd]",
        "auc[arch: prog]",
        "nn[arch: cpd]",
        "nn[arch: prog]",
        "on_fake[arch: cpd]",
        "on_fake[arch: prog]",
        "on_real",
        "page",
        "real",
        "summary",
    ];
    let plan = project.msx(&["plan", "experiment.msx", "--set", "epochs=3"]);
    assert!(plan.out.contains("epochs: 2 → 3"), "{}", plan.out);
    project.run(&["--set", "epochs=3"]).executed(&stale);
    // And back: everything is still there.
    project.run(&[]).executed(&[]);
    project.is_whole();
}

#[test]
fn a_lost_object_costs_its_stage_alone() {
    let project = ran();
    let curves = |outputs: &serde_json::Value| outputs.get("generator").is_some();
    let (_, outputs) =
        project.results().into_iter().find(|(_, outputs)| curves(outputs)).expect("a GAN");
    let digest = outputs["generator"]["generator.safetensors"]["digest"].clone();
    let digest = digest.as_str().expect("a digest");
    fs::remove_file(project.cache.join("objects").join(&digest[..2]).join(digest))
        .expect("the object is there");
    let again = project.run(&[]);
    assert_eq!(again.executed.len(), 1, "{:?}", again.executed);
    assert!(again.executed[0].starts_with("small_"), "{:?}", again.executed);
    project.is_whole();
}

#[test]
fn stages_are_run_by_name_with_what_they_need() {
    let project = Project::new(SMALL);
    project.run(&["fold"]).executed(&["fold", "phantoms"]);
    project.run(&["auc[arch: cpd]"]).executed(&[
        "auc[arch: cpd]",
        "fake[arch: cpd]",
        "on_fake[arch: cpd]",
        "small_cpd",
    ]);
    let plan = project.msx(&["plan", "experiment.msx", "auc"]).out;
    assert!(plan.contains("auc[arch: prog]") && !plan.contains("summary"), "{plan}");
    let unknown = project.msx(&["run", "experiment.msx", "fould"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("did you mean `fold`"), "{}", unknown.err);
    // What was not asked for keeps its history.
    let why = project.msx(&["why", "fold", "experiment.msx"]).out;
    assert!(why.contains("is cached"), "{why}");
}

#[test]
fn a_longer_training_goes_on_where_the_shorter_one_ended() {
    let longer = Project::new(SMALL);
    longer.run(&["small_cpd"]);
    longer.edit("length: 320 img, batch: 8", "length: 640 img, batch: 8");
    let mut command = longer.command(&["run", "experiment.msx", "--json", "small_cpd"]);
    let output = command.output().expect("the program starts");
    let events = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = events
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .find(|event| event["event"] == "progressed" && event["unit"] == "images")
        .expect("it tells how far it is");
    assert!(first["done"].as_u64().expect("a number") > 320, "only the second half: {first}");
    let straight = Project::new(SMALL);
    straight.edit("length: 320 img, batch: 8", "length: 640 img, batch: 8");
    straight.run(&["small_cpd"]);
    let (longer, straight) = (longer.results(), straight.results());
    assert!(straight.iter().all(|(key, outputs)| longer.get(key) == Some(outputs)));
}

#[test]
fn runs_are_kept_with_what_their_stages_did() {
    let project = Project::new(SMALL);
    project.run(&["on_real"]);
    project.run(&["on_real"]);
    project.edit("param epochs: int = 2", "param epochs: int = 3");
    project.run(&["on_real"]);
    let runs = project.msx(&["runs"]).out;
    assert_eq!(runs.lines().count(), 2, "a run that found everything leaves no trace: {runs}");
    assert!(runs.contains("#2") && runs.contains("1 executed, 2 cached"), "{runs}");
    let log = project.msx(&["log", "on_real"]).out;
    assert!(log.contains("run #2") && log.contains("started") && log.contains("done in"), "{log}");
    let first = project.msx(&["log", "on_real", "--run", "1", "--json"]).out;
    assert!(first.lines().all(|line| line.contains("\"stage\":\"on_real\"")), "{first}");
    let why = project.msx(&["why", "on_real", "--since", "1"]).out;
    assert!(why.contains("since run #1: epochs: 2 → 3"), "{why}");
    let missing = project.msx(&["why", "on_real", "--since", "9"]);
    assert!(missing.err.contains("it keeps runs 1 to 2"), "{}", missing.err);
}

#[test]
fn a_watched_file_runs_again_when_it_is_saved() {
    let project = Project::new(SMALL);
    let mut command = project.command(&["watch", "experiment.msx", "fold", "--json"]);
    let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines();
    let mut next_end = || {
        let lines = lines.by_ref().map(|line| line.expect("a line"));
        let events = lines.map(|line| serde_json::from_str::<serde_json::Value>(&line));
        let mut ends = events.flatten().filter(|event| event["event"] == "ended");
        ends.next().expect("it goes on")["executed"].clone()
    };
    assert_eq!(next_end(), 2);
    project.edit("train: 40", "train: 39");
    assert_eq!(next_end(), 1);
    project.edit("train: 39", "train: 39,, ");
    std::thread::sleep(Duration::from_millis(700));
    project.edit("train: 39,, ", "train: 38");
    assert_eq!(next_end(), 1, "a file with mistakes in between ends nothing");
    let interrupt = Command::new("kill").args(["-INT", &watch.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    assert_eq!(watch.wait().expect("it ends").code(), Some(130));
}

#[test]
fn the_number_of_threads_does_not_show() {
    let results = ["1", "2", "3"].map(|threads| {
        let project = Project::new(SMALL);
        assert_eq!(project.run(&["--threads", threads]).code, Some(0));
        (project.results(), project.pages())
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn why_says_which_parameter_and_where_it_began() {
    let project = ran();
    let fresh = project.msx(&["why", "small_cpd", "experiment.msx"]);
    assert!(fresh.out.contains("is cached"), "{}", fresh.out);
    project.edit("length: 320 img, batch: 8,", "length: 400 img, batch: 8,");
    let why = project.msx(&["why", "small_cpd"]);
    assert_eq!(why.out.trim(), "small_cpd will run: length: 320 img → 400 img");
    let why = project.msx(&["why", "auc[arch: cpd]"]);
    assert!(why.out.contains("small_cpd will run: length: 320 img → 400 img"), "{}", why.out);
    let unknown = project.msx(&["why", "smal_cpd"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("did you mean `small_cpd`?"), "{}", unknown.err);
}

#[test]
fn the_report_holds_the_numbers_of_the_records() {
    let project = ran();
    let evaluation = project.results().into_values().find_map(|outputs| {
        let digest = outputs["result"]["evaluation.json"]["digest"].as_str()?.to_owned();
        fs::read(project.cache.join("objects").join(&digest[..2]).join(digest)).ok()
    });
    let evaluation: serde_json::Value =
        serde_json::from_slice(&evaluation.expect("an evaluation")).expect("JSON");
    let page = project.pages().into_values().next().expect("a page");
    assert!(evaluation.is_object());
    for must in ["<svg", "data:image/png;base64,", "AUROC", "Everything, small"] {
        assert!(page.contains(must), "the page lacks {must}");
    }
    // One self-contained file: nothing is fetched.
    for never in ["src=\"http", "href=\"http", "@import", "<script src"] {
        assert!(!page.contains(never), "the page has {never}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_and_fail() {
    let project =
        Project::new(&SMALL.replace("cnn {", "cnm {").replace("epochs: epochs", "epoch: 2"));
    for command in ["check", "plan", "run", "graph"] {
        let said = project.msx(&[command, "experiment.msx"]);
        assert_eq!(said.code, Some(1), "{command}");
        assert!(said.err.contains("did you mean `cnn`?"), "{command}: {}", said.err);
        assert!(said.err.contains("experiment.msx:"), "{command}: {}", said.err);
    }
    assert!(!project.cache.join("records").exists());
}

#[test]
fn the_command_line_says_what_is_wrong_with_it() {
    let project = Project::new(SMALL);
    for (arguments, code, words) in [
        (&["run", "none.msx"][..], 1, "none.msx"),
        (&["run", "experiment.msx", "--set", "epoch=3"], 1, "did you mean `epochs`?"),
        (&["run", "experiment.msx", "--set", "epochs=many"], 1, "epochs"),
        (&["run", "experiment.msx", "--set", "epochs=2px"], 1, "`epochs` is of type int, this"),
        (&["run", "experiment.msx", "--set", "epochs"], 2, "NAME=VALUE"),
        (&["run", "experiment.msx", "--threads", "0"], 2, "--threads"),
        (&["run", "experiment.msx", "--device", "gpu"], 1, "choose auto, cpu, cuda"),
        (&["stages", "classifer"], 1, "classifier"),
        (&["explain", "wrong-unti"], 2, "did you mean `wrong-unit`?"),
        (&["rum"], 2, "run"),
    ] {
        let said = project.msx(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn claims_are_listed_and_not_said_to_hold() {
    let claim = "\nclaim synthetic_is_enough: bound(summary.relative, at_least: 90%)\n";
    let project = Project::new(&format!("{SMALL}{claim}"));
    let said = project.msx(&["plan", "experiment.msx"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let line = said.out.lines().find(|line| line.contains("synthetic_is_enough"));
    let line = line.expect("plan lists the claim");
    assert!(line.contains("bound") && line.contains("judged in a later version"), "{line}");
}

#[test]
fn what_is_no_terminal_gets_plain_lines() {
    let project = Project::new(SMALL);
    let output = project.command(&["run", "experiment.msx"]).output().expect("it starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}') && !err.contains('\r'), "{err}");
    assert!(err.contains("start   small_cpd (gan cpd)"), "{err}");
    assert!(err.contains("executed 16 stages, 0 cached"), "{err}");
    let path = out.trim().strip_prefix("report: ").expect("the last word is where the report is");
    assert!(project.folder().join(path).is_file(), "{path}");
}

#[test]
fn other_commands_print_for_other_programs() {
    let project = Project::new(SMALL);
    for (arguments, words) in [
        (&["graph", "experiment.msx"][..], "digraph experiment {"),
        (&["graph", "experiment.msx", "--format", "mermaid"], "flowchart LR"),
        (&["stages"], "classifier densenet121"),
        (&["stages", "gan"], "gradient_penalty: a number"),
        (&["explain"], "msx::wrong-unit       a number without its unit"),
        (&["explain", "wrong-unit"], "msx::wrong-unit: a number without its unit"),
        (
            &["explain", "msx::wrong-unit"],
            "    dataset phantoms: phantom { count: 500, size: 32px }",
        ),
        (&["completions", "bash"], "complete -F _msx"),
        (&["completions", "bash"], "wrong-unit"),
        (&["check", "experiment.msx"], "16 stages, no errors"),
        (&["plan", "experiment.msx"], "0 cached, 1 will run, 15 may run"),
    ] {
        let said = project.msx(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        assert!(said.out.contains(words), "{arguments:?}: {}", said.out);
    }
}

/// What goes together by its size alone is refused before anything is made of it.
#[test]
fn folds_that_do_not_belong_together_are_refused() {
    for (from, to, words) in [
        (
            "evaluate   auc: on_fake { test: fold.test }",
            "evaluate   auc: on_fake { test: fake.test }",
            "were tested on different images",
        ),
        (
            "neighbours nn: on_real { of: fake.test, among: fold.train",
            "neighbours nn: on_real { of: fake.test, among: half.train",
            "`of` has images of 16 px, `among` of 8 px",
        ),
        (
            "synth      fake: g { like: fold }",
            "synth fake: g { like: half }",
            "give `like` the subset",
        ),
        (
            "cnn { train: fake.train, valid: fake.valid",
            "cnn { train: fake.train, valid: others.valid",
            "take both from one stage",
        ),
    ] {
        let text = SMALL.replace(
            "\nclassifier on_real",
            "\nsubset half: phantoms { classes: top(2), size: 8px }\n\
             dataset more: phantom { count: 700, size: 16px, seed: 5 }\n\
             subset others: more { classes: top(4) }\nclassifier on_real",
        );
        let project = Project::new(&text);
        project.edit(from, to);
        let ran = project.run(&["--keep-going"]);
        assert_eq!(ran.code, Some(1), "{to}");
        assert!(ran.failed.iter().any(|(_, reason)| reason.contains(words)), "{:?}", ran.failed);
        project.is_whole();
    }
}

/// What cannot be printed is no reason to break off with a defect.
#[test]
fn a_reader_that_goes_away_and_a_full_disk_are_told_apart() {
    let project = Project::new(SMALL);
    for arguments in [
        &["plan", "experiment.msx"][..],
        &["stages"],
        &["graph", "experiment.msx"],
        &["check", "experiment.msx", "--json"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut command = project.command(arguments);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("on this system");
        let said = Said::of(&command.stdout(full).output().expect("it starts"));
        assert_eq!(said.code, Some(1), "{arguments:?}: {}", said.err);
        assert!(
            said.err.contains("error: cannot write to standard output: No space"),
            "{}",
            said.err
        );
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let said =
            Said::of(&project.command(arguments).stdout(writer).output().expect("it starts"));
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
