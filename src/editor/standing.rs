//! How the stages of a file stand in the cache, for hovers.
//!
//! Worked out for the text as it is typed, on a thread of its own that the server waits for no
//! longer than nobody minds. Nothing is written, and no file of the user's is read for its digest:
//! what the cache does not remember of one is not known yet.

use super::workspace::Workspace;
use crate::graph::Graph;
use crate::graph::plan::Status;
use crate::language;
use crate::learn::device::Device;
use crate::project::ProjectFiles;
use crate::run::{self, Session, UNREAD};
use crate::stages;
use crate::store::Store;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long the server waits for an answer; one that comes later is for the next hover.
const PATIENCE: Duration = Duration::from_millis(100);
/// Reasons that a line gives before it only counts them.
const MOST_REASONS: usize = 3;

/// Where results lie, and what else their keys depend on.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) cache: PathBuf,
    pub(super) device: String,
    pub(super) project: Option<PathBuf>,
}

/// An experiment, and the texts that editors hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    experiment: PathBuf,
    texts: BTreeMap<PathBuf, String>,
}

/// What was asked, and what was answered last.
#[derive(Debug, Default)]
struct Asked {
    open: Option<(Question, Receiver<Standing>)>,
    last: Option<(Question, Arc<Standing>)>,
}

impl Asked {
    /// Takes an answer that comes before a deadline.
    fn collect(&mut self, deadline: Instant) {
        let Some((_, answer)) = &self.open else { return };
        let answer = answer.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        if let Err(RecvTimeoutError::Timeout) = answer {
            return;
        }
        let question = self.open.take().map(|(question, _)| question);
        self.last = question.zip(answer.ok().map(Arc::new));
    }
}

/// Answers how stages stand.
#[derive(Debug)]
pub(super) struct Standings {
    place: Place,
    asked: RefCell<Asked>,
}

impl Standings {
    pub(super) fn new(place: Place) -> Standings {
        Standings { place, asked: RefCell::default() }
    }

    /// How the stages of an open experiment stand; nothing where it has mistakes, where there is no
    /// cache, or where it takes too long to say.
    pub(super) fn of(&self, experiment: &Path, workspace: &Workspace<'_>) -> Option<Arc<Standing>> {
        let question =
            Question { experiment: experiment.to_owned(), texts: workspace.unsaved_texts() };
        let deadline = Instant::now() + PATIENCE;
        let mut asked = self.asked.borrow_mut();
        asked.collect(Instant::now());
        if asked.open.as_ref().is_some_and(|(open, _)| *open != question) {
            asked.collect(deadline);
        }
        // There is never more than one thread.
        if asked.open.is_none() {
            let (sender, answer) = channel();
            let (asks, place) = (question.clone(), self.place.clone());
            std::thread::spawn(move || {
                if let Some(standing) = Standing::work_out(&asks, &place) {
                    // Nobody listens any more when the session has ended.
                    let _ = sender.send(standing);
                }
            });
            asked.open = Some((question.clone(), answer));
        }
        asked.collect(deadline);
        let last = asked.last.as_ref().filter(|(of, _)| *of == question);
        last.map(|(_, standing)| Arc::clone(standing))
    }
}

/// How every stage of an experiment stands.
#[derive(Debug)]
pub(super) struct Standing(Vec<Member>);

/// One stage.
#[derive(Debug)]
struct Member {
    /// The name of its family.
    name: String,
    /// Where it is declared.
    place: usize,
    state: State,
    /// Why it is not cached.
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Cached,
    WillRun,
    MayRun,
    Blocked,
    Unknown,
}

impl State {
    const ALL: [State; 5] =
        [State::Cached, State::WillRun, State::MayRun, State::Blocked, State::Unknown];

    fn word(self) -> &'static str {
        match self {
            State::Cached => "cached",
            State::WillRun => "will run",
            State::MayRun => "may run",
            State::Blocked => "blocked",
            State::Unknown => "not known yet",
        }
    }
}

