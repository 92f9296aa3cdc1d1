//! Sweeps and templates unrolled: every declaration becomes one stage for each round of the loops
//! around it.

use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::experiment::Bindings;
use super::limits::{DEEPEST_BLOCKS, MOST_STAGES};
use super::names::Family;
use super::scope::{Evaluation, Scope};
use super::syntax::tree::{Item, Name, Over, Span, Stage};
use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// A loop, and which round of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Round {
    /// Number of the loop; each instance of a template has loops of its own.
    pub(super) place: usize,
    /// Number of the round.
    pub(super) number: usize,
}

/// Where a declaration stands: its names, and the rounds of the loops around it.
#[derive(Debug, Clone)]
pub(super) struct Surroundings<'t> {
    pub(super) scope: Rc<Scope<'t>>,
    pub(super) rounds: Vec<Round>,
    pub(super) bindings: Bindings,
    /// Loops and instances around it.
    depth: usize,
    /// How many rounds the loops around it come to, were all of them as long as these.
    width: usize,
    /// Whether it is in a template that is only tried, because nothing instantiates it.
    pub(super) is_trial: bool,
}

/// One stage of one round.
#[derive(Debug)]
pub(super) struct Instance<'t> {
    pub(super) stage: &'t Stage,
    pub(super) family: Family,
    pub(super) around: Rc<Surroundings<'t>>,
}

/// A stage that a template was given, to be checked once all stages are known.
#[derive(Debug)]
pub(super) struct StageArgument<'t> {
    pub(super) parameter: &'t Name,
    /// The kind that the template asks for.
    pub(super) kind: &'t str,
    pub(super) datum: Datum,
    /// Where the instance stands.
    pub(super) around: Surroundings<'t>,
    /// Where the instance sees it.
    pub(super) scope: Rc<Scope<'t>>,
}

/// Unrolled files.
#[derive(Debug, Default)]
pub(super) struct Expansion<'t> {
    pub(super) instances: Vec<Instance<'t>>,
    pub(super) arguments: Vec<StageArgument<'t>>,
    /// How many values each loop runs over, by the place of its first variable.
    pub(super) rounds: BTreeMap<usize, usize>,
}

/// Unrolls all files, those that are imported first.
pub(super) fn expand<'t>(evaluation: &mut Evaluation<'t>) -> Expansion<'t> {
    let mut expander = Expander::default();
    let program = evaluation.names.program;
    for &file in &program.order {
        let scope = evaluation.scopes[file].clone();
        let around = Surroundings::outermost(scope);
        expander.stages(&program.files[file].items, &around, evaluation);
    }
    expander.trials(evaluation);
    if let Some((place, width)) = expander.too_many {
        evaluation.diagnostics.push(
            Diagnostic::new(
                Code::TooLarge,
                format!("the sweep expands to more than {MOST_STAGES} stages or rounds"),
                place,
            )
            .label(format!("in {width} rounds of the loops around it"))
            .help("shorten the lists that are swept over"),
        );
    }
    expander.found
}

impl<'t> Surroundings<'t> {
    /// Outside all loops.
    pub(super) fn outermost(scope: Rc<Scope<'t>>) -> Surroundings<'t> {
        Surroundings {
            scope,
            rounds: Vec::new(),
            bindings: Bindings::default(),
            depth: 0,
            width: 1,
            is_trial: false,
        }
    }
}

/// Unrolls blocks.
#[derive(Debug, Default)]
pub(super) struct Expander<'t> {
    pub(super) found: Expansion<'t>,
    /// What there was no room for, and its rounds.
    too_many: Option<(Span, usize)>,
    is_too_deep: bool,
    rounds: usize,
    /// Numbers of loops by the instances that they stand in and their place.
    loops: BTreeMap<(usize, String, usize), usize>,
}

impl<'t> Expander<'t> {
    /// The declarations of a block with constants of its own.
    pub(super) fn block(
        &mut self,
        items: &'t [Item],
        around: &Surroundings<'t>,
        evaluation: &mut Evaluation<'t>,
    ) {
        for item in items {
            if let Item::Let { name, value, .. } = item {
                around.scope.define(name, value);
            }
        }
        self.stages(items, around, evaluation);
    }

