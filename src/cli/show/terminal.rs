//! Live bars, one a running stage.

use super::pace::{Pace, duration};
use super::{metrics, summary};
use crate::cli::console::{Gauge, Gauges, Styled};
use crate::progress::{Progress, Word};
use crate::run::{Event, Observer};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const QUIET: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// How often the spinner of a silent stage turns.
const TICK: Duration = Duration::from_millis(120);

pub(super) struct Terminal {
    bars: Gauges,
    running: Mutex<BTreeMap<String, Running>>,
}

struct Running {
    bar: Gauge,
    pace: Option<(Word, Pace)>,
}

impl Terminal {
    pub(super) fn new() -> Terminal {
        Terminal { bars: Gauges::default(), running: Mutex::new(BTreeMap::new()) }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a line above the bars.
    fn line(&self, style: Style, word: &str, text: &str) {
        self.bars.say_above(&Styled::default().and_styled(style, &format!("{word:<8}")).and(text));
    }

    fn start(&self, stage: &str) {
        let bar = self.bars.add("{spinner} {prefix} {msg}");
        bar.set_prefix(stage);
        bar.tick_every(TICK);
        self.running().insert(stage.to_owned(), Running { bar, pace: None });
    }

    fn advance(&self, stage: &str, progress: &Progress) {
        let mut all = self.running();
        let Some(running) = all.get_mut(stage) else { return };
        let activity = &progress.activity;
        if running.pace.as_ref().is_none_or(|(known, _)| known != activity) {
            running.pace = Some((activity.clone(), Pace::from(progress.done)));
            running.bar.lay_out("{spinner} {prefix} {bar:24} {pos}/{len} {msg}");
        }
        running.bar.advance(progress.done, progress.total);
        if let Some((_, pace)) = &running.pace {
            let words = pace.words(progress);
            let figures = metrics(&progress.metrics);
            running.bar.set_message(&format!("{activity} {words}  {figures}"));
        }
    }

    fn end(&self, stage: &str) {
        if let Some(running) = self.running().remove(stage) {
            running.bar.clear();
        }
    }
}

impl Observer for Terminal {
    fn observe(&self, event: &Event) {
        match event {
            Event::Planned { stages, cached, threads, device } => self.line(
                QUIET,
                "plan",
                &format!("{stages} stages, {cached} cached; {threads} threads, device {device}"),
            ),
            Event::Started { stage, .. } => self.start(stage),
            Event::Waiting { stage } => {
                self.line(QUIET, "waits", &format!("{stage} is at work in another msx"));
            }
            Event::Progressed { stage, progress } => self.advance(stage, progress),
            Event::Lost { stage } => self.line(
                BAD,
                "lost",
                &format!("{stage}: its result in the cache is damaged; running it again"),
            ),
            Event::Cached { stage, .. } => {
                self.end(stage);
                self.line(QUIET, "cached", stage);
            }
            Event::Finished { stage, seconds, .. } => {
                self.end(stage);
                self.line(GOOD, "done", &format!("{stage} in {}", duration(*seconds)));
            }
            Event::Failed { stage, message } => {
                self.end(stage);
                self.line(BAD, "failed", &format!("{stage}: {message}"));
            }
            Event::Stopped { stage } => {
                self.end(stage);
                self.line(QUIET, "stopped", stage);
            }
            Event::Ended { executed, cached, failed, skipped, seconds } => {
                self.line(GOOD, "end", &summary(*executed, *cached, *failed, *skipped, *seconds))
            }
        }
    }
}
