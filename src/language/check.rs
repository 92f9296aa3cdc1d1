//! Every instance against its schema: kinds, methods, fields, values, references.

mod coerce;
mod header;
mod link;

use super::datum::Datum;
use super::diagnostic::{Code, Diagnostic};
use super::expand::Instance;
use super::experiment::{Input, TypedStage};
use super::schema::{Default, Field, FieldType, MethodSchema, Schemas};
use super::scope::Evaluation;
use super::suggest;
use super::syntax::tree::{self, Span};
use super::value::Value;
pub(super) use coerce::describe;
use link::Table;
use std::collections::BTreeMap;

/// Checks every instance. One with mistakes keeps its place in the list, so that references still
/// find what they name; the list is only of use where nothing was reported.
pub(super) fn check(
    instances: &[Instance<'_>],
    schemas: &Schemas,
    seed: i64,
    evaluation: &mut Evaluation,
) -> Vec<TypedStage> {
    let table = Table::new(instances);
    let mut stages: Vec<TypedStage> = (0..instances.len())
        .map(|index| Checker { table: &table, index, schemas, seed, evaluation }.stage())
        .collect();
    link::add_ancestors(&mut stages, schemas);
    link::report_cycles(&stages, &mut evaluation.diagnostics);
    stages
}

/// Checks one instance.
struct Checker<'a, 't> {
    table: &'a Table<'a, 't>,
    index: usize,
    schemas: &'a Schemas,
    seed: i64,
    evaluation: &'a mut Evaluation,
}

impl<'a, 't> Checker<'a, 't> {
    fn instance(&self) -> &'a Instance<'t> {
        &self.table.instances[self.index]
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.evaluation.diagnostics.push(diagnostic);
    }

    fn stage(mut self) -> TypedStage {
        let stage = self.instance().stage;
        let mut typed = TypedStage {
            name: stage.name.node.clone(),
            bindings: self.instance().bindings.clone(),
            kind: stage.kind.node.clone(),
            method: String::new(),
            parameters: BTreeMap::new(),
            inputs: Vec::new(),
            span: stage.span.clone(),
        };
        let values = self.values(&stage.entries);
        if let Some(schema) = self.schema(&mut typed) {
            typed.method = schema.method.to_owned();
            self.fields(schema, &values, &mut typed);
        }
        typed
    }

    /// The fields by name. Evaluated even where the schema is unknown, so that the names in them
    /// count as used.
    fn values(&mut self, entries: &[tree::Entry]) -> BTreeMap<String, (Span, Datum)> {
        let mut values: BTreeMap<String, (Span, Datum)> = BTreeMap::new();
        let scope = self.instance().scope.clone();
        for (name, datum) in scope.entries(entries, self.evaluation) {
            if let Some((first, _)) = values.get(&name.node) {
                let first = first.clone();
                self.report(
                    Diagnostic::new(
                        Code::Duplicate,
                        format!("the field `{}` is written twice", name.node),
                        name.span,
                    )
                    .related(first, "first written here")
                    .help("remove one of the two"),
                );
                continue;
            }
            values.insert(name.node, (name.span, datum));
        }
        values
    }

    fn fields(
        &mut self,
        schema: &MethodSchema,
        values: &BTreeMap<String, (Span, Datum)>,
        typed: &mut TypedStage,
    ) {
        self.unknown_fields(schema, values);
        let mut axes = Vec::new();
        for field in &schema.fields {
            match (&field.ty, values.get(field.name)) {
                (_, Some((_, datum))) if datum.is_invalid() => {}
                (FieldType::Axis, Some((_, datum))) => axes.push((field.name, datum)),
                (ty, Some((_, datum))) if is_reference(ty) => {
                    let inputs = self.references(field, datum);
                    typed.inputs.extend(inputs);
                }
                (ty, Some((_, datum))) => {
                    if let Some(value) = self.coerce(field.name, ty, datum) {
                        typed.parameters.insert(field.name.to_owned(), value);
                    }
                }
                (_, None) => self.default(field, typed),
            }
        }
        for (name, datum) in axes {
            if let Some(value) = self.axis(name, datum, &typed.inputs) {
                typed.parameters.insert(name.to_owned(), value);
            }
        }
    }

    fn unknown_fields(&mut self, schema: &MethodSchema, values: &BTreeMap<String, (Span, Datum)>) {
        let known = || schema.fields.iter().map(|field| field.name);
        let what = format!("{} {}", schema.kind, schema.method);
        for (name, (span, _)) in values {
            if !known().any(|field| field == *name) {
                let message = format!("`{}` has no field `{name}`", what.trim());
                self.report(
                    Diagnostic::new(Code::UnknownField, message, span.clone())
                        .maybe_help(suggest::help(name, "its fields are", known())),
                );
            }
        }
    }

    /// What holds where a field is left out.
    fn default(&mut self, field: &Field, typed: &mut TypedStage) {
        let name = field.name.to_owned();
        match &field.default {
            Default::Absent => {}
            Default::Value(value) => {
                typed.parameters.insert(name, value.clone());
            }
            Default::ExperimentSeed => {
                typed.parameters.insert(name, Value::Int(self.seed));
            }
            Default::EveryStage => {
                let own_kind = &typed.kind;
                let others = self.table.instances.iter().enumerate();
                let inputs = others.filter(|(_, other)| other.stage.kind.node != *own_kind).map(
                    |(stage, _)| Input { role: name.clone(), stage, output: None, many: true },
                );
                typed.inputs.extend(inputs);
            }
            Default::Required => {
                let stage = self.instance().stage;
                let message = format!("the field `{name}` is missing");
                self.report(
                    Diagnostic::new(Code::MissingField, message, stage.name.span.clone())
                        .label(format!("`{}` needs it", stage.kind.node))
                        .help(format!("add {name}: {}", coerce::example(&field.ty))),
                );
            }
        }
    }

    /// The name of a loop variable of the families that the stage takes.
    fn axis(&mut self, name: &str, datum: &Datum, inputs: &[Input]) -> Option<Value> {
        let mut variables: Vec<&str> = Vec::new();
        for input in inputs.iter().filter(|input| input.many) {
            for (variable, _) in &self.table.instances[input.stage].bindings.0 {
                if !variables.contains(&variable.as_str()) {
                    variables.push(variable);
                }
            }
        }
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
    matches!(ty, FieldType::Output(_) | FieldType::Stage(_) | FieldType::Stages { .. })
}
