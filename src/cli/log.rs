//! `msx log`

use super::errors::Failure;
use super::show::{duration, metrics};
use super::{CacheArguments, console};
use crate::progress::Progress;
use crate::run::{Event, Line, journal};
use crate::store::{RunName, Store};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stage: a label as `msx plan` prints it, or the name of a family
    stage: String,
    /// The run: its number, or `last` [default: the newest one in which the stage ran]
    #[arg(long, value_name = "RUN")]
    run: Option<RunName>,
    /// Print the events as they are kept, one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cache: CacheArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    let candidates = match arguments.run {
        Some(name) => vec![store.find_run(name).map_err(Failure::new)?.number],
        None => store.run_numbers().into_iter().rev().collect(),
    };
    for number in candidates {
        let lines = journal(&store, number).map_err(Failure::new)?;
        let lines: Vec<Line> =
            lines.into_iter().filter(|line| concerns(&line.event, &arguments.stage)).collect();
        if !lines.is_empty() {
            return print(number, &lines, arguments.json);
        }
    }
    Err(Failure::Message(format!(
        "stage `{}` ran in no run that is kept; `msx runs` lists them, `msx show RUN` their stages",
        arguments.stage
    )))
}

fn print(number: u64, lines: &[Line], json: bool) -> Result<(), Failure> {
    if !json {
        out!("run #{number}");
    }
    for line in lines {
        if json {
            console::json_line(line)?;
        } else {
            let text = format!("{:>12}  {}", duration(line.at), words(&line.event));
            // What a stage said as it failed may have several lines.
            console::Styled::of(&text).out();
        }
    }
    Ok(())
}

/// Whether an event is about this stage, or a member of this family.
fn concerns(event: &Event, wanted: &str) -> bool {
    event.stage().is_some_and(|stage| stage == wanted || stage.split('[').next() == Some(wanted))
}

fn words(event: &Event) -> String {
    match event {
        Event::Started { stage, method, threads, key, .. } => {
            format!(
                "{stage} started: {method}, {threads} threads, key {}",
                &key[..12.min(key.len())]
            )
        }
        Event::Waiting { stage } => format!("{stage} waits for another msx"),
        Event::Lost { stage } => format!("{stage}: its result was damaged"),
        Event::Progressed { stage, progress } => {
            let Progress { activity, done, total, unit, metrics: figures } = progress;
            format!("{stage} {activity} {done}/{total} {unit}  {}", metrics(figures))
        }
        Event::Cached { stage, .. } => format!("{stage} was in the cache"),
        Event::Finished { stage, seconds, .. } => format!("{stage} done in {}", duration(*seconds)),
        Event::Failed { stage, message } => format!("{stage} FAILED: {message}"),
        Event::Stopped { stage } => format!("{stage} stopped on request"),
        Event::Planned { .. } | Event::Ended { .. } => String::new(),
    }
}
