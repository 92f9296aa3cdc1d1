//! Sweeps unrolled: every declaration becomes one instance for each round of the loops around it.

use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::experiment::Bindings;
use super::limits::MOST_STAGES;
use super::scope::{Evaluation, Scope};
use super::syntax::tree::{Expression, Item, Name, Over, Span, Stage};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A loop as a place in the file, and which round of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Round {
    /// Where the loop stands.
    pub(super) place: usize,
    /// Number of the round.
    pub(super) number: usize,
}

/// One stage of one round.
#[derive(Debug)]
pub(super) struct Instance<'t> {
    pub(super) stage: &'t Stage,
    pub(super) scope: Rc<Scope<'t>>,
    pub(super) rounds: Vec<Round>,
    pub(super) bindings: Bindings,
}

/// Unrolls a file.
pub(super) fn expand<'t>(
    items: &'t [Item],
    parameters: &'t BTreeMap<String, Expression>,
    evaluation: &mut Evaluation,
) -> Vec<Instance<'t>> {
    let mut expander = Expander { instances: Vec::new(), too_many: None, rounds: 0, parameters };
    let scope = Rc::new(Scope::within(None));
    expander.block(items, &scope, &[], &Bindings::default(), evaluation);
    if let Some(place) = expander.too_many {
        evaluation.diagnostics.push(
            Diagnostic::new(
                Code::TooLarge,
                format!("the sweep expands to more than {MOST_STAGES} stages or rounds"),
                place,
            )
            .help("shorten the lists that are swept over"),
        );
    }
    expander.instances
}

struct Expander<'t> {
    instances: Vec<Instance<'t>>,
    too_many: Option<Span>,
    rounds: usize,
    parameters: &'t BTreeMap<String, Expression>,
}

impl<'t> Expander<'t> {
    fn block(
        &mut self,
        items: &'t [Item],
        scope: &Rc<Scope<'t>>,
        rounds: &[Round],
        bindings: &Bindings,
        evaluation: &mut Evaluation,
    ) {
        for item in items {
            match item {
                Item::Let { name, value } => scope.define(&name.node, value),
                Item::Param { name, .. } => {
                    if let Some(value) = self.parameters.get(&name.node) {
                        scope.define(&name.node, value);
                    }
                }
                _ => {}
            }
        }
        for item in items {
            match item {
                Item::Stage(stage) => self.add(Instance {
                    stage,
                    scope: scope.clone(),
                    rounds: rounds.to_vec(),
                    bindings: bindings.clone(),
                }),
                Item::For { over, body } => {
                    self.sweep(over, body, scope, rounds, bindings, evaluation);
                }
                _ => {}
            }
        }
    }

    /// One round after the other; the first of what varies is the outermost loop.
    fn sweep(
        &mut self,
        over: &'t [Over],
        body: &'t [Item],
        scope: &Rc<Scope<'t>>,
        rounds: &[Round],
        bindings: &Bindings,
        evaluation: &mut Evaluation,
    ) {
        let Some((Over { variables, values }, others)) = over.split_first() else {
            return self.block(body, scope, rounds, bindings, evaluation);
        };
        let datum = scope.evaluate(values, evaluation);
        let Some(values) = members(datum, evaluation) else { return };
        for (number, value) in values.into_iter().enumerate() {
            self.rounds += 1;
            if self.rounds > MOST_STAGES {
                self.too_many.get_or_insert_with(|| value.span.clone());
            }
            if self.too_many.is_some() {
                return;
            }
            let inner = Rc::new(Scope::within(Some(scope.clone())));
            let mut inner_bindings = bindings.clone();
            if !bind(variables, value, &inner, &mut inner_bindings, evaluation) {
                continue;
            }
            let place = variables.first().map_or(0, |variable| variable.span.start);
            let mut inner_rounds = rounds.to_vec();
            inner_rounds.push(Round { place, number });
            self.sweep(others, body, &inner, &inner_rounds, &inner_bindings, evaluation);
        }
    }

    fn add(&mut self, instance: Instance<'t>) {
        if self.instances.len() >= MOST_STAGES {
            self.too_many.get_or_insert_with(|| instance.stage.name.span.clone());
            return;
        }
        self.instances.push(instance);
    }
}

fn members(datum: Datum, evaluation: &mut Evaluation) -> Option<Vec<Datum>> {
    match datum.kind {
        Kind::List(members) if members.is_empty() => {
            let message = "the loop runs over an empty list, so its stages do not exist";
            evaluation.diagnostics.push(
                Diagnostic::new(Code::WrongType, message, datum.span)
                    .help("write for example: for k in [2, 4, 6] { … }"),
            );
            None
        }
        Kind::List(members) => Some(members),
        Kind::Invalid => None,
        _ => {
            let message = format!("a loop runs over a list, not {}", datum.describe());
            evaluation.diagnostics.push(
                Diagnostic::new(Code::WrongType, message, datum.span)
                    .help("write for example: for k in [2, 4, 6] { … }"),
            );
            None
        }
    }
}

/// Gives the loop variables their values of one round.
fn bind<'t>(
    variables: &'t [Name],
    value: Datum,
    scope: &Scope<'t>,
    bindings: &mut Bindings,
    evaluation: &mut Evaluation,
) -> bool {
    let span = value.span.clone();
    let values = match value.kind {
        Kind::Invalid => return false,
        Kind::Tuple(members) if variables.len() > 1 => members,
        kind => vec![Datum { kind, span: span.clone() }],
    };
    if values.len() != variables.len() {
        let message = format!(
            "a round of this loop needs {} values, this one has {}",
            variables.len(),
            values.len()
        );
        evaluation.diagnostics.push(
            Diagnostic::new(Code::WrongType, message, span)
                .help("write one tuple a round: for (k, n) in [(2, 10), (4, 5)] { … }"),
        );
        return false;
    }
    if values.iter().all(|value| matches!(value.kind, Kind::Stages(_))) {
        evaluation.diagnostics.push(
            Diagnostic::new(
                Code::WrongType,
                "a loop over stages needs a plain value beside them",
                span,
            )
            .help(
                "the value tells the rounds apart: for (arch, g) in [(cpd, g1), (prog, g2)] { … }",
            ),
        );
        return false;
    }
    for (variable, value) in variables.iter().zip(values) {
        if value.is_invalid() {
            return false;
        }
        // Stages have no value of their own, and their names never enter a key.
        if matches!(value.kind, Kind::Stages(_)) {
            scope.bind(&variable.node, value);
            continue;
        }
        let Some(bound) = value.as_binding() else {
            let message =
                format!("a loop variable is a number, word or string, not {}", value.describe());
            evaluation.diagnostics.push(Diagnostic::new(Code::WrongType, message, value.span));
            return false;
        };
        bindings.0.push((variable.node.clone(), bound));
        scope.bind(&variable.node, value);
    }
    true
}
