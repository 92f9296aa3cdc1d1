//! The runner beside others, on trivial stages in chains of five: `cargo bench --bench runner`.
//!
//! Every figure is of whole processes, systems in turn, the median of several rounds. `ninja` and
//! `doit` take part where they are on the path. `anew` is msx where it has no receipt of an earlier run
//! and plans. The runner is called as `msx run` calls it; only the
//! stages are made for the purpose, because real ones take longer than a runner.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use msx::graph::Graph;
use msx::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType, Schemas};
use msx::language::value::Value;
use msx::language::{self, Alone, Source};
use msx::learn::device::Device;
use msx::run::{
    self, Ahead, Both, Event, Journal, Observer, Question, Request, Session, Settings, Trace,
};
use msx::stages::{Context, Method, StageError};
use msx::store::{LastRun, Store};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const SIZES: [usize; 4] = [20, 200, 1000, 10_000];
const ROUNDS: usize = 15;
/// Set where a run is to plan although nothing changed.
const PLAN: &str = "MSX_BENCH_PLAN";
/// The stages of a chain and what each takes.
const CHAIN: [(&str, Option<&str>); 5] = [
    ("dataset", None),
    ("subset", Some("dataset")),
    ("gan", Some("subset")),
    ("synth", Some("gan")),
    ("evaluate", Some("synth")),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "as-runner") {
        Some(at) => as_runner(Path::new(&arguments[at + 1])),
        None => compare(),
    }
}

/// Writes a line that depends on its number and its input.
struct Trivial(&'static str, Option<&'static str>);

impl Method for Trivial {
    fn schema(&self) -> MethodSchema {
        let kinds: &'static [&'static str] = match self.1 {
            Some("dataset") => &["dataset"],
            Some("subset") => &["subset"],
            Some("gan") => &["gan"],
            _ => &["synth"],
        };
        let header = match self.1 {
            None => Header::Nothing,
            Some(_) => Header::Stage { role: "of", kinds },
        };
        let number = FieldType::Int { min: 0, max: i64::MAX };
        MethodSchema {
            kind: self.0,
            method: "",
            summary: "",
            docs: "",
            example: "",
            revision: 1,
            header,
            fields: vec![
                Field::default("number", number, Value::Int(1), ""),
                Field::default(
                    "rate",
                    FieldType::Float { min: 0.0, max: 1.0 },
                    Value::Float(0.001),
                    "",
                ),
            ],
            outputs: vec![Output { name: "out", kind: OutputType::Table, doc: "" }],
        }
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let mut text = format!("{} {}\n", self.0, context.parameters.int("number")?);
        for input in context.inputs {
            text.push_str(&String::from_utf8_lossy(&input.read("out", "out.txt")?));
        }
        context.write("out", "out.txt", text.as_bytes())
    }
}

struct Quiet;

impl Observer for Quiet {
    fn observe(&self, _: &Event) {}
}

/// Runs `experiment.msx` in a folder, as `msx run` does.
fn as_runner(folder: &Path) {
    run::take_part();
    let methods: Vec<Box<dyn Method>> =
        CHAIN.iter().map(|(kind, of)| Box::new(Trivial(kind, *of)) as Box<dyn Method>).collect();
    let path = folder.join("experiment.msx");
    let text = fs::read_to_string(&path).expect("the experiment");
    let source = Source::new("experiment.msx", text);
    let store = Store::open(&folder.join("cache")).expect("a cache");
    if std::env::var_os(PLAN).is_none() {
        let (source, store, sources) = (&source, &store, &Alone);
        let asked = &|| run::asked(Device::Cpu, &[]);
        let question = Question { file: &path, asked, source, sources, store, verify_files: false };
        if let Some(receipt) = question.answer(&methods) {
            run::tell(&receipt, 2, Device::Cpu, Instant::now(), &Quiet);
            return tell_memory();
        }
    }
    plan_and_run(&path, &source, &store, &methods);
    tell_memory();
}

