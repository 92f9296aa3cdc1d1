//! The runner on small stages made for the purpose: what runs, what is found, what is lost.

use msx::graph::Graph;
use msx::language::experiment::{Bindings, Experiment, Input, TypedStage};
use msx::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType, Schemas};
use msx::language::value::{Fields, Value};
use msx::learn::device::Device;
use msx::run::{Ending, Event, Observer, Outcome, Session, Settings, run};
use msx::stages::{Context, Method, Parameters, Source, StageError};
use msx::store::{Policy, Store};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a stage of these tests says it needs.
const ECHO_MEMORY: u64 = 1 << 20;

/// Writes `text` followed by all that its inputs wrote, unless `text` says to misbehave.
struct Echo;

impl Method for Echo {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "echo",
            method: "",
            summary: "",
            docs: "",
            example: "",
            revision: 1,
            header: Header::Nothing,
            fields: vec![
                Field::required("text", FieldType::Text, ""),
                Field::default("length", FieldType::Int { min: 0, max: 9 }, Value::Int(1), "")
                    .horizon(),
                Field::optional("of", FieldType::Stages { kinds: &[], with_ancestors: false }, ""),
            ],
            outputs: vec![Output { name: "text", kind: OutputType::Table, doc: "" }],
        }
    }

    fn memory(&self, _: Parameters<'_>) -> u64 {
        ECHO_MEMORY
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let mut text = context.parameters.text("text")?.to_owned();
        match text.as_str() {
            "panic" => panic!("on purpose"),
            "fail" => return Err(StageError::message("the file is broken")),
            "silent" => return Ok(()),
            "wait" => {
                while !context.monitor.stop_requested() {
                    std::thread::yield_now();
                }
                return Err(StageError::Stopped);
            }
            "constant" => {}
            "slow" | "slower" => std::thread::sleep(std::time::Duration::from_millis(200)),
            _ => {
                for input in context.inputs {
                    text.push_str(&String::from_utf8_lossy(&input.read("text", "text.txt")?));
                }
            }
        }
        context.write("text", "text.txt", text.as_bytes())
    }
}

/// Copies a file of the user's, and changes it meanwhile if it says so.
struct Copy;

impl Method for Copy {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "copy",
            fields: vec![Field::required("path", FieldType::Path, "")],
            ..Echo.schema()
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let path = base.join(parameters.text("path")?);
        Ok(vec![Source { role: "path", base: path.clone(), files: vec![path] }])
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let path = context.base.join(context.parameters.text("path")?);
        let text = std::fs::read(&path).map_err(StageError::io(&path))?;
        if text == b"change" {
            std::fs::write(&path, "changed").map_err(StageError::io(&path))?;
        }
        context.write("text", "text.txt", &text)
    }
}

fn copy(path: &str) -> TypedStage {
    TypedStage {
        kind: "copy".to_owned(),
        parameters: Fields::from_iter([("path".to_owned(), Value::Text(path.to_owned()))]),
        ..stage("copied", "", &[])
    }
}

fn stage(name: &str, text: &str, of: &[usize]) -> TypedStage {
    TypedStage {
        name: name.to_owned(),
        bindings: Bindings::default(),
        kind: "echo".to_owned(),
        method: String::new(),
        parameters: Fields::from_iter([("text".to_owned(), Value::Text(text.to_owned()))]),
        inputs: of
            .iter()
            .map(|stage| Input { role: "of".to_owned(), stage: *stage, output: None, many: true })
            .collect(),
        span: 0..0,
    }
}

#[derive(Default)]
struct Collected(Mutex<Vec<Event>>);

impl Observer for Collected {
    fn observe(&self, event: &Event) {
        self.0.lock().expect("no observer panics").push(event.clone());
    }
}

impl Collected {
    fn started(&self) -> Vec<String> {
        let events = self.0.lock().expect("no observer panics");
        events
            .iter()
            .filter_map(|event| match event {
                Event::Started { stage, .. } => Some(stage.clone()),
                _ => None,
            })
            .collect()
    }
}

