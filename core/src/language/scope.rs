//! Which names mean what: variables of the surrounding scopes, stages, and names of other files.

use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::limits::{Budget, CONSTANT};
use super::names::{Family, Names, Stages, Target};
use super::stages::{Selected, StageReference};
use super::suggest;
use super::syntax::tree::{Expression, Name, Part, Reference, Selection, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A variable, and where it is declared.
#[derive(Debug)]
struct Variable<'t> {
    place: usize,
    state: State<'t>,
}

/// A variable's value: worked out when it is first used, so that order does not matter.
#[derive(Debug)]
enum State<'t> {
    Pending(&'t Expression),
    InProgress,
    /// Far larger than the others, and most scopes are many and small.
    Known(Box<Datum>),
}

/// What a file or an instance of a template declares, in loops or not.
#[derive(Debug, Clone)]
pub(super) struct Region<'t> {
    /// The file that declares the outermost instance, or this file.
    pub(super) file: usize,
    /// The names of the instances around, each with a dot behind it.
    pub(super) prefix: String,
    pub(super) stages: &'t Stages<'t>,
}

/// Variables of one block, with those around it.
#[derive(Debug)]
pub(super) struct Scope<'t> {
    /// The file whose imports are in sight.
    pub(super) file: usize,
    region: Option<Region<'t>>,
    variables: RefCell<BTreeMap<&'t str, Variable<'t>>>,
    around: Option<Rc<Scope<'t>>>,
}

/// What evaluation knows and collects on its way.
#[derive(Debug)]
pub(super) struct Evaluation<'t> {
    pub(super) names: &'t Names<'t>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Places of the declarations that something referred to.
    pub(super) used: BTreeSet<usize>,
    /// The outermost scope of each file.
    pub(super) scopes: Vec<Rc<Scope<'t>>>,
    /// How many expressions are being worked out one inside the other.
    pub(super) depth: usize,
    pub(super) budget: Budget,
    /// How many stages each selection leaves, by its place.
    pub(super) selected: BTreeMap<(usize, usize), usize>,
}

/// What the first name of a reference means.
enum Head {
    Value(Datum),
    Stages(Family),
    File(usize),
    /// Reported before.
    Missing,
    Unknown,
}

impl<'t> Evaluation<'t> {
    pub(super) fn new(names: &'t Names<'t>, diagnostics: Vec<Diagnostic>) -> Evaluation<'t> {
        let file = |(file, declared): (usize, &'t super::names::FileNames<'t>)| {
            let region = Region { file, prefix: String::new(), stages: &declared.stages };
            Rc::new(Scope { region: Some(region), ..Scope::empty(file, None) })
        };
        Evaluation {
            names,
            diagnostics,
            used: BTreeSet::new(),
            scopes: names.files.iter().enumerate().map(file).collect(),
            depth: 0,
            budget: Budget::default(),
            selected: BTreeMap::new(),
        }
    }

    /// Reports what is wrong, unless it was reported before.
    pub(super) fn report(&mut self, problem: Option<Box<Diagnostic>>) {
        self.diagnostics.extend(problem.map(|diagnostic| *diagnostic));
    }
}

impl<'t> Scope<'t> {
    fn empty(file: usize, around: Option<Rc<Scope<'t>>>) -> Scope<'t> {
        Scope { file, region: None, variables: RefCell::new(BTreeMap::new()), around }
    }

    /// The scope of one round of a loop.
    pub(super) fn within(around: &Rc<Scope<'t>>) -> Scope<'t> {
        Scope::empty(around.file, Some(around.clone()))
    }

    /// The scope of an instance: what it declares, in sight of the file of its template.
    pub(super) fn instance(region: Region<'t>, around: &Rc<Scope<'t>>) -> Scope<'t> {
        Scope { region: Some(region), ..Scope::within(around) }
    }

    /// The file or instance that the block belongs to.
    pub(super) fn region(&self) -> Option<&Region<'t>> {
        self.region.as_ref().or_else(|| self.around.as_ref()?.region())
    }

    pub(super) fn define(&self, name: &'t Name, value: &'t Expression) {
        self.insert(name, State::Pending(value));
    }

    pub(super) fn bind(&self, name: &'t Name, value: Datum) {
        self.insert(name, State::Known(Box::new(value)));
    }