/// The long way of `msx run`.
fn plan_and_run(path: &Path, source: &Source, store: &Store, methods: &[Box<dyn Method>]) {
    let Ahead { index, past } = Ahead::begin(store, path);
    let schemas = Schemas::new(methods.iter().map(|method| method.schema()).collect());
    let compiled = language::compile(source, &Alone, &schemas, &[]).expect("it has no mistakes");
    let graph = Graph::build(compiled.experiment.stages, &schemas).expect("it has no rings");
    let folder = path.parent().expect("a folder");
    let session = Session::prepare(&graph, methods, store, folder, Device::Cpu, false)
        .expect("nothing to hash")
        .with_index(Some(index));
    let settings = Settings { past, ..Settings::with_threads(2) };
    let request = Request {
        file: path.to_owned(),
        experiment: compiled.experiment.name.clone(),
        set: Vec::new(),
        threads: 2,
    };
    let journal = Journal::new(&session, request);
    let outcome = run::run(&session, &settings, &Both(&Quiet, &journal), &AtomicBool::new(false));
    assert!(outcome.is_complete());
    let labels = graph.nodes().iter().map(|node| node.label.as_str());
    let keys = labels.zip(&outcome.keys).filter_map(|(label, key)| Some((label, (*key)?)));
    let save_history = || store.save_history(path, &keys.collect::<Vec<_>>());
    let (history, written) = run::conclude(journal, &outcome, save_history);
    let (history, _) = (history.expect("written"), written.expect("written"));
    if let Some(asked) = run::asked(Device::Cpu, &[]) {
        let last = LastRun { file: path.to_owned(), project: None, set: Vec::new() };
        let (imported, pages) = (&[], &[]);
        let trace = Trace { file: path, asked, source, imported, history, pages, last };
        run::keep(&session, &outcome, trace);
    }
    session.leave();
    std::mem::forget((graph, outcome));
}

fn tell_memory() {
    if std::env::var_os("MSX_BENCH_MEMORY").is_some() {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM ?"));
    }
}

/// A way to bring a folder of stages up to date.
struct System {
    name: &'static str,
    prepare: fn(&Path, usize),
    command: fn(&Path) -> Command,
}

fn systems() -> Vec<System> {
    let mut systems = vec![
        System { name: "msx", prepare: write_msx, command: msx },
        System { name: "anew", prepare: write_msx, command: msx_anew },
    ];
    let peers = [
        System { name: "ninja", prepare: write_ninja, command: ninja },
        System { name: "doit", prepare: write_doit, command: doit },
    ];
    for peer in peers {
        match Command::new(peer.name).arg("--version").output() {
            Ok(_) => systems.push(peer),
            Err(_) => println!("{} is not on the path and takes no part", peer.name),
        }
    }
    systems
}

fn compare() {
    let systems = systems();
    println!("{:<8}{:>8}{:>12}{:>12}{:>12}", "system", "stages", "first", "nothing", "one changed");
    for count in SIZES {
        let folders: Vec<tempfile::TempDir> =
            systems.iter().map(|_| tempfile::tempdir().expect("a folder")).collect();
        let mut first = Vec::new();
        for (system, folder) in systems.iter().zip(&folders) {
            (system.prepare)(folder.path(), count);
            first.push(time(system, folder.path()));
        }
        // Stamps of the last two seconds are not trusted by anybody.
        std::thread::sleep(Duration::from_secs(3));
        let nothing = rounds(&systems, &folders, |_, _| {});
        let edited = rounds(&systems[..1], &folders, edit);
        for (index, system) in systems.iter().enumerate() {
            let changed = edited.get(index).map_or(String::new(), |time| milliseconds(*time));
            println!(
                "{:<8}{count:>8}{:>12}{:>12}{changed:>12}",
                system.name,
                milliseconds(first[index]),
                milliseconds(nothing[index])
            );
        }
        let ratios = nothing.iter().zip(&systems).skip(1).map(|(time, system)| {
            format!("{:.2} of {}", nothing[0].as_secs_f64() / time.as_secs_f64(), system.name)
        });
        let memory = msx(folders[0].path()).env("MSX_BENCH_MEMORY", "1").output();
        let memory = memory.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        println!(
            "        nothing changed: {}; {}; first run: {} a stage",
            ratios.collect::<Vec<_>>().join(", "),
            memory.unwrap_or_default(),
            milliseconds(first[0] / count as u32)
        );
    }
}

