//! Kind, and what stands after the colon: a method or another stage.

use super::Checker;
use crate::language::datum::{Datum, Kind};
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::experiment::{Input, TypedStage};
use crate::language::schema::{FieldType, Header, MethodSchema};
use crate::language::suggest;
use crate::language::syntax::tree::{Reference, Spanned};

impl<'a> Checker<'a, '_> {
    /// The schema that kind and header ask for; a header that is a stage becomes an input.
    pub(super) fn schema(&mut self, typed: &mut TypedStage) -> Option<&'a MethodSchema> {
        let schemas = self.schemas;
        let stage = self.instance().stage;
        let Some(first) = schemas.of_kind(&stage.kind.node).next() else {
            let message = format!("there is no stage kind `{}`", stage.kind.node);
            self.report(
                Diagnostic::new(Code::UnknownKind, message, stage.kind.span.clone())
                    .maybe_help(suggest::help(&stage.kind.node, "the kinds are", schemas.kinds())),
            );
            return None;
        };
        match (&first.header, &stage.header) {
            (Header::Nothing, None) => Some(first),
            (Header::Nothing, Some(header)) => {
                let message = format!("nothing stands after the name of a `{}`", first.kind);
                self.report(
                    Diagnostic::new(Code::WrongType, message, header.span.clone())
                        .help(format!("write {} {} {{ … }}", first.kind, typed.name)),
                );
                None
            }
            (_, None) => {
                self.missing_header(first);
                None
            }
            (Header::Method, Some(header)) => self.method(header),
            (Header::Stage { role, kinds }, Some(header)) => {
                let datum = self.header_datum(header);
                let wanted = FieldType::Stage(kinds);
                let found = self.one_stage(role, &wanted, &datum)?;
                typed.inputs.push(Input {
                    role: (*role).to_owned(),
                    stage: found,
                    output: None,
                    many: false,
                });
                Some(first)
            }
        }
    }

    fn header_datum(&mut self, header: &Spanned<Reference>) -> Datum {
        let scope = self.instance().scope.clone();
        scope.reference(&header.node, header.span.clone(), self.evaluation)
    }

    fn missing_header(&mut self, schema: &MethodSchema) {
        let stage = self.instance().stage;
        let (wanted, example) = match &schema.header {
            Header::Method => {
                let methods: Vec<&str> =
                    self.schemas.of_kind(schema.kind).map(|schema| schema.method).collect();
                (format!("a method: {}", methods.join(", ")), methods[0].to_owned())
            }
            Header::Stage { kinds, .. } => {
                let kinds = kinds.join(" or ");
                (format!("a stage of kind {kinds}"), format!("<the name of a {kinds}>"))
            }
            Header::Nothing => return,
        };
        let message = format!("`{}` needs {wanted}", schema.kind);
        let help = format!("write {} {}: {example} {{ … }}", schema.kind, stage.name.node);
        self.report(
            Diagnostic::new(Code::MissingField, message, stage.name.span.clone()).help(help),
        );
    }

    fn method(&mut self, header: &Spanned<Reference>) -> Option<&'a MethodSchema> {
        let schemas = self.schemas;
        let kind = &self.instance().stage.kind.node;
        let datum = self.header_datum(header);
        let word = match datum.kind {
            Kind::Word(word) | Kind::Text(word) => word,
            Kind::Stages(stage) => stage.name,
            Kind::Invalid => return None,
            _ => {
                let message = format!("a method of `{kind}` is wanted, not {}", datum.describe());
                self.report(Diagnostic::new(Code::WrongType, message, header.span.clone()));
                return None;
            }
        };
        let schema = schemas.get(kind, &word);
        if schema.is_none() {
            let methods = schemas.of_kind(kind).map(|schema| schema.method);
            let message = format!("`{kind}` has no method `{word}`");
            self.report(
                Diagnostic::new(Code::UnknownMethod, message, header.span.clone())
                    .maybe_help(suggest::help(&word, "its methods are", methods)),
            );
        }
        schema
    }
}