    fn insert(&self, name: &'t Name, state: State<'t>) {
        let variable = Variable { place: name.span.start, state };
        self.variables.borrow_mut().insert(&name.node, variable);
    }

    /// The values of this very block that are known, in words, each with the place of its name.
    pub(super) fn values(&self) -> Vec<(usize, String)> {
        let variables = self.variables.borrow();
        let known = |variable: &Variable<'t>| match &variable.state {
            State::Known(datum) => Some((variable.place, datum.show()?)),
            _ => None,
        };
        variables.values().filter_map(known).collect()
    }

    /// Every variable in sight.
    pub(super) fn names(&self) -> Vec<&'t str> {
        let mut names: Vec<&str> = self.variables.borrow().keys().copied().collect();
        if let Some(around) = &self.around {
            names.extend(around.names());
        }
        names
    }

    /// Every stage in sight.
    pub(super) fn stages(&self, names: &Names<'t>) -> Vec<&'t str> {
        let Some(around) = &self.around else { return names.stages(self.file) };
        let mut stages = around.stages(names);
        if let Some(region) = &self.region {
            stages.extend(region.stages.keys().copied());
        }
        stages
    }

    /// Counts a name as used without asking for its value.
    pub(super) fn mark(&self, name: &str, evaluation: &mut Evaluation<'t>) {
        if let Some(variable) = self.variables.borrow().get(name) {
            evaluation.used.insert(variable.place);
        } else if let Some(around) = &self.around {
            around.mark(name, evaluation);
        } else if let Some(imported) = evaluation.names.files[self.file].imports.get(name) {
            evaluation.used.insert(imported.place);
        }
    }

    /// The value of a variable of this very block.
    fn own(&self, name: &str, span: &Span, evaluation: &mut Evaluation<'t>) -> Option<Datum> {
        if let Some(Variable { place, state: State::Known(datum) }) =
            self.variables.borrow().get(name)
        {
            evaluation.used.insert(*place);
            return Some(copy(datum, span, evaluation));
        }
        let (key, Variable { place, state }) = self.variables.borrow_mut().remove_entry(name)?;
        evaluation.used.insert(place);
        let datum = match state {
            State::Known(datum) => datum,
            State::InProgress => {
                evaluation.diagnostics.push(
                    Diagnostic::new(
                        Code::Cycle,
                        format!("the value of `{name}` depends on itself"),
                        span.clone(),
                    )
                    .help("write one of the values that lead back to it without the others"),
                );
                Box::new(Datum::invalid(span.clone()))
            }
            State::Pending(expression) => {
                let busy = Variable { place, state: State::InProgress };
                self.variables.borrow_mut().insert(key, busy);
                evaluation.depth += CONSTANT;
                let datum = self.evaluate(expression, evaluation);
                evaluation.depth -= CONSTANT;
                Box::new(datum)
            }
        };
        let used = copy(&datum, span, evaluation);
        self.variables.borrow_mut().insert(key, Variable { place, state: State::Known(datum) });
        Some(used)
    }

    /// Works out a variable that may be of no use to anybody, for the mistakes in it.
    pub(super) fn try_out(&self, name: &Name, evaluation: &mut Evaluation<'t>) {
        let is_used = evaluation.used.contains(&name.span.start);
        self.own(&name.node, &name.span, evaluation);
        if !is_used {
            evaluation.used.remove(&name.span.start);
        }
    }

    /// What a name means: a variable or stage of the blocks around, else one of an import.
    fn head(&self, name: &str, span: &Span, evaluation: &mut Evaluation<'t>) -> Head {
        if let Some(datum) = self.own(name, span, evaluation) {
            return Head::Value(datum);
        }
        if let Some(region) = &self.region
            && let Some(stage) = region.stages.get(name)
        {
            if evaluation.names.is_kind_missing(self.file, stage) {
                return Head::Missing;
            }
            let path = [&region.prefix, name].concat();
            return Head::Stages(Family { file: region.file, path });
        }
        if let Some(around) = &self.around {
            return around.head(name, span, evaluation);
        }
        let Some(imported) = evaluation.names.files[self.file].imports.get(name) else {
            return Head::Unknown;
        };
        evaluation.used.insert(imported.place);
        match imported.target {
            Target::Missing => Head::Missing,
            Target::File(file) => Head::File(file),
            Target::Name(file, original) => {
                evaluation.scopes[file].clone().head(original, span, evaluation)
            }
        }
    }

    /// What a reference means: a variable, else a stage, else a word.
    pub(super) fn reference(
        &self,
        reference: &Reference,
        span: Span,
        evaluation: &mut Evaluation<'t>,
    ) -> Datum {
        let Reference { name, parts } = reference;
        let mut parts = parts.as_slice();
        let mut head = self.head(&name.node, &span, evaluation);
        if let (Head::File(file), [Part::Member(member), rest @ ..]) = (&head, parts) {
            let file = *file;
            parts = rest;
            head = match evaluation.scopes[file].clone().head(&member.node, &span, evaluation) {
                Head::Unknown => {
                    evaluation.diagnostics.push(evaluation.names.unknown(file, member));
                    Head::Missing
                }
                found => found,
            };
        }
        let kind = match head {
            Head::Missing => Kind::Invalid,
            Head::Value(datum) => return self.continued(datum, &name.node, parts, evaluation),
            Head::Stages(family) => self.stages_at(StageReference::new(family), parts, evaluation),
            Head::Unknown if parts.is_empty() => Kind::Word(name.node.clone()),
            Head::Unknown => {
                let unknown = unknown_stage(name, &self.stages(evaluation.names));
                evaluation.diagnostics.push(unknown);
                Kind::Invalid
            }
            Head::File(_) => {
                let message = format!("`{}` is a whole file", name.node);
                evaluation.diagnostics.push(
                    Diagnostic::new(Code::WrongType, message, name.span.clone())
                        .help(format!("name something in it: {}.…", name.node)),
                );
                Kind::Invalid
            }
        };
        Datum { kind, span }
    }

    /// A variable and what follows it: only a stage goes on.
    fn continued(
        &self,
        datum: Datum,
        name: &str,
        parts: &[Part],
        evaluation: &mut Evaluation<'t>,
    ) -> Datum {
        if parts.is_empty() || datum.is_invalid() {
            return datum;
        }
        let span = datum.span;
        let kind = match datum.kind {
            Kind::Stages(stages) => self.stages_at(stages, parts, evaluation),
            _ => {
                let message = format!("`{name}` is no stage");
                evaluation.diagnostics.push(
                    Diagnostic::new(Code::WrongType, message, span.clone())
                        .help("only a stage can be followed by `.` or `[`"),
                );
                Kind::Invalid
            }
        };
        Datum { kind, span }
    }

    /// Goes from a stage or instance along what follows it.
    fn stages_at(
        &self,
        mut stages: StageReference,
        parts: &[Part],
        evaluation: &mut Evaluation<'t>,
    ) -> Kind {
        for part in parts {
            let problem = match part {
                Part::Selection(selection) if stages.output.is_none() => {
                    let selected = self.selected(selection, evaluation);
                    stages.select(selected);
                    continue;
                }
                Part::Selection(_) => {
                    let output = stages.output.as_ref().map(|output| output.span.clone());
                    let message = "a selection stands before the output";
                    Diagnostic::new(Code::Syntax, message, output.unwrap_or_default())
                        .help("write it before the dot: auc[k: 6].result")
                }
                Part::Member(name) => match stages.member(name, evaluation.names) {
                    Ok(()) => continue,
                    Err(problem) => *problem,
                },
            };
            evaluation.diagnostics.push(problem);
            return Kind::Invalid;
        }
        Kind::Stages(stages)
    }

    fn selected(&self, selection: &Selection, evaluation: &mut Evaluation<'t>) -> Selected {
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

/// A variable's value where it is used.
fn copy(datum: &Datum, span: &Span, evaluation: &mut Evaluation<'_>) -> Datum {
    let kind = evaluation.budget.copy(datum, span).unwrap_or_else(|problem| {
        evaluation.report(problem);
        Kind::Invalid
    });
    Datum { kind, span: span.clone() }
}

/// The message for a stage that is not there.
pub(super) fn unknown_stage(name: &Name, stages: &[&str]) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownName,
        format!("there is no stage `{}`", name.node),
        name.span.clone(),
    )
    .maybe_help(suggest::help(&name.node, "the stages are", stages.iter().copied()))
}