    /// Tries every template that nothing instantiates, so that its mistakes show before it is used. The
    /// last come first, because they are made of earlier ones.
    fn trials(&mut self, evaluation: &mut Evaluation<'t>) {
        let mut templates: Vec<_> = evaluation.names.all_templates().collect();
        templates.sort_by_key(|template| template.template.name.span.start);
        for template in templates.into_iter().rev() {
            let is_used = evaluation.used.contains(&template.template.name.span.start);
            if !is_used && self.too_many.is_none() && !self.is_too_deep {
                self.trial(template, evaluation);
            }
        }
    }

    fn stages(
        &mut self,
        items: &'t [Item],
        around: &Surroundings<'t>,
        evaluation: &mut Evaluation<'t>,
    ) {
        // One for all stages of the block, made for the first.
        let shared = OnceCell::new();
        for item in items {
            match item {
                Item::Stage(stage) => match evaluation.names.template(around.scope.file, stage) {
                    Some(template) => self.instance(stage, template, around, evaluation),
                    None => self.stage(stage, shared.get_or_init(|| Rc::new(around.clone()))),
                },
                Item::For { over, body, .. } => self.sweep(over, body, around, evaluation),
                _ => {}
            }
        }
    }

    fn stage(&mut self, stage: &'t Stage, around: &Rc<Surroundings<'t>>) {
        if self.found.instances.len() >= MOST_STAGES {
            self.too_many.get_or_insert_with(|| (stage.name.span.clone(), around.width));
            return;
        }
        let family = family(&around.scope, &stage.name.node);
        self.found.instances.push(Instance { stage, family, around: around.clone() });
    }

    /// One round after the other; the first of what varies is the outermost loop.
    fn sweep(
        &mut self,
        over: &'t [Over],
        body: &'t [Item],
        around: &Surroundings<'t>,
        evaluation: &mut Evaluation<'t>,
    ) {
        let Some((Over { variables, values }, others)) = over.split_first() else {
            return self.block(body, around, evaluation);
        };
        let datum = around.scope.evaluate(values, evaluation);
        let Some(mut values) = members(datum, evaluation) else { return };
        let place = variables.first().map_or(0, |variable| variable.span.start);
        self.found.rounds.insert(place, values.len());
        if around.is_trial {
            values.truncate(1);
        }
        let place = self.number_of_loop(around, place);
        let around =
            &Surroundings { width: around.width.saturating_mul(values.len()), ..around.clone() };
        if others.is_empty() {
            let stages = body.iter().filter(|item| matches!(item, Item::Stage(_))).count();
            self.found.instances.reserve(stages.saturating_mul(values.len()).min(MOST_STAGES));
        }
        let mut rounds: HashMap<String, Span> = HashMap::with_capacity(values.len());
        for (number, value) in values.into_iter().enumerate() {
            let span = value.span.clone();
            let Some(mut inner) = self.inner(around, &span, evaluation) else { return };
            if bind(variables, value, &mut inner, evaluation) {
                match rounds.entry(inner.bindings.to_string()) {
                    Entry::Occupied(first) => {
                        evaluation.diagnostics.push(repeated(first.get().clone(), span));
                    }
                    Entry::Vacant(first) => {
                        first.insert(span);
                    }
                }
                inner.rounds.push(Round { place, number });
                self.sweep(others, body, &inner, evaluation);
            }
        }
    }