impl Collected {
    /// How many stages were at work at the same time.
    fn most_together(&self) -> usize {
        let events = self.0.lock().expect("no observer panics");
        let (mut now, mut most) = (0_usize, 0);
        for event in events.iter() {
            match event {
                Event::Started { .. } => now += 1,
                Event::Finished { .. } | Event::Failed { .. } => now = now.saturating_sub(1),
                _ => {}
            }
            most = most.max(now);
        }
        most
    }
}

struct Ran {
    outcome: Outcome,
    started: Vec<String>,
    most_together: usize,
}

fn run_stages(cache: &Path, stages: Vec<TypedStage>, keep_going: bool) -> Ran {
    run_until(cache, stages, keep_going, &AtomicBool::new(false))
}

fn run_until(cache: &Path, stages: Vec<TypedStage>, keep_going: bool, stop: &AtomicBool) -> Ran {
    let settings = Settings { keep_going, ..Settings::with_threads(2) };
    run_with(cache, stages, &settings, stop)
}

fn run_with(cache: &Path, stages: Vec<TypedStage>, settings: &Settings, stop: &AtomicBool) -> Ran {
    let methods: Vec<Box<dyn Method>> = vec![Box::new(Echo), Box::new(Copy)];
    let schemas = Schemas::new(vec![Echo.schema(), Copy.schema()]);
    let experiment = Experiment {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        seed: 0,
        stages,
        claims: Vec::new(),
    };
    let graph = Graph::build(experiment.stages, &schemas).expect("the schemas fit");
    let store = Store::open(&cache.join("cache")).expect("the cache opens");
    let session = Session::prepare(&graph, &methods, &store, cache, Device::Cpu, false)
        .expect("nothing to hash");
    let observer = Collected::default();
    let outcome = run(&session, settings, &observer, stop);
    session.save_index();
    Ran { outcome, started: observer.started(), most_together: observer.most_together() }
}

fn diamond(first: &str) -> Vec<TypedStage> {
    vec![
        stage("top", first, &[]),
        stage("left", "left", &[0]),
        stage("right", "right", &[0]),
        stage("bottom", "bottom", &[1, 2]),
    ]
}

fn text_of(cache: &Path, ran: &Ran, index: usize) -> String {
    let store = Store::open(&cache.join("cache")).expect("the cache opens");
    let key = ran.outcome.keys[index].expect("it has a result");
    let record = store.lookup(&key).expect("readable").expect("there");
    let blob = &record.outputs["text"].0["text.txt"];
    std::fs::read_to_string(store.object_path(&blob.digest)).expect("the object is there")
}

#[test]
fn results_flow_down_and_the_second_run_starts_nothing() {
    let cache = tempfile::tempdir().expect("folder");
    let first = run_stages(cache.path(), diamond("top"), false);
    assert_eq!(first.started.len(), 4);
    assert!(first.outcome.is_complete());
    let bottom = text_of(cache.path(), &first, 3);
    assert!(bottom.starts_with("bottom") && bottom.contains("lefttop"), "{bottom}");
    let second = run_stages(cache.path(), diamond("top"), false);
    assert!(second.started.is_empty());
    assert!(second.outcome.endings.iter().all(|ending| *ending == Ending::Cached));
}

#[test]
fn an_edit_runs_what_it_touches() {
    let cache = tempfile::tempdir().expect("folder");
    run_stages(cache.path(), diamond("top"), false);
    let mut edited = diamond("top");
    edited[1] = stage("left", "other", &[0]);
    assert_eq!(run_stages(cache.path(), edited, false).started, ["left", "bottom"]);
}

#[test]
fn equal_bytes_cut_off() {
    let cache = tempfile::tempdir().expect("folder");
    let stages = |first: &str| {
        vec![stage("a", first, &[]), stage("b", "constant", &[0]), stage("c", "c", &[1])]
    };
    run_stages(cache.path(), stages("one"), false);
    assert_eq!(run_stages(cache.path(), stages("two"), false).started, ["a", "b"]);
}

#[test]
fn two_names_for_one_work_run_once() {
    let cache = tempfile::tempdir().expect("folder");
    let ran =
        run_stages(cache.path(), vec![stage("a", "same", &[]), stage("b", "same", &[])], false);
    assert_eq!(ran.started.len(), 1);
    assert_eq!(ran.outcome.keys[0], ran.outcome.keys[1]);
}

