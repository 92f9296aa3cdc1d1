//! Plain lines, for logs and pipes: a line when a stage begins and ends, and every few seconds
//! between.

use super::pace::{Pace, duration};
use super::{metrics, summary};
use crate::run::{Event, Observer};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Lines {
    stages: Mutex<BTreeMap<String, Seen>>,
}

struct Seen {
    activity: &'static str,
    pace: Pace,
    printed: Instant,
}

impl Lines {
    pub(super) fn new() -> Lines {
        Lines { stages: Mutex::new(BTreeMap::new()) }
    }

    fn progressed(
        &self,
        stage: &str,
        activity: &'static str,
        done: u64,
        total: u64,
    ) -> Option<Pace> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let seen = stages.entry(stage.to_owned()).or_insert_with(|| Seen {
            activity,
            pace: Pace::from(done),
            printed: now,
        });
        if seen.activity != activity {
            *seen = Seen { activity, pace: Pace::from(done), printed: now };
        }
        let due = now.duration_since(seen.printed) >= INTERVAL && done < total;
        due.then(|| {
            seen.printed = now;
            seen.pace.clone()
        })
    }
}

impl Observer for Lines {
    fn observe(&self, event: &Event) {
        match event {
            Event::Planned { stages, cached, threads, device } => anstream::eprintln!(
                "{stages} stages, {cached} cached; {threads} threads, device {device}"
            ),
            Event::Started { stage, method, .. } => {
                anstream::eprintln!("start   {stage} ({method})")
            }
            Event::Progressed { stage, activity, done, total, unit, metrics: figures } => {
                if let Some(pace) = self.progressed(stage, activity, *done, *total) {
                    anstream::eprintln!(
                        "        {stage} {activity} {done}/{total} {unit}  {}  {}",
                        pace.words(*done, *total, unit),
                        metrics(figures)
                    );
                }
            }
            Event::Cached { stage, .. } => anstream::eprintln!("cached  {stage}"),
            Event::Finished { stage, seconds, .. } => {
                anstream::eprintln!("done    {stage} in {}", duration(*seconds));
            }
            Event::Failed { stage, message } => anstream::eprintln!("FAILED  {stage}: {message}"),
            Event::Stopped { stage } => anstream::eprintln!("stopped {stage}"),
            Event::Ended { executed, cached, failed, skipped, seconds } => {
                anstream::eprintln!("{}", summary(*executed, *cached, *failed, *skipped, *seconds))
            }
        }
    }
}
