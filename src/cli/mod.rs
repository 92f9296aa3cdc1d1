//! The command line: one file a subcommand, and the only room that prints or exits.

#[macro_use]
mod console;

mod bundle;
mod cache;
mod check;
mod completions;
mod data;
mod diff;
mod errors;
mod execute;
mod explain;
mod export;
mod fmt;
mod folds;
mod graph;
mod interrupt;
mod load;
mod lock;
mod log;
mod lsp;
mod plan;
mod portable;
mod progress;
mod publish;
mod reproduce;
mod run;
mod runs;
mod show;
mod show_run;
mod span;
mod stages;
mod unchanged;
mod watch;
mod why;
mod worker;
mod workplace;

use crate::run::take_part;
use clap::{Args, Parser, Subcommand};
use errors::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code for a file or stage with errors.
const FAILED: u8 = 1;
/// Exit code after an interruption, as shells expect it.
const INTERRUPTED: u8 = 130;

/// Describe medical-imaging experiments in .msx files and run them without ever doing the same
/// work twice.
#[derive(Debug, Parser)]
#[command(name = "msx", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 all is well; 1 the file has errors, a stage failed, \
    or the cache was damaged; \
    2 the command line is wrong; 130 interrupted.\nOutput has no colour where NO_COLOR is set \
    or the output is no terminal.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run what has no result yet, and write the reports
    Run(run::Arguments),
    /// Run, and run again whenever a .msx file of the project is saved
    Watch(run::Arguments),
    /// List the runs of this cache that executed anything
    Runs(runs::Arguments),
    /// Show what a stage did when it ran
    Log(log::Arguments),
    /// Look for errors without touching data
    Check(check::Arguments),
    /// Put files into the one style, in place
    Fmt(fmt::Arguments),
    /// Say for every stage whether it is cached, will run or may run
    Plan(plan::Arguments),
    /// Print the graph of stages for Graphviz or Mermaid
    Graph(graph::Arguments),
    /// The reference manual of stage kinds
    Stages(stages::Arguments),
    /// Say which input or parameter made a stage stale
    Why(why::Arguments),
    /// Show, check and tidy the cache
    Cache(cache::Arguments),
    /// Show what a run was asked, how each stage ended, and what it found
    Show(show_run::Arguments),
    /// Look at the images and labels of a dataset, a subset or synthetic folds
    Data(data::Arguments),
    /// Write images and labels for other programs: PNG, a table, NumPy or DICOM
    Export(export::Arguments),
    /// Compare two experiments or runs by what they mean and found
    Diff(diff::Arguments),
    /// Write down what an experiment was made of and what came out, by digest
    Lock(lock::Arguments),
    /// Put an experiment and what it found into one archive, to give away
    Bundle(bundle::Arguments),
    /// Run a bundle again and say whether the same came out
    Reproduce(reproduce::Arguments),
    /// Explain a kind of mistake by its code, with an example that fails and one that works
    Explain(explain::Arguments),
    /// Serve editors over standard input and output
    Lsp(lsp::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Run one stage as another msx asks it on standard input
    #[command(name = crate::run::WORKER_COMMAND, hide = true)]
    Worker,
}

/// An experiment file and how it is read.
#[derive(Debug, Args)]
struct FileArguments {
    /// The experiment file
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Which stages are meant.
#[derive(Debug, Args)]
struct GoalArguments {
    /// Only these stages and what they need: a label such as 'auc[k: 6]', some members such as
    /// 'auc[arch: cpd]', or a name for the whole family [default: all stages]
    #[arg(value_name = "STAGE")]
    stages: Vec<String>,
}

/// How an experiment file is read.
#[derive(Debug, Args)]
struct Reading {
    /// Give a `param` of the file another value; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::parse_set)]
    set: Vec<(String, String)>,
    /// The folder that imports stay in; without it, the folder of the experiment file
    #[arg(long, env = "MSX_PROJECT", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    project: Option<PathBuf>,
}

/// Where results are kept.
#[derive(Debug, Args)]
struct CacheArguments {
    /// The cache folder
    #[arg(long, env = "MSX_CACHE", default_value = "cache", value_hint = clap::ValueHint::DirPath)]
    cache: PathBuf,
    /// Read the user's files again even where they look unchanged
    #[arg(long)]
    verify: bool,
}

/// Where networks compute.
#[derive(Debug, Args)]
struct DeviceArguments {
    /// auto, cpu, cuda, cuda:N, vulkan or libtorch
    #[arg(long, env = "MSX_DEVICE", default_value = "auto")]
    device: String,
}

/// `1 result`, `3 results`
fn count(number: usize, singular: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {singular}{plural}")
}

/// Parses the command line, does what it says, and gives the process' exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(console::tell_panic));
    let cli: Cli = console::parse();
    if !matches!(cli.command, Command::Worker) {
        take_part();
    }
    let result = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Runs(arguments) => runs::run(&arguments),
        Command::Log(arguments) => log::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Stages(arguments) => stages::run(&arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Cache(arguments) => cache::run(&arguments),
        Command::Show(arguments) => show_run::run(&arguments),
        Command::Data(arguments) => data::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Lock(arguments) => lock::run(&arguments),
        Command::Bundle(arguments) => bundle::run(&arguments),
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Explain(arguments) => {
            explain::run(&arguments);
            Ok(())
        }
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Worker => worker::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(Failure::Exit(code)) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(FAILED)
        }
    }
}
