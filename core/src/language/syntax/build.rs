//! From pest's pairs to the tree. The grammar guarantees which children a rule has; where one is
//! missing all the same, the piece is left out rather than trusted.

use super::expression::ExpressionBuilder;
use super::matches::{self, Match};
use super::tree::{
    Claim, Entry, Expression, Field, Import, ImportedName, ImportedNames, Item, Name, Over,
    Parameter, Reference, Span, Spanned, Stage, Template,
};
use super::{Problems, Rule};
use std::iter::Filter;

/// Rules that only mark where something begins.
const KEYWORDS: [Rule; 9] = [
    Rule::keyword_use,
    Rule::keyword_as,
    Rule::keyword_experiment,
    Rule::keyword_param,
    Rule::keyword_let,
    Rule::keyword_for,
    Rule::keyword_in,
    Rule::keyword_template,
    Rule::keyword_claim,
];

/// The parts of a declaration without its keywords.
type Parts<'p, 't> = Filter<matches::Parts<'p, 't>, fn(&Match<'p, 't>) -> bool>;

fn parts<'p, 't>(piece: Match<'p, 't>) -> Parts<'p, 't> {
    piece.parts().filter(|part| !KEYWORDS.contains(&part.rule()))
}

/// Builds declarations.
pub(super) struct Builder<'p> {
    expressions: ExpressionBuilder,
    problems: &'p mut Problems,
}

