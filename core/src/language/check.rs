//! Every instance against its schema: kinds, methods, fields, values, references.

mod claim;
mod coerce;
mod doubts;
mod graph;
mod header;
mod link;
mod membership;
mod select;
mod works;

use super::datum::Datum;
use super::diagnostic::{Code, Diagnostic};
use super::expand::{Expansion, Instance, StageArgument, Surroundings};
use super::experiment::{Input, TypedClaim, TypedStage};
use super::parameters::TYPES;
use super::schema::{Default, Field, FieldType, MethodSchema, Schemas};
use super::scope::Evaluation;
use super::suggest;
use super::syntax::tree::{self, Name, Parameter};
use super::value::{Fields, Value};
pub(super) use coerce::{describe, example};
use doubts::Doubts;
use select::Table;

/// Checks every instance. One with mistakes keeps its place in the list, so that references still
/// find what they name; the list is only of use where nothing was reported.
pub(super) fn check<'t>(
    expansion: &Expansion<'t>,
    schemas: &Schemas,
    seed: i64,
    evaluation: &mut Evaluation<'t>,
) -> (Vec<TypedStage>, Vec<TypedClaim>) {
    let table = Table::new(&expansion.instances);
    template_types(schemas, evaluation);
    for argument in &expansion.arguments {
        let around = &argument.around;
        let mut checker = Checker { table: &table, around, typed: &[], schemas, seed, evaluation };
        checker.stage_argument(argument);
    }
    let mut stages = Vec::with_capacity(expansion.instances.len());
    let mut wanting = Vec::new();
    for (index, instance) in expansion.instances.iter().enumerate() {
        let around = &instance.around;
        let checker = Checker { table: &table, around, typed: &[], schemas, seed, evaluation };
        let (stage, wants_all) = checker.stage(instance);
        wanting.extend(wants_all.map(|role| (index, role)));
        stages.push(stage);
    }
    let around = Surroundings::outermost(evaluation.scopes[0].clone());
    let program = evaluation.names.program;
    let mut claims: Vec<TypedClaim> = Vec::new();
    for item in &program.files[0].items {
        if let tree::Item::Claim(claim) = item {
            let (around, typed) = (&around, stages.as_slice());
            let checker = Checker { table: &table, around, typed, schemas, seed, evaluation };
            claims.extend(checker.claim(claim));
        }
    }
    let budget = &mut evaluation.budget;
    let ancestors = graph::add_ancestors(&mut stages, schemas, budget);
    let is_member = membership::members(&stages, &claims, &expansion.instances, evaluation.names);
    let filled = membership::fill(&mut stages, &is_member, &wanting, budget);
    [ancestors, filled].into_iter().filter_map(Result::err).for_each(|p| evaluation.report(p));
    graph::report_cycles(&stages, &mut evaluation.diagnostics);
    // What is missing because of a mistake says nothing about the experiment.
    if evaluation.diagnostics.iter().all(Diagnostic::is_warning) {
        let instances = &expansion.instances;
        let doubts = Doubts { stages: &stages, instances, is_member: &is_member, schemas };
        evaluation.diagnostics.extend(doubts.find());
    }
    membership::kept(stages, claims, &is_member)
}

/// Reports parameters of templates that ask for what there is not.
fn template_types(schemas: &Schemas, evaluation: &mut Evaluation<'_>) {
    let known = || schemas.kinds().into_iter().chain(TYPES);
    for template in evaluation.names.all_templates() {
        for Parameter { type_name, .. } in &template.template.parameters {
            if !known().any(|known| known == type_name.node) {
                let message = format!("there is no type or stage kind `{}`", type_name.node);
                evaluation.diagnostics.push(
                    Diagnostic::new(Code::UnknownName, message, type_name.span.clone())
                        .maybe_help(suggest::help(&type_name.node, "there are", known())),
                );
            }
        }
    }
}

/// What fields and header give.
#[derive(Debug, std::default::Default)]
struct Filled {
    /// Each once, in no order.
    parameters: Vec<(String, Value)>,
    inputs: Vec<Input>,
}

impl Filled {
    fn fields(&mut self) -> Fields {
        let mut fields = Fields::with_capacity(self.parameters.len());
        fields.extend(self.parameters.drain(..));
        fields
    }