impl Standing {
    fn work_out(question: &Question, place: &Place) -> Option<Standing> {
        let unsaved = |path: &Path| question.texts.get(path).cloned();
        let text = unsaved(&question.experiment)?;
        let store = Store::peek(&place.cache)?;
        let (files, source) =
            ProjectFiles::around(&question.experiment, text, place.project.as_deref(), &unsaved);
        let schemas = stages::schemas();
        let compiled = language::compile(&source, &files, &schemas, &[]).ok()?;
        let graph = Graph::build(compiled.experiment.stages, &schemas).ok()?;
        let device = Device::choose(&place.device).ok()?;
        let methods = stages::methods();
        let base = crate::project::folder(files.root());
        let plan = Session::peek(&graph, &methods, &store, base, device).plan();
        let history = store.history(files.root());
        let member = |index: usize| {
            let stage = &graph.nodes()[index].stage;
            let (state, reason) = match &plan.statuses[index] {
                Status::Cached { .. } => (State::Cached, None),
                Status::Blocked { reason } if reason == UNREAD => {
                    (State::Unknown, Some(reason.clone()))
                }
                Status::Blocked { reason } => (State::Blocked, Some(reason.clone())),
                Status::MayRun { waits_on } => {
                    (State::MayRun, Some(format!("waits on {}", families(&graph, waits_on))))
                }
                Status::WillRun { .. } => {
                    (State::WillRun, run::reason(&graph, &plan, &store, &history, index))
                }
            };
            Member { name: stage.name.clone(), place: stage.span.start, state, reason }
        };
        Some(Standing((0..graph.nodes().len()).map(member).collect()))
    }

    /// How the members of a family stand that is declared at a place.
    pub(super) fn declared_at(&self, place: usize) -> Option<String> {
        words("members", self.0.iter().filter(|member| member.place == place).collect())
    }

    /// How all stages that an instance of a template made stand.
    pub(super) fn inside(&self, instance: &str) -> Option<String> {
        let is_inside = |member: &&Member| {
            member.name.strip_prefix(instance).is_some_and(|rest| rest.starts_with('.'))
        };
        words("stages", self.0.iter().filter(is_inside).collect())
    }
}

/// `12 members: 8 cached, 4 will run (learning_rate: 0.002 → 0.001)`
fn words(what: &str, members: Vec<&Member>) -> Option<String> {
    let count = members.len();
    let each = State::ALL.into_iter().filter_map(|state| {
        let of_state: Vec<&Member> =
            members.iter().filter(|member| member.state == state).copied().collect();
        let reasons = reasons(&of_state);
        let why = if reasons.is_empty() { String::new() } else { format!(" ({reasons})") };
        match of_state.len() {
            0 => None,
            _ if count == 1 => Some(format!("{}{why}", state.word())),
            number => Some(format!("{number} {}{why}", state.word())),
        }
    });
    let each = each.collect::<Vec<String>>().join(", ");
    match count {
        0 => None,
        1 => Some(each),
        _ => Some(format!("{count} {what}: {each}")),
    }
}

/// Each reason once, with how many it holds for where there are several.
fn reasons(members: &[&Member]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for reason in members.iter().filter_map(|member| member.reason.as_deref()) {
        match counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    if let [(reason, _)] = counts.as_slice() {
        return (*reason).to_owned();
    }
    let listed = counts.iter().take(MOST_REASONS);
    let mut listed: Vec<String> =
        listed.map(|(reason, count)| format!("{count}: {reason}")).collect();
    if counts.len() > MOST_REASONS {
        listed.push(format!("{} more reasons", counts.len() - MOST_REASONS));
    }
    listed.join("; ")
}

/// The names of these stages' families, each once.
fn families(graph: &Graph, indices: &[usize]) -> String {
    let mut names: Vec<&str> =
        indices.iter().map(|index| graph.nodes()[*index].stage.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
