//! Plain lines, for logs and pipes: a line when a stage begins and ends, and every few seconds
//! between.

use super::pace::{Pace, duration};
use super::{metrics, summary};
use crate::progress::{Progress, Word};
use crate::run::{Event, Observer};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Lines {
    stages: Mutex<BTreeMap<String, Seen>>,
}

struct Seen {
    activity: Word,
    pace: Pace,
    printed: Instant,
}

impl Lines {
    pub(super) fn new() -> Lines {
        Lines { stages: Mutex::new(BTreeMap::new()) }
    }

    /// The stage's pace, where a line is due.
    fn due(&self, stage: &str, progress: &Progress) -> Option<Pace> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let fresh = || Seen {
            activity: progress.activity.clone(),
            pace: Pace::from(progress.done),
            printed: now,
        };
        let seen = stages.entry(stage.to_owned()).or_insert_with(fresh);
        if seen.activity != progress.activity {
            *seen = fresh();
        }
        let due = now.duration_since(seen.printed) >= INTERVAL && progress.done < progress.total;
        due.then(|| {
            seen.printed = now;
            seen.pace.clone()
        })
    }
}

impl Observer for Lines {
    fn observe(&self, event: &Event) {
        match event {
            Event::Planned { stages, cached, threads, device } => {
                say!("{stages} stages, {cached} cached; {threads} threads, device {device}")
            }
            Event::Started { stage, method, .. } => {
                say!("start   {stage} ({method})")
            }
            Event::Waiting { stage } => say!("waits   {stage} is at work in another msx"),
            Event::Progressed { stage, progress } => {
                if let Some(pace) = self.due(stage, progress) {
                    let Progress { activity, done, total, unit, metrics: figures } = progress;
                    say!(
                        "        {stage} {activity} {done}/{total} {unit}  {}  {}",
                        pace.words(progress),
                        metrics(figures)
                    );
                }
            }
            Event::Lost { stage } => {
                say!("lost    {stage}: its result in the cache is damaged; running it again");
            }
            Event::Cached { stage, .. } => say!("cached  {stage}"),
            Event::Finished { stage, seconds, .. } => {
                say!("done    {stage} in {}", duration(*seconds));
            }
            Event::Failed { stage, message } => say!("FAILED  {stage}: {message}"),
            Event::Stopped { stage } => say!("stopped {stage}"),
            Event::Ended { executed, cached, failed, skipped, seconds } => {
                say!("{}", summary(*executed, *cached, *failed, *skipped, *seconds))
            }
        }
    }
}