#[test]
fn a_deleted_object_runs_its_stage_alone() {
    let cache = tempfile::tempdir().expect("folder");
    let first = run_stages(cache.path(), diamond("top"), false);
    let store = Store::open(&cache.path().join("cache")).expect("the cache opens");
    let key = first.outcome.keys[1].expect("it has a result");
    let record = store.lookup(&key).expect("readable").expect("there");
    for blob in record.blobs() {
        std::fs::remove_file(store.object_path(&blob.digest)).expect("remove");
    }
    assert_eq!(run_stages(cache.path(), diamond("top"), false).started, ["left"]);
}

#[test]
fn a_result_that_turns_out_damaged_is_made_again_within_the_run() {
    let cache = tempfile::tempdir().expect("folder");
    let first = run_stages(cache.path(), diamond("top"), false);
    let top = first.outcome.keys[0].expect("it has a result");
    let store = Store::open(&cache.path().join("cache")).expect("the cache opens");
    let record = store.lookup(&top).expect("readable").expect("there");
    let object = store.object_path(&record.outputs["text"].0["text.txt"].digest);
    // The index is written and trusted; a shorter file does not show in its folder.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    run_stages(cache.path(), diamond("top"), false);
    let file = std::fs::File::options().write(true).open(&object).expect("opens");
    file.set_len(1).expect("shortened");
    assert!(run_stages(cache.path(), diamond("top"), false).started.is_empty());
    let mut edited = diamond("top");
    edited[1] = stage("left", "other", &[0]);
    let again = run_stages(cache.path(), edited, false);
    assert_eq!(again.started, ["left", "top", "left", "bottom"], "it notices, and waits");
    assert!(again.outcome.is_complete());
    assert_eq!(std::fs::read_to_string(&object).expect("readable"), "top");
}

#[test]
fn the_longest_way_starts_first() {
    let cache = tempfile::tempdir().expect("folder");
    let stages = vec![
        stage("short", "short", &[]),
        stage("a", "a", &[]),
        stage("b", "b", &[1]),
        stage("c", "c", &[2]),
    ];
    let settings = Settings::with_threads(1);
    let ran = run_with(cache.path(), stages, &settings, &AtomicBool::new(false));
    assert_eq!(ran.started, ["a", "b", "short", "c"], "of equally long ways the first declared");
}

#[test]
fn stages_that_do_not_fit_into_memory_wait_for_each_other() {
    let stages = || vec![stage("one", "slow", &[]), stage("two", "slower", &[])];
    let most_together = |memory: Option<u64>| {
        let cache = tempfile::tempdir().expect("folder");
        let settings = Settings { memory, ..Settings::with_threads(2) };
        let ran = run_with(cache.path(), stages(), &settings, &AtomicBool::new(false));
        assert!(ran.outcome.is_complete());
        ran.most_together
    };
    assert_eq!(most_together(None), 2);
    assert_eq!(most_together(Some(ECHO_MEMORY * 3 / 2)), 1);
    assert_eq!(most_together(Some(1)), 1, "a stage alone starts whatever it needs");
}

#[test]
fn a_failure_names_its_reason_and_stops_the_rest() {
    let cache = tempfile::tempdir().expect("folder");
    let stages = || vec![stage("bad", "fail", &[]), stage("after", "after", &[0])];
    let ran = run_stages(cache.path(), stages(), false);
    assert_eq!(ran.outcome.endings[0], Ending::Failed("the file is broken".to_owned()));
    assert_eq!(ran.outcome.endings[1], Ending::Skipped);
}

#[test]
fn keep_going_runs_what_does_not_need_the_failed_stage() {
    let cache = tempfile::tempdir().expect("folder");
    let stages = vec![
        stage("bad", "fail", &[]),
        stage("after", "after", &[0]),
        stage("other", "other", &[]),
        stage("last", "last", &[2]),
    ];
    let ran = run_stages(cache.path(), stages, true);
    assert_eq!(ran.outcome.endings[1], Ending::Skipped);
    assert_eq!(ran.outcome.endings[3], Ending::Executed);
}

