//! Which names mean what: variables of the surrounding scopes, and their values once asked for.

use super::datum::{Datum, Kind, Selected, StageReference};
use super::diagnostic::{Code, Diagnostic};
use super::limits::{Budget, DEEPEST_CONSTANTS};
use super::syntax::tree::{Expression, Name, Part, Reference, Selection, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A variable: worked out when it is first used, so that order does not matter.
#[derive(Debug)]
enum State<'t> {
    Pending(&'t Expression),
    InProgress,
    Known(Datum),
}

/// Variables of one block, with those around it.
#[derive(Debug)]
pub(super) struct Scope<'t> {
    variables: RefCell<BTreeMap<&'t str, State<'t>>>,
    around: Option<Rc<Scope<'t>>>,
}

/// What evaluation collects on its way.
#[derive(Debug, Default)]
pub(super) struct Evaluation {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Names that something referred to.
    pub(super) used: BTreeSet<String>,
    /// Names of all stages.
    pub(super) stages: BTreeSet<String>,
    /// How many constants are being worked out one inside the other.
    pub(super) depth: usize,
    pub(super) budget: Budget,
}

impl Evaluation {
    /// Reports what is wrong, unless it was reported before.
    pub(super) fn report(&mut self, problem: Option<Box<Diagnostic>>) {
        self.diagnostics.extend(problem.map(|diagnostic| *diagnostic));
    }
}

impl<'t> Scope<'t> {
    pub(super) fn within(around: Option<Rc<Scope<'t>>>) -> Scope<'t> {
        Scope { variables: RefCell::new(BTreeMap::new()), around }
    }

    pub(super) fn define(&self, name: &'t str, value: &'t Expression) {
        self.variables.borrow_mut().insert(name, State::Pending(value));
    }

    pub(super) fn bind(&self, name: &'t str, value: Datum) {
        self.variables.borrow_mut().insert(name, State::Known(value));
    }

    /// Every variable in sight.
    pub(super) fn names(&self) -> Vec<&'t str> {
        let mut names: Vec<&str> = self.variables.borrow().keys().copied().collect();
        if let Some(around) = &self.around {
            names.extend(around.names());
        }
        names
    }

    /// Counts a variable as used without asking for its value.
    pub(super) fn mark(&self, name: &str, evaluation: &mut Evaluation) {
        evaluation.used.insert(name.to_owned());
    }

    /// The value of a variable; `None` where there is none of that name.
    fn look_up(&self, name: &str, span: &Span, evaluation: &mut Evaluation) -> Option<Datum> {
        let Some((key, state)) = self.variables.borrow_mut().remove_entry(name) else {
            return self.around.as_ref()?.look_up(name, span, evaluation);
        };
        let datum = match state {
            State::Known(datum) => datum,
            State::InProgress => {
                evaluation.diagnostics.push(Diagnostic::new(
                    Code::Cycle,
                    format!("the value of `{name}` depends on itself"),
                    span.clone(),
                ));
                Datum::invalid(span.clone())
            }
            State::Pending(_) if evaluation.depth >= DEEPEST_CONSTANTS => {
                evaluation.diagnostics.push(
                    Diagnostic::new(
                        Code::TooLarge,
                        format!("constants refer to each other more than {DEEPEST_CONSTANTS} deep"),
                        span.clone(),
                    )
                    .help("write some of them out"),
                );
                Datum::invalid(span.clone())
            }
            State::Pending(expression) => {
                self.variables.borrow_mut().insert(key, State::InProgress);
                evaluation.depth += 1;
                let datum = self.evaluate(expression, evaluation);
                evaluation.depth -= 1;
                datum
            }
        };
        // Constants made of constants double in size at each step.
        let copy = match evaluation.budget.spend(datum.weight(), span) {
            Ok(()) => datum.kind.clone(),
            Err(problem) => {
                evaluation.report(problem);
                Kind::Invalid
            }
        };
        self.variables.borrow_mut().insert(key, State::Known(datum));
        Some(Datum { kind: copy, span: span.clone() })
    }

    /// What a name means: a variable, else a stage, else a word.
    pub(super) fn reference(
        &self,
        reference: &Reference,
        span: Span,
        evaluation: &mut Evaluation,
    ) -> Datum {
        let name = &reference.name;
        evaluation.used.insert(name.node.clone());
        if let Some(datum) = self.look_up(&name.node, &span, evaluation) {
            return self.continued(datum, reference, evaluation);
        }
        let kind = if evaluation.stages.contains(&name.node) {
            Kind::Stages(StageReference {
                name: name.node.clone(),
                selection: self.selection(reference, evaluation),
                output: output(reference),
            })
        } else if reference.parts.is_empty() {
            Kind::Word(name.node.clone())
        } else {
            evaluation.diagnostics.push(unknown_stage(name, &evaluation.stages));
            Kind::Invalid
        };
        Datum { kind, span }
    }

    /// A variable followed by a selection or output: it must name a stage.
    fn continued(&self, datum: Datum, reference: &Reference, evaluation: &mut Evaluation) -> Datum {
        if reference.parts.is_empty() || datum.is_invalid() {
            return datum;
        }
        let span = datum.span.clone();
        match datum.kind {
            Kind::Stages(mut stage) if stage.selection.is_none() && stage.output.is_none() => {
                stage.selection = self.selection(reference, evaluation);
                stage.output = output(reference);
                Datum { kind: Kind::Stages(stage), span }
            }
            _ => {
                let message = format!("`{}` is no stage", reference.name.node);
                evaluation.diagnostics.push(Diagnostic::new(
                    Code::WrongType,
                    message,
                    reference.name.span.clone(),
                ));
                Datum::invalid(span)
            }
        }
    }

    fn selection(&self, reference: &Reference, evaluation: &mut Evaluation) -> Option<Selected> {
        reference.parts.iter().find_map(|part| match part {
            Part::Selection(selection) => Some(self.selected(selection, evaluation)),
            Part::Member(_) => None,
        })
    }

    fn selected(&self, selection: &Selection, evaluation: &mut Evaluation) -> Selected {
        match selection {
            Selection::Everything => Selected::Everything,
            Selection::Members(members) => Selected::Members(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), self.evaluate(value, evaluation)))
                    .collect(),
            ),
        }
    }
}

fn output(reference: &Reference) -> Option<Name> {
    reference.parts.iter().find_map(|part| match part {
        Part::Member(name) => Some(name.clone()),
        Part::Selection(_) => None,
    })
}

/// The message for a stage that is not there.
pub(super) fn unknown_stage(name: &Name, stages: &BTreeSet<String>) -> Diagnostic {
    let names = stages.iter().map(String::as_str);
    Diagnostic::new(
        Code::UnknownName,
        format!("there is no stage `{}`", name.node),
        name.span.clone(),
    )
    .maybe_help(super::suggest::help(&name.node, "the stages are", names))
}