    /// Adds inputs and takes no room for more, because most stages have few and are many.
    fn take_from<I>(&mut self, inputs: I)
    where
        I: IntoIterator<Item = Input, IntoIter: ExactSizeIterator>,
    {
        let inputs = inputs.into_iter();
        self.inputs.reserve_exact(inputs.len());
        self.inputs.extend(inputs);
    }
}

/// What is written for fields, each once.
#[derive(Debug, std::default::Default)]
struct Values(Vec<(Name, Datum)>);

impl Values {
    fn get(&self, field: &str) -> Option<&(Name, Datum)> {
        self.0.iter().find(|(name, _)| name.node == field)
    }
}

/// Whose fields are checked, for messages.
struct Subject<'a> {
    /// In a word: `gan`.
    word: &'a str,
    /// What tells it from others of that word: `cpd`; may be empty.
    method: &'a str,
    name: &'a Name,
}

/// Checks what stands in one place.
struct Checker<'a, 't> {
    table: &'a Table<'a, 't>,
    around: &'a Surroundings<'t>,
    /// The stages, once all are checked.
    typed: &'a [TypedStage],
    schemas: &'a Schemas,
    seed: i64,
    evaluation: &'a mut Evaluation<'t>,
}

impl<'a, 't> Checker<'a, 't> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.evaluation.diagnostics.push(diagnostic);
    }

    /// The stage, and the field that takes all others by default.
    fn stage(mut self, instance: &Instance<'t>) -> (TypedStage, Option<&'static str>) {
        let stage = instance.stage;
        let values = self.values(&stage.entries);
        let mut filled = Filled::default();
        let schema = self.schema(stage, &mut filled);
        if let Some(schema) = schema {
            let MethodSchema { kind, method, .. } = schema;
            let subject = Subject { word: kind, method, name: &stage.name };
            self.fields(&subject, &schema.fields, &values, &mut filled);
        }
        let takes_all = |field: &&Field| matches!(field.default, Default::EveryStage);
        let fields = schema.map_or(&[][..], |schema| &schema.fields);
        let wants_all = fields.iter().find(takes_all).map(|field| field.name);
        let typed = TypedStage {
            name: self.evaluation.names.label(&instance.family),
            bindings: instance.around.bindings.clone(),
            kind: stage.kind.node.clone(),
            method: schema.map_or("", |schema| schema.method).to_owned(),
            parameters: filled.fields(),
            inputs: filled.inputs,
            span: stage.span.clone(),
        };
        (typed, wants_all.filter(|field| values.get(field).is_none()))
    }

    /// Checks a stage that a template was given. One that does not fit is unknown to the instance,
    /// so that it is reported here alone.
    fn stage_argument(&mut self, argument: &StageArgument<'t>) {
        let StageArgument { parameter, kind, datum, scope, .. } = argument;
        let is_known = self.schemas.of_kind(kind).next().is_some();
        if !is_known || self.one_stage(&parameter.node, &[kind], datum).is_none() {
            scope.bind(parameter, Datum::invalid(datum.span.clone()));
        }
    }

    /// The fields by name. Evaluated even where the schema is unknown, so that the names in them
    /// count as used.
    fn values(&mut self, entries: &[tree::Entry]) -> Values {
        let mut all = self.around.scope.entries(entries, self.evaluation);
        if all.len() < 2 {
            return Values(all);
        }
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| all[a].0.node.cmp(&all[b].0.node));
        let mut repeated = Vec::new();
        for same in order.chunk_by(|&a, &b| all[a].0.node == all[b].0.node) {
            let first = &all[same[0]].0.span;
            for &position in &same[1..] {
                let Name { node, span } = &all[position].0;
                let message = format!("the field `{node}` is written twice");
                self.evaluation.diagnostics.push(
                    Diagnostic::new(Code::Duplicate, message, span.clone())
                        .related(first.clone(), "first written here")
                        .help("remove one of the two"),
                );
                repeated.push(position);
            }
        }
        repeated.sort_unstable();
        let mut repeated = repeated.into_iter().peekable();
        let mut positions = 0..;
        all.retain(|_| positions.next().is_none_or(|at| repeated.next_if_eq(&at).is_none()));
        Values(all)
    }

    fn fields(
        &mut self,
        subject: &Subject<'_>,
        fields: &[Field],
        values: &Values,
        filled: &mut Filled,
    ) {
        self.unknown_fields(subject, fields, values);
        let mut axes = Vec::new();
        for field in fields {
            match (&field.ty, values.get(field.name)) {
                (_, Some((_, datum))) if datum.is_invalid() => {}
                (FieldType::Axis, Some((_, datum))) => axes.push((field.name, datum)),
                (ty, Some((_, datum))) if is_reference(ty) => {
                    let inputs = self.references(field, datum);
                    filled.take_from(inputs);
                }
                (ty, Some((_, datum))) => {
                    if let Some(value) = self.coerce(field.name, ty, datum) {
                        filled.parameters.push((field.name.to_owned(), value));
                    }
                }
                (_, None) => self.default(subject, field, filled),
            }
        }
        for (name, datum) in axes {
            if let Some(value) = self.axis(name, datum, &filled.inputs) {
                filled.parameters.push((name.to_owned(), value));
            }
        }
    }

    fn unknown_fields(&mut self, subject: &Subject<'_>, fields: &[Field], values: &Values) {
        let known = || fields.iter().map(|field| field.name);
        for (name, _) in &values.0 {
            if !known().any(|field| field == name.node) {
                let what = format!("{} {}", subject.word, subject.method);
                let message = format!("`{}` has no field `{}`", what.trim(), name.node);
                self.report(
                    Diagnostic::new(Code::UnknownField, message, name.span.clone())
                        .maybe_help(suggest::help(&name.node, "its fields are", known())),
                );
            }
        }
    }

    /// What holds where a field is left out.
    fn default(&mut self, subject: &Subject<'_>, field: &Field, filled: &mut Filled) {
        let name = field.name.to_owned();
        match &field.default {
            Default::Absent => {}
            Default::Value(value) => {
                filled.parameters.push((name, value.clone()));
            }
            Default::ExperimentSeed => {
                filled.parameters.push((name, Value::Int(self.seed)));
            }
            // Which stages there are is known when all are checked.
            Default::EveryStage => {}
            Default::Required => {
                let message = format!("the field `{name}` is missing");
                self.report(
                    Diagnostic::new(Code::MissingField, message, subject.name.span.clone())
                        .label(format!("`{}` needs it", subject.word))
                        .help(format!("add {}", coerce::example_field(field))),
                );
            }
        }
    }

    /// The loop variables of the stages that are taken, and of those that these lay out.
    fn loop_variables(&self, inputs: &[Input]) -> Vec<&'a str> {
        let mut variables: Vec<&str> = Vec::new();
        let mut add = |stage: usize| {
            for (variable, _) in &self.table.instances[stage].around.bindings.0 {
                if !variables.contains(&variable.as_str()) {
                    variables.push(variable);
                }
            }
        };
        for input in inputs.iter().filter(|input| input.many) {
            add(input.stage);
            let laid_out = self.typed.get(input.stage).map_or(&[][..], |stage| &stage.inputs);
            laid_out.iter().filter(|input| input.many).for_each(|input| add(input.stage));
        }
        variables
    }

    /// The name of a loop variable of the families that the stage takes.
    fn axis(&mut self, name: &str, datum: &Datum, inputs: &[Input]) -> Option<Value> {
        let variables = self.loop_variables(inputs);
        let written = datum.as_binding();
        // The stages compared could not be found, which was reported.
        if inputs.is_empty() && matches!(written, Some(Value::Word(_))) {
            return None;
        }
        match written {
            Some(Value::Word(word)) if variables.contains(&word.as_str()) => {
                Some(Value::Word(word))
            }
            Some(Value::Word(word)) => {
                let message = format!("`{word}` is no loop variable of the stages compared");
                self.report(
                    Diagnostic::new(Code::UnknownName, message, datum.span.clone())
                        .maybe_help(suggest::help(&word, "their loop variables are", variables)),
                );
                None
            }
            _ => {
                let message =
                    format!("`{name}` wants the name of a loop variable, not {}", datum.describe());
                self.report(Diagnostic::new(Code::WrongType, message, datum.span.clone()));
                None
            }
        }
    }
}

fn is_reference(ty: &FieldType) -> bool {
    matches!(
        ty,
        FieldType::Output(_) | FieldType::Stage(_) | FieldType::Stages { .. } | FieldType::Measure
    )
}
