//! `msx runs`

use super::errors::Failure;
use super::show::duration;
use super::{CacheArguments, console};
use crate::store::{Run, RunName, Store};
use clap::Args;
use jiff::tz::TimeZone;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many, the newest first
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print each run as JSON, one a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cache: CacheArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    let numbers = store.run_numbers();
    for number in numbers.iter().rev().take(arguments.limit) {
        match store.find_run(RunName::Number(*number)) {
            Ok(run) if arguments.json => console::json_line(&run)?,
            Ok(run) => out!("{}", line(&run)),
            // Killed while it began, or removed by another process meanwhile.
            Err(error) => say!("#{number:<5} {error}"),
        }
    }
    if numbers.is_empty() && !arguments.json {
        out!("nothing ran in {} yet", store.root().display());
    }
    Ok(())
}

/// `#12    2026-11-25 05:12  chest_classes  3 executed, 10 cached in 12 s`
fn line(run: &Run) -> String {
    let began = run.began.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M");
    let end = match &run.ended {
        None => "still going on, or killed".to_owned(),
        Some(end) => format!("{} in {}", counts(run), duration(end.seconds)),
    };
    format!("#{:<5} {began}  {}  {end}", run.number, run.experiment)
}

/// `3 executed, 10 cached, 1 failed`
fn counts(run: &Run) -> String {
    let words = ["executed", "cached", "failed", "stopped", "skipped"];
    let counted = words.iter().filter_map(|word| {
        let ended = run.stages.iter().filter(|stage| stage.ending.as_deref() == Some(word));
        let count = ended.count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}
