//! References to stages: what a field may take.

use super::Checker;
use super::coerce::{describe, example};
use crate::language::datum::{Datum, Kind};
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::experiment::Input;
use crate::language::schema::{Field, FieldType, OutputType};
use crate::language::scope::unknown_stage;
use crate::language::stages::StageReference;
use crate::language::suggest;
use crate::language::syntax::tree::Name;

impl Checker<'_, '_> {
    /// The inputs that a field's references give.
    pub(super) fn references(&mut self, field: &Field, datum: &Datum) -> Vec<Input> {
        let role = field.name.to_owned();
        match &field.ty {
            FieldType::Stages { .. } => match &datum.kind {
                Kind::List(members) | Kind::Tuple(members) => {
                    members.iter().flat_map(|member| self.many(field, member)).collect()
                }
                _ => self.many(field, datum),
            },
            FieldType::Output(wanted) => {
                let wanted = *wanted;
                self.one_output(&role, wanted, datum).into_iter().collect()
            }
            FieldType::Stage(kinds) => self
                .one_stage(&role, kinds, datum)
                .map(|stage| Input { role, stage, output: None, many: false })
                .into_iter()
                .collect(),
            FieldType::Measure => self.measure(&role, datum),
            _ => Vec::new(),
        }
    }

    fn many(&mut self, field: &Field, datum: &Datum) -> Vec<Input> {
        let FieldType::Stages { kinds, .. } = &field.ty else { return Vec::new() };
        let wanted = || (describe(&field.ty), example(&field.ty));
        let Some(reference) = self.stage_reference(field.name, wanted, datum) else {
            return Vec::new();
        };
        let Some(stages) = self.several(reference, datum) else { return Vec::new() };
        if let Some(&stage) = stages.iter().find(|stage| !self.fits(**stage, kinds)) {
            self.wrong_kind(field.name, kinds, stage, datum);
            return Vec::new();
        }
        if let Some(output) = &reference.output {
            let message = format!("`{}` wants whole stages", field.name);
            self.report(
                Diagnostic::new(Code::WrongType, message, output.span.clone())
                    .help(format!("leave out `.{}`", output.node)),
            );
            return Vec::new();
        }
        let role = field.name;
        let input = |stage| Input { role: role.to_owned(), stage, output: None, many: true };
        stages.into_iter().map(input).collect()
    }

    /// The one stage that a value names.
    pub(super) fn one_stage(&mut self, role: &str, kinds: &[&str], datum: &Datum) -> Option<usize> {
        let wanted = || {
            let kinds = kinds.join(" or ");
            (format!("a stage of kind {kinds}"), format!("<the name of a {kinds}>"))
        };
        let reference = self.stage_reference(role, wanted, datum)?;
        let stage = self.single(reference, datum)?;
        if !self.fits(stage, kinds) {
            self.wrong_kind(role, kinds, stage, datum);
            return None;
        }
        if let Some(output) = &reference.output {
            let message = format!("`{role}` wants the whole stage");
            self.report(
                Diagnostic::new(Code::WrongType, message, output.span.clone())
                    .help(format!("leave out `.{}`", output.node)),
            );
            return None;
        }
        Some(stage)
    }

    fn one_output(&mut self, role: &str, wanted: OutputType, datum: &Datum) -> Option<Input> {
        let ty = FieldType::Output(wanted);
        let reference = self.stage_reference(role, || (describe(&ty), example(&ty)), datum)?;
        let stage = self.single(reference, datum)?;
        let kind = &self.table.instances[stage].stage.kind.node;
        // Outputs are the same for every method of a kind.
        let schema = self.schemas.of_kind(kind).next()?;
        let fitting: Vec<&str> = schema
            .outputs
            .iter()
            .filter(|output| output.kind == wanted)
            .map(|output| output.name)
            .collect();
        let output = match &reference.output {
            Some(output) if fitting.contains(&output.node.as_str()) => output.node.clone(),
            Some(output) => {
                let message = format!("`{kind}` has no output `{}` that fits here", output.node);
                self.report(
                    Diagnostic::new(Code::UnknownOutput, message, output.span.clone())
                        .maybe_help(suggest::help(&output.node, "outputs that fit", fitting)),
                );
                return None;
            }
            None if fitting.len() == 1 => fitting[0].to_owned(),
            None => {
                let message = format!("`{role}` wants one output of `{}`", reference.family.path);
                let diagnostic = Diagnostic::new(Code::WrongType, message, datum.span.clone());
                let choices: Vec<String> = fitting
                    .iter()
                    .map(|name| format!("{}.{name}", reference.family.path))
                    .collect();
                self.report(if choices.is_empty() {
                    diagnostic.help(format!("a `{kind}` gives no such output"))
                } else {
                    diagnostic.help(format!("write {}", choices.join(" or ")))
                });
                return None;
            }
        };
        Some(Input { role: role.to_owned(), stage, output: Some(output), many: false })
    }

    /// The reference that a value is; `wanted` says in words and by example what fits.
    pub(super) fn stage_reference<'d>(
        &mut self,
        role: &str,
        wanted: impl FnOnce() -> (String, String),
        datum: &'d Datum,
    ) -> Option<&'d StageReference> {
        let problem = match &datum.kind {
            Kind::Stages(reference) => match self.evaluation.names.members(&reference.family) {
                None => return Some(reference),
                Some(members) => {
                    let path = &reference.family.path;
                    let members: Vec<String> =
                        members.keys().map(|member| format!("{path}.{member}")).collect();
                    let message = format!("`{path}` is an instance of a template, not a stage");
                    Diagnostic::new(Code::WrongType, message, datum.span.clone())
                        .help(format!("name one of its stages: {}", members.join(", ")))
                }
            },
            Kind::Invalid => return None,
            Kind::Word(word) => {
                let name = Name { node: word.clone(), span: datum.span.clone() };
                unknown_stage(&name, &self.around.scope.stages(self.evaluation.names))
            }
            _ => {
                let (wanted, example) = wanted();
                let message = format!("`{role}` wants {wanted}, not {}", datum.describe());
                Diagnostic::new(Code::WrongType, message, datum.span.clone())
                    .help(format!("write for example {role}: {example}"))
            }
        };
        self.report(problem);
        None
    }

    fn fits(&self, stage: usize, kinds: &[&str]) -> bool {
        kinds.is_empty() || kinds.contains(&self.table.instances[stage].stage.kind.node.as_str())
    }

    fn wrong_kind(&mut self, role: &str, kinds: &[&str], stage: usize, datum: &Datum) {
        let named = &self.table.instances[stage].stage;
        // A misspelt kind was reported where it stands.
        if self.schemas.of_kind(&named.kind.node).next().is_none() {
            return;
        }
        let message = format!(
            "`{role}` wants a stage of kind {}, `{}` is a {}",
            kinds.join(" or "),
            named.name.node,
            named.kind.node
        );
        self.report(
            Diagnostic::new(Code::WrongType, message, datum.span.clone())
                .related(named.name.span.clone(), "declared here"),
        );
    }
}
