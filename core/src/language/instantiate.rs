//! Instances of templates: arguments, and the declarations that follow from them.

use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::expand::{Expander, StageArgument, Surroundings, family};
use super::names::{Family, TemplateNames};
use super::parameters;
use super::scope::{Evaluation, Region, Scope};
use super::suggest;
use super::syntax::tree::{Expression, Name, Parameter, Stage};
use std::rc::Rc;

impl<'t> Expander<'t> {
    /// Makes the declarations of a template anew for one of its instances.
    pub(super) fn instance(
        &mut self,
        stage: &'t Stage,
        template: &'t TemplateNames<'t>,
        around: &Surroundings<'t>,
        evaluation: &mut Evaluation<'t>,
    ) {
        let own_name = &template.template.name;
        evaluation.used.insert(own_name.span.start);
        let written = stage.namespace.as_ref().unwrap_or(&stage.kind);
        evaluation.scopes[around.scope.file].clone().mark(&written.node, evaluation);
        if let Some(header) = &stage.header {
            let message =
                format!("nothing stands after the name of an instance of `{}`", own_name.node);
            evaluation.diagnostics.push(
                Diagnostic::new(Code::WrongType, message, header.span.clone())
                    .help("give it to a parameter, between the braces"),
            );
        }
        if template.recursive {
            return;
        }
        let Some(mut inner) = self.inner(around, &stage.name.span, evaluation) else { return };
        inner.scope = instance_scope(template, family(&around.scope, &stage.name.node), evaluation);
        self.arguments(stage, template, around, &inner.scope, evaluation);
        self.block(&template.template.body, &inner, evaluation);
    }

    /// The declarations of a template with nothing known of the parameters without defaults. They
    /// belong to no experiment.
    pub(super) fn trial(
        &mut self,
        template: &'t TemplateNames<'t>,
        evaluation: &mut Evaluation<'t>,
    ) {
        let name = &template.template.name;
        let around = Surroundings::outermost(evaluation.scopes[template.file].clone());
        let Some(mut inner) = self.inner(&around, &name.span, evaluation) else { return };
        if template.recursive {
            return;
        }
        let own = Family { file: template.file, path: name.node.clone() };
        let scope = instance_scope(template, own, evaluation);
        for parameter in &template.template.parameters {
            let datum = match &parameter.default {
                Some(default) => self.by_default(parameter, default, template, &scope, evaluation),
                None => Datum::invalid(parameter.name.span.clone()),
            };
            scope.bind(&parameter.name, datum);
        }
        inner.scope = scope;
        inner.is_trial = true;
        self.block(&template.template.body, &inner, evaluation);
    }

    /// A default means what it means in the template's file: `epochs: int = epochs`.
    fn by_default(
        &mut self,
        parameter: &'t Parameter,
        default: &'t Expression,
        template: &TemplateNames<'t>,
        scope: &Rc<Scope<'t>>,
        evaluation: &mut Evaluation<'t>,
    ) -> Datum {
        let outside = evaluation.scopes[template.file].clone();
        let datum = outside.evaluate(default, evaluation);
        let own = Surroundings::outermost(outside);
        self.argument(parameter, datum, &own, scope, evaluation)
    }

    /// Binds the parameters to what the instance gives, each checked against its type.
    fn arguments(
        &mut self,
        stage: &'t Stage,
        template: &'t TemplateNames<'t>,
        around: &Surroundings<'t>,
        scope: &Rc<Scope<'t>>,
        evaluation: &mut Evaluation<'t>,
    ) {
        let given = around.scope.entries(&stage.entries, evaluation);
        let parameters = &template.template.parameters;
        report_unknown(&given, template, evaluation);
        for parameter in parameters {
            let argument = given.iter().find(|(name, _)| name.node == parameter.name.node);
            let datum = match (argument, &parameter.default) {
                (Some((_, datum)), _) => {
                    self.argument(parameter, datum.clone(), around, scope, evaluation)
                }
                (None, Some(default)) => {
                    self.by_default(parameter, default, template, scope, evaluation)
                }
                (None, None) => {
                    evaluation.diagnostics.push(missing(stage, template, parameter));
                    Datum::invalid(stage.name.span.clone())
                }
            };
            scope.bind(&parameter.name, datum);
        }
    }

    /// The value of an argument as its type has it.
    fn argument(
        &mut self,
        parameter: &'t Parameter,
        datum: Datum,
        around: &Surroundings<'t>,
        scope: &Rc<Scope<'t>>,
        evaluation: &mut Evaluation<'t>,
    ) -> Datum {
        let type_name = parameter.type_name.node.as_str();
        let name = &parameter.name.node;
        if parameters::is_type(type_name) {
            return match parameters::typed(
                name,
                type_name,
                datum,
                Code::WrongType,
                evaluation.names,
            ) {
                Ok(datum) => datum,
                Err(problem) => {
                    let place = problem.span.clone();
                    let declared = parameter.type_name.span.clone();
                    let problem = (*problem).related(declared, "the template asks for this type");
                    evaluation.diagnostics.push(problem);
                    Datum::invalid(place)
                }
            };
        }
        self.found.arguments.push(StageArgument {
            parameter: &parameter.name,
            kind: type_name,
            datum: datum.clone(),
            around: around.clone(),
            scope: scope.clone(),
        });
        match datum.kind {
            Kind::Stages(_) => datum,
            _ => Datum::invalid(datum.span),
        }
    }
}

/// The scope of an instance that goes by the name of `own`.
fn instance_scope<'t>(
    template: &'t TemplateNames<'t>,
    own: Family,
    evaluation: &Evaluation<'t>,
) -> Rc<Scope<'t>> {
    let Family { file, path } = own;
    let region = Region { file, prefix: format!("{path}."), stages: &template.stages };
    Rc::new(Scope::instance(region, &evaluation.scopes[template.file]))
}

fn missing(stage: &Stage, template: &TemplateNames<'_>, parameter: &Parameter) -> Diagnostic {
    let (name, type_name) = (&parameter.name.node, &parameter.type_name.node);
    let example = match parameters::example(type_name) {
        Some(example) => example.to_owned(),
        None => format!("<the name of a {type_name}>"),
    };
    let message = format!("the argument `{name}` is missing");
    Diagnostic::new(Code::MissingField, message, stage.name.span.clone())
        .label(format!("`{}` needs it", template.template.name.node))
        .related(parameter.name.span.clone(), "declared here")
        .help(format!("add {name}: {example}"))
}

/// Arguments that the template does not take, and those that are written twice.
fn report_unknown(
    given: &[(Name, Datum)],
    template: &TemplateNames<'_>,
    evaluation: &mut Evaluation<'_>,
) {
    let template = template.template;
    let known = || template.parameters.iter().map(|parameter| parameter.name.node.as_str());
    for (position, (name, _)) in given.iter().enumerate() {
        let earlier = given[..position].iter().find(|(earlier, _)| earlier.node == name.node);
        let problem = if let Some((first, _)) = earlier {
            let message = format!("the argument `{}` is written twice", name.node);
            Diagnostic::new(Code::Duplicate, message, name.span.clone())
                .related(first.span.clone(), "first written here")
                .help("remove one of the two")
        } else if !known().any(|parameter| parameter == name.node) {
            let message = format!("`{}` takes no argument `{}`", template.name.node, name.node);
            Diagnostic::new(Code::UnknownField, message, name.span.clone())
                .related(template.name.span.clone(), "declared here")
                .help("it takes no arguments at all")
                .maybe_help(suggest::help(&name.node, "its arguments are", known()))
        } else {
            continue;
        };
        evaluation.diagnostics.push(problem);
    }
}