/// The median time of each system, all in turn.
fn rounds(
    systems: &[System],
    folders: &[tempfile::TempDir],
    before: impl Fn(&Path, usize),
) -> Vec<Duration> {
    let mut times = vec![Vec::new(); systems.len()];
    for round in 0..ROUNDS {
        for (index, system) in systems.iter().enumerate() {
            before(folders[index].path(), round);
            times[index].push(time(system, folders[index].path()));
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort();
            times[times.len() / 2]
        })
        .collect()
}

fn time(system: &System, folder: &Path) -> Duration {
    let mut command = (system.command)(folder);
    let begin = Instant::now();
    let output = command.output().expect("it starts");
    let taken = begin.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    taken
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn msx(folder: &Path) -> Command {
    let this: PathBuf = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.arg("as-runner").arg(folder);
    command
}

fn msx_anew(folder: &Path) -> Command {
    let mut command = msx(folder);
    command.env(PLAN, "1");
    command
}

fn write_msx(folder: &Path, count: usize) {
    let mut text = format!(
        "experiment chains {{ seed: 1 }}\n\nparam last: int = 0\n\nfor c in 1..{} {{\n",
        count / 5
    );
    for (kind, of) in CHAIN {
        let of = of.map_or(String::new(), |of| format!(": {of}_of"));
        let _ = writeln!(text, "    {kind} {kind}_of{of} {{ number: c }}");
    }
    text.push_str("}\n");
    fs::write(folder.join("experiment.msx"), text).expect("written");
}

/// Gives the last stage of the first chain another number.
fn edit(folder: &Path, round: usize) {
    let path = folder.join("experiment.msx");
    let text = fs::read_to_string(&path).expect("readable");
    let begin = text.find("    evaluate").expect("the last stage");
    let text = format!(
        "{}    evaluate evaluate_of: synth_of {{\n        number: if c == 1 then {} else c\n    }}\n}}\n",
        &text[..begin],
        1_000_000 + round
    );
    fs::write(path, text).expect("written");
}

fn ninja(folder: &Path) -> Command {
    let mut command = Command::new("ninja");
    command.current_dir(folder);
    command
}

fn write_ninja(folder: &Path, count: usize) {
    let mut text = String::from("rule stage\n  command = cat $in /dev/null > $out\n");
    for chain in 0..count / 5 {
        for (kind, of) in CHAIN {
            let of = of.map_or("raw.txt".to_owned(), |of| format!("{of}_{chain}.txt"));
            let _ = writeln!(text, "build {kind}_{chain}.txt: stage {of}");
        }
    }
    fs::write(folder.join("build.ninja"), text).expect("written");
    fs::write(folder.join("raw.txt"), "raw\n").expect("written");
}

fn doit(folder: &Path) -> Command {
    let mut command = Command::new("doit");
    command.current_dir(folder);
    command
}

fn write_doit(folder: &Path, count: usize) {
    let text = format!(
        "import pathlib\n\n\
         def copy(source, target):\n    pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes())\n\n\
         def task_chain():\n    for chain in range({}):\n        before = 'raw.txt'\n\
         \x20       for kind in ('dataset', 'subset', 'gan', 'synth', 'evaluate'):\n\
         \x20           target = f'{{kind}}_{{chain}}.txt'\n\
         \x20           yield {{'name': f'{{kind}}_{{chain}}', 'file_dep': [before], 'targets': [target],\n\
         \x20                  'actions': [(copy, [before, target])]}}\n\
         \x20           before = target\n",
        count / 5
    );
    fs::write(folder.join("dodo.py"), text).expect("written");
    fs::write(folder.join("raw.txt"), "raw\n").expect("written");
}