    /// The surroundings of one more round or instance, as long as there is room for it.
    pub(super) fn inner(
        &mut self,
        around: &Surroundings<'t>,
        place: &Span,
        evaluation: &mut Evaluation<'t>,
    ) -> Option<Surroundings<'t>> {
        self.rounds += 1;
        if self.rounds > MOST_STAGES {
            self.too_many.get_or_insert_with(|| (place.clone(), around.width));
        }
        if self.too_many.is_some() {
            return None;
        }
        let depth = around.depth + 1;
        if depth > DEEPEST_BLOCKS {
            self.is_too_deep = true;
            let message = format!("loops and templates are nested more than {DEEPEST_BLOCKS} deep");
            evaluation.diagnostics.push(
                Diagnostic::new(Code::TooLarge, message, place.clone())
                    .help("write some of the templates out"),
            );
            return None;
        }
        let scope = Rc::new(Scope::within(&around.scope));
        Some(Surroundings { scope, depth, ..around.clone() })
    }

    fn number_of_loop(&mut self, around: &Surroundings<'t>, place: usize) -> usize {
        let Family { file, path } = family(&around.scope, "");
        let next = self.loops.len();
        *self.loops.entry((file, path, place)).or_insert(next)
    }
}

/// What a declaration in a scope is called from outside.
pub(super) fn family(scope: &Scope<'_>, name: &str) -> Family {
    match scope.region() {
        Some(region) => Family { file: region.file, path: [&region.prefix, name].concat() },
        None => Family { file: scope.file, path: name.to_owned() },
    }
}

fn members(datum: Datum, evaluation: &mut Evaluation<'_>) -> Option<Vec<Datum>> {
    let message = match datum.kind {
        Kind::List(members) if members.is_empty() => {
            "the loop runs over an empty list, so its stages do not exist".to_owned()
        }
        Kind::List(members) => return Some(members),
        Kind::Invalid => return None,
        _ => format!("a loop runs over a list, not {}", datum.describe()),
    };
    evaluation.diagnostics.push(
        Diagnostic::new(Code::WrongType, message, datum.span)
            .help("write for example: for k in [2, 4, 6] { … }"),
    );
    None
}

/// The warning of a round that has the values of an earlier one.
fn repeated(first: Span, again: Span) -> Diagnostic {
    let message = "this round has the values of an earlier one, so its stages are the same work";
    Diagnostic::new(Code::RepeatedRound, message, again)
        .related(first, "first here")
        .help("leave it out; repetitions that are to be independent need a seed of their own")
}

/// Gives the loop variables their values of one round.
fn bind<'t>(
    variables: &'t [Name],
    value: Datum,
    inner: &mut Surroundings<'t>,
    evaluation: &mut Evaluation<'t>,
) -> bool {
    let span = value.span.clone();
    let values = match value.kind {
        Kind::Invalid => return false,
        Kind::Tuple(members) if variables.len() > 1 => members,
        kind => vec![Datum { kind, span: span.clone() }],
    };
    let problem = if values.len() != variables.len() {
        let (wanted, given) = (variables.len(), values.len());
        let message = format!("a round of this loop needs {wanted} values, this one has {given}");
        let help = "write one tuple a round: for (k, n) in [(2, 10), (4, 5)] { … }";
        Some(Diagnostic::new(Code::WrongType, message, span).help(help))
    } else if values.iter().all(|value| matches!(value.kind, Kind::Stages(_))) {
        let message = "a loop over stages needs a plain value beside them";
        let help =
            "the value tells the rounds apart: for (arch, g) in [(cpd, g1), (prog, g2)] { … }";
        Some(Diagnostic::new(Code::WrongType, message, span).help(help))
    } else {
        None
    };
    if let Some(problem) = problem {
        evaluation.diagnostics.push(problem);
        return false;
    }
    // Most rounds have one and are many.
    inner.bindings.0.reserve_exact(values.len());
    for (variable, value) in variables.iter().zip(values) {
        if value.is_invalid() {
            return false;
        }
        // Stages have no value of their own, and their names never enter a key.
        if matches!(value.kind, Kind::Stages(_)) {
            inner.scope.bind(variable, value);
            continue;
        }
        let Some(bound) = value.as_binding() else {
            let message =
                format!("a loop variable is a number, word or string, not {}", value.describe());
            evaluation.diagnostics.push(Diagnostic::new(Code::WrongType, message, value.span));
            return false;
        };
        inner.bindings.0.push((variable.node.clone(), bound));
        inner.scope.bind(variable, value);
    }
    true
}
