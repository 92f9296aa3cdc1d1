//! Claims against the statements that can be made.

use super::{Checker, Filled, Subject, Values};
use crate::language::claims::{ClaimSchema, claims};
use crate::language::datum::Datum;
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::experiment::{Input, TypedClaim};
use crate::language::suggest;
use crate::language::syntax::tree::{Claim, Name};

impl<'t> Checker<'_, 't> {
    /// A claim with its defaults; nothing where its method is unknown.
    pub(super) fn claim(mut self, claim: &'t Claim) -> Option<TypedClaim> {
        let method = &claim.method;
        let schemas = claims();
        let schema = schemas.iter().find(|schema| schema.method == method.node);
        let values = self.claim_arguments(claim, schema);
        let Some(schema) = schema else {
            let known = schemas.iter().map(|schema| schema.method);
            let message = format!("there is no claim `{}`", method.node);
            self.report(
                Diagnostic::new(Code::UnknownMethod, message, method.span.clone())
                    .maybe_help(suggest::help(&method.node, "a claim is one of", known)),
            );
            return None;
        };
        let mut filled = Filled::default();
        let subject = Subject { word: schema.method, method: "", name: &claim.name };
        self.fields(&subject, &schema.fields, &values, &mut filled);
        let bounds = ["at_least", "at_most"];
        if schema.method == "bound" && bounds.iter().all(|bound| values.get(bound).is_none()) {
            let message = "a bound needs a value to lie above or below";
            self.report(
                Diagnostic::new(Code::MissingField, message, claim.name.span.clone())
                    .help("add at_least: 0.8 or at_most: 0.9"),
            );
        }
        Some(TypedClaim {
            name: claim.name.node.clone(),
            method: schema.method.to_owned(),
            parameters: filled.fields(),
            inputs: filled.inputs,
            span: claim.span.clone(),
        })
    }

    /// The arguments by name; those without one are named by their position.
    fn claim_arguments(&mut self, claim: &Claim, schema: Option<&ClaimSchema>) -> Values {
        let mut values = Values::default();
        for (position, (name, value)) in claim.arguments.iter().enumerate() {
            let datum = self.around.scope.clone().evaluate(value, self.evaluation);
            let Some(schema) = schema else { continue };
            let positional = schema.fields.get(position).map(|field| field.name);
            let Some(own) = name.as_ref().map(|name| name.node.as_str()).or(positional) else {
                let message =
                    format!("`{}` takes {} arguments", schema.method, schema.fields.len());
                self.report(
                    Diagnostic::new(Code::WrongType, message, value.span.clone())
                        .help("leave this one out"),
                );
                continue;
            };
            let place = name.as_ref().map_or(&value.span, |name| &name.span).clone();
            if let Some((first, _)) = values.get(own) {
                let message = format!("`{own}` is written twice");
                let problem = Diagnostic::new(Code::Duplicate, message, place)
                    .related(first.span.clone(), "first written here")
                    .help("remove one of the two");
                self.report(problem);
                continue;
            }
            values.0.push((Name { node: own.to_owned(), span: place }, datum));
        }
        values
    }

    /// The stages and the number in their outputs that a measure means.
    pub(super) fn measure(&mut self, role: &str, datum: &Datum) -> Vec<Input> {
        let wanted = || ("a measure of a stage".to_owned(), "auc[*].auroc".to_owned());
        let Some(reference) = self.stage_reference(role, wanted, datum) else {
            return Vec::new();
        };
        let Some(stages) = self.several(reference, datum) else { return Vec::new() };
        let kind = self.table.instances[stages[0]].stage.kind.node.as_str();
        let outputs = self.schemas.of_kind(kind).next().map_or(&[][..], |schema| &schema.outputs);
        let known: Vec<&str> = outputs
            .iter()
            .flat_map(|output| output.kind.measures())
            .map(|(name, _)| *name)
            .collect();
        let own = reference.output.as_ref().map(|name| name.node.as_str());
        let measure = match own {
            Some(own) if known.contains(&own) => own,
            None if known.len() == 1 => known[0],
            _ => {
                let place = reference.output.as_ref().map_or(&datum.span, |name| &name.span);
                let path = &reference.family.path;
                let message = match own {
                    Some(own) => format!("`{kind}` has no measure `{own}`"),
                    None => format!("`{role}` wants one measure of `{path}`"),
                };
                let help =
                    format!("claims are made of evaluations and comparisons, not of a {kind}");
                let list = suggest::help(own.unwrap_or_default(), "its measures are", known);
                self.report(
                    Diagnostic::new(Code::UnknownOutput, message, place.clone())
                        .help(help)
                        .maybe_help(list),
                );
                return Vec::new();
            }
        };
        let output = Some(measure.to_owned());
        let input =
            |stage| Input { role: role.to_owned(), stage, output: output.clone(), many: true };
        stages.into_iter().map(input).collect()
    }
}
