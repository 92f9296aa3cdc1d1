//! Kind, and what stands after the colon: a method or another stage.

use super::{Checker, Filled};
use crate::language::datum::{Datum, Kind};
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::experiment::Input;
use crate::language::names::{Imported, Target};
use crate::language::schema::{Header, MethodSchema};
use crate::language::suggest;
use crate::language::syntax::tree::{Reference, Spanned, Stage};

impl<'a> Checker<'a, '_> {
    /// The schema that kind and header ask for; a header that is a stage becomes an input.
    pub(super) fn schema(
        &mut self,
        stage: &Stage,
        filled: &mut Filled,
    ) -> Option<&'a MethodSchema> {
        let schemas = self.schemas;
        let first = match &stage.namespace {
            None => schemas.of_kind(&stage.kind.node).next(),
            Some(_) => None,
        };
        let Some(first) = first else {
            self.unknown_kind(stage);
            return None;
        };
        match (&first.header, &stage.header) {
            (Header::Nothing, None) => Some(first),
            (Header::Nothing, Some(header)) => {
                let message = format!("nothing stands after the name of a `{}`", first.kind);
                self.report(
                    Diagnostic::new(Code::WrongType, message, header.span.clone())
                        .help(format!("write {} {} {{ … }}", first.kind, stage.name.node)),
                );
                None
            }
            (_, None) => {
                self.missing_header(stage, first);
                None
            }
            (Header::Method, Some(header)) => self.method(first.kind, header),
            (Header::Stage { role, kinds }, Some(header)) => {
                let datum = self.header_datum(header);
                let found = self.one_stage(role, kinds, &datum)?;
                let role = (*role).to_owned();
                filled.take_from([Input { role, stage: found, output: None, many: false }]);
                Some(first)
            }
        }
    }

    fn unknown_kind(&mut self, stage: &Stage) {
        let names = self.evaluation.names;
        let file = self.around.scope.file;
        let imports = &names.files[file].imports;
        let (message, span, known) = match &stage.namespace {
            Some(namespace) => match imports.get(namespace.node.as_str()).map(|i| i.target) {
                Some(Target::File(library)) => {
                    let message =
                        format!("`{}` has no template `{}`", namespace.node, stage.kind.node);
                    (message, &stage.kind, names.templates(library))
                }
                Some(Target::Missing) => return,
                _ => {
                    let message = format!("there is no import `{}`", namespace.node);
                    (message, namespace, imports.keys().copied().collect())
                }
            },
            None if imports.get(stage.kind.node.as_str()).is_some_and(Imported::is_missing) => {
                return;
            }
            None => {
                let message = format!("there is no stage kind `{}`", stage.kind.node);
                let known = self.schemas.kinds().into_iter().chain(names.templates(file));
                (message, &stage.kind, known.collect())
            }
        };
        let list = if stage.namespace.is_some() { "there are" } else { "the kinds are" };
        self.report(
            Diagnostic::new(Code::UnknownKind, message, span.span.clone())
                .help("give the other file a name: use \"lib/chest.msx\" as chest")
                .maybe_help(suggest::help(&span.node, list, known)),
        );
    }

    fn header_datum(&mut self, header: &Spanned<Reference>) -> Datum {
        let scope = self.around.scope.clone();
        scope.reference(&header.node, header.span.clone(), self.evaluation)
    }

    fn missing_header(&mut self, stage: &Stage, schema: &MethodSchema) {
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

    fn method(&mut self, kind: &str, header: &Spanned<Reference>) -> Option<&'a MethodSchema> {
        let schemas = self.schemas;
        let datum = self.header_datum(header);
        let word = match (&datum.kind, datum.as_word()) {
            (Kind::Text(word), _) => word.clone(),
            (_, Some(word)) => word.to_owned(),
            (Kind::Invalid, _) => return None,
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