impl Builder<'_> {
    pub(super) fn new(base: usize, problems: &mut Problems) -> Builder<'_> {
        Builder { expressions: ExpressionBuilder { base }, problems }
    }

    fn span(&self, pair: Match<'_, '_>) -> Span {
        self.expressions.span(pair)
    }

    fn name(&self, pair: Match<'_, '_>) -> Name {
        self.expressions.name(pair)
    }

    fn expression(&self, pair: Match<'_, '_>) -> Expression {
        self.expressions.expression(pair)
    }

    /// The declarations among some pairs; broken pieces are reported.
    pub(super) fn items<'p, 't: 'p>(
        &mut self,
        pairs: impl Iterator<Item = Match<'p, 't>>,
    ) -> Vec<Item> {
        let mut found = Vec::new();
        let mut before = None;
        for pair in pairs {
            let place = pair.span();
            match pair.rule() {
                Rule::item => {
                    let inner = pair.parts().next();
                    found.extend(inner.and_then(|inner| self.declaration(inner)));
                }
                Rule::broken_item | Rule::broken_inner => {
                    self.problems.broken(pair, before, self.expressions.base);
                }
                _ => {}
            }
            before = Some(place);
        }
        found
    }

    fn declaration(&mut self, pair: Match<'_, '_>) -> Option<Item> {
        let whole = self.span(pair);
        let rule = pair.rule();
        let mut parts = parts(pair);
        Some(match rule {
            Rule::import => Item::Import(self.import(whole, parts)?),
            Rule::experiment => Item::Experiment {
                name: self.name(parts.next()?),
                fields: self.settings(parts.next()?),
                span: whole,
            },
            Rule::param => Item::Param {
                name: self.name(parts.next()?),
                type_name: self.name(parts.next()?),
                default: self.expression(parts.next()?),
                settings: parts.next().map(|pair| self.settings(pair)).unwrap_or_default(),
                span: whole,
            },
            Rule::binding => Item::Let {
                name: self.name(parts.next()?),
                value: self.expression(parts.next()?),
                span: whole,
            },
            Rule::sweep => self.sweep(whole, parts)?,
            Rule::template => Item::Template(self.template(whole, parts)?),
            Rule::claim => Item::Claim(self.claim(whole, parts)?),
            Rule::stage => Item::Stage(self.stage(whole, parts)?),
            _ => return None,
        })
    }

    fn import(&self, span: Span, mut parts: Parts<'_, '_>) -> Option<Import> {
        let path = self.expressions.literal(parts.next()?);
        let names = parts.next()?;
        let names = match names.rule() {
            Rule::imported_names => ImportedNames::Chosen(
                names.parts().filter_map(|imported| self.imported_name(imported)).collect(),
            ),
            _ => ImportedNames::Namespace(self.name(names)),
        };
        Some(Import { path, names, span })
    }

    fn imported_name(&self, pair: Match<'_, '_>) -> Option<ImportedName> {
        let mut names = parts(pair);
        let original = self.name(names.next()?);
        let local = names.next().map_or_else(|| original.clone(), |pair| self.name(pair));
        Some(ImportedName { original, local })
    }

    fn sweep(&mut self, span: Span, parts: Parts<'_, '_>) -> Option<Item> {
        let mut over = Vec::new();
        let mut body = Vec::new();
        for part in parts {
            match part.rule() {
                Rule::over => over.push(self.over(part)?),
                _ => body = self.body(part, "close the loop with `}` behind its last stage"),
            }
        }
        Some(Item::For { over, body, span })
    }

    fn over(&self, pair: Match<'_, '_>) -> Option<Over> {
        let mut parts = parts(pair);
        let variables = parts.next()?.parts().map(|pair| self.name(pair)).collect();
        Some(Over { variables, values: self.expression(parts.next()?) })
    }

    fn template(&mut self, span: Span, mut parts: Parts<'_, '_>) -> Option<Template> {
        let name = self.name(parts.next()?);
        let parameters = parts.next()?.parts().filter_map(|pair| self.parameter(pair)).collect();
        let help = "close the template with `}` behind its last stage";
        let body = self.body(parts.next()?, help);
        Some(Template { name, parameters, body, span })
    }

    fn parameter(&self, pair: Match<'_, '_>) -> Option<Parameter> {
        let mut parts = pair.parts();
        Some(Parameter {
            name: self.name(parts.next()?),
            type_name: self.name(parts.next()?),
            default: parts.next().map(|pair| self.expression(pair)),
        })
    }

    /// The declarations between braces; reports where the closing one is missing.
    fn body(&mut self, pair: Match<'_, '_>, help: &str) -> Vec<Item> {
        let mut parts = pair.parts();
        let open = parts.next().map(|open| self.span(open));
        let is_closed = parts.clone().any(|part| part.rule() == Rule::close);
        let unclosed_before = self.problems.unclosed;
        let items = self.items(parts);
        // A block inside that is never closed took the brace.
        if let Some(open) = open
            && !is_closed
            && self.problems.unclosed == unclosed_before
        {
            self.problems.unclosed(open, help);
        }
        items
    }

    fn claim(&self, span: Span, mut parts: Parts<'_, '_>) -> Option<Claim> {
        let name = self.name(parts.next()?);
        let (method, arguments) = self.expressions.call(parts.next()?)?;
        Some(Claim { name, method, arguments, span })
    }

    fn stage(&mut self, span: Span, mut parts: Parts<'_, '_>) -> Option<Stage> {
        let mut kind: Vec<Name> = parts.next()?.parts().map(|pair| self.name(pair)).collect();
        let (kind, namespace) = (kind.pop()?, kind.pop());
        let name = self.name(parts.next()?);
        let mut header = None;
        let mut entries = Vec::new();
        for part in parts {
            match part.rule() {
                Rule::header => header = Some(self.header(part)?),
                _ => entries = self.block(part),
            }
        }
        Some(Stage { namespace, kind, name, header, entries, span })
    }

    fn header(&self, pair: Match<'_, '_>) -> Option<Spanned<Reference>> {
        let span = self.span(pair);
        let node = self.expressions.reference(pair.parts().next()?)?;
        Some(Spanned { node, span })
    }

    fn block(&mut self, pair: Match<'_, '_>) -> Vec<Entry> {
        let open = pair.start();
        let mut entries = Vec::new();
        let mut before = None;
        for part in pair.parts() {
            let place = part.span();
            match part.rule() {
                Rule::broken_field => {
                    self.problems.broken_field(part, before, open, self.expressions.base);
                }
                _ => entries.extend(self.expressions.entry(part)),
            }
            before = Some(place);
        }
        entries
    }

    /// A block that holds fields alone.
    fn settings(&mut self, pair: Match<'_, '_>) -> Vec<Field> {
        self.block(pair)
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::Field(field) => Some(field),
                Entry::Spread(_) => None,
            })
            .collect()
    }
}