#[test]
fn a_panic_is_its_stage_s_failure() {
    let cache = tempfile::tempdir().expect("folder");
    let ran = run_stages(cache.path(), vec![stage("bad", "panic", &[])], false);
    assert!(
        matches!(&ran.outcome.endings[0], Ending::Failed(reason) if reason.contains("on purpose"))
    );
}

#[test]
fn a_stage_that_writes_nothing_fails_and_is_not_recorded() {
    let cache = tempfile::tempdir().expect("folder");
    for _ in 0..2 {
        let ran = run_stages(cache.path(), vec![stage("mute", "silent", &[])], false);
        assert!(
            matches!(&ran.outcome.endings[0], Ending::Failed(reason) if reason.contains("text"))
        );
    }
}

#[test]
fn stopping_ends_running_stages_and_starts_no_more() {
    let cache = tempfile::tempdir().expect("folder");
    let stop = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(500));
            stop.store(true, Ordering::Relaxed);
        });
        let stages = vec![stage("long", "wait", &[]), stage("after", "after", &[0])];
        run_until(cache.path(), stages, false, &stop)
    });
    assert_eq!(ran.outcome.endings, [Ending::Stopped, Ending::Skipped]);
}

#[test]
fn a_file_that_changes_during_the_run_is_not_filed_as_if_it_had_not() {
    let cache = tempfile::tempdir().expect("folder");
    let file = cache.path().join("file.txt");
    std::fs::write(&file, "change").expect("writable");
    let ran = run_stages(cache.path(), vec![copy("file.txt")], false);
    assert!(
        matches!(&ran.outcome.endings[0], Ending::Failed(reason) if reason.contains("run again")),
        "{:?}",
        ran.outcome.endings
    );
    let again = run_stages(cache.path(), vec![copy("file.txt")], false);
    assert_eq!(text_of(cache.path(), &again, 0), "changed");
    std::fs::write(&file, "change").expect("writable");
    assert!(!run_stages(cache.path(), vec![copy("file.txt")], false).outcome.is_complete());
}

#[test]
fn the_name_of_a_file_that_counts_by_content_alone_does_not_show() {
    let cache = tempfile::tempdir().expect("folder");
    for name in ["one.txt", "two.txt"] {
        std::fs::write(cache.path().join(name), "the same").expect("writable");
    }
    assert_eq!(run_stages(cache.path(), vec![copy("one.txt")], false).started.len(), 1);
    assert!(run_stages(cache.path(), vec![copy("two.txt")], false).started.is_empty());
}

#[test]
fn of_two_trainings_on_one_way_the_shorter_goes_first_and_alone() {
    let cache = tempfile::tempdir().expect("folder");
    let training = |name: &str, length: i64| {
        let mut stage = stage(name, "the same", &[]);
        stage.parameters.insert("length".to_owned(), Value::Int(length));
        stage
    };
    let stages = vec![training("long", 8), training("short", 2), training("middle", 4)];
    let ran = run_stages(cache.path(), stages, false);
    assert_eq!(ran.started, ["short", "middle", "long"]);
}

#[test]
fn no_collector_takes_what_a_session_holds() {
    let cache = tempfile::tempdir().expect("folder");
    let ran = run_stages(cache.path(), diamond("top"), false);
    let methods: Vec<Box<dyn Method>> = vec![Box::new(Echo)];
    let schemas = Schemas::new(vec![Echo.schema()]);
    let graph = Graph::build(diamond("top"), &schemas).expect("the schemas fit");
    let store = Store::open(&cache.path().join("cache")).expect("the cache opens");
    let policy = Policy { keep_runs: 0, grace: Duration::ZERO, ..Policy::default() };
    let collect = || store.collect(&policy, &|_| Vec::new()).expect("collected").records.len();
    {
        let session = Session::prepare(&graph, &methods, &store, cache.path(), Device::Cpu, false)
            .expect("nothing to hash");
        assert_eq!(session.plan_and_hold().keys(), ran.outcome.keys);
        assert_eq!(collect(), 0);
    }
    assert_eq!(collect(), 4);
}
