//! The value of an expression. A mistake is reported once and gives an invalid value.

use super::datum::{Datum, Kind, Number};
use super::diagnostic::{Code, Diagnostic};
use super::operate::{self, Outcome};
use super::scope::{Evaluation, Scope};
use super::suggest;
use super::syntax::tree::{Entry, Expression, Name, Piece, Span, Term};
use super::syntax::walk::references;

impl<'t> Scope<'t> {
    /// The value of an expression.
    pub(super) fn evaluate(
        &self,
        expression: &Expression,
        evaluation: &mut Evaluation<'t>,
    ) -> Datum {
        let span = expression.span.clone();
        let allowed = evaluation
            .budget
            .descend(evaluation.depth, &span)
            .and_then(|()| evaluation.budget.spend(1, &span));
        evaluation.depth += 1;
        let outcome = allowed.and_then(|()| self.outcome(&expression.node, &span, evaluation));
        evaluation.depth -= 1;
        let kind = outcome.unwrap_or_else(|problem| {
            evaluation.report(problem);
            Kind::Invalid
        });
        Datum { kind, span }
    }

    fn outcome(&self, term: &Term, span: &Span, evaluation: &mut Evaluation<'t>) -> Outcome {
        Ok(match term {
            Term::Number { digits, unit } => {
                Kind::Number(Number::parse(digits, unit.as_ref(), span).map_err(Some)?)
            }
            Term::Text(text) => Kind::Text(text.clone()),
            Term::Interpolation(pieces) => {
                let parts = self.pieces(pieces, span, evaluation);
                return operate::interpolation(&parts, span);
            }
            Term::List(members) => Kind::List(self.each(members, evaluation)),
            Term::Tuple(members) => Kind::Tuple(self.each(members, evaluation)),
            Term::Record(entries) => Kind::Record(self.entries(entries, evaluation)),
            Term::Call { name, arguments } => {
                let value = |(name, value): &(Option<Name>, Expression)| {
                    (name.clone(), self.evaluate(value, evaluation))
                };
                Kind::Call { name: name.clone(), arguments: arguments.iter().map(value).collect() }
            }
            Term::Reference(reference) => self.reference(reference, span.clone(), evaluation).kind,
            Term::Range { first, last, step } => {
                let first = self.evaluate(first, evaluation);
                let last = self.evaluate(last, evaluation);
                let step = step.as_ref().map(|step| self.evaluate(step, evaluation));
                let range = operate::range(&first, &last, step.as_ref(), span)?;
                let members = Datum { kind: range, span: span.clone() };
                evaluation.budget.spend(members.weight(), span)?;
                members.kind
            }
            Term::Negation(value) => {
                return operate::negation(&self.evaluate(value, evaluation));
            }
            Term::Inversion(value) => {
                return operate::inversion(&self.evaluate(value, evaluation));
            }
            Term::Operation { operator, left, right } => {
                let left = self.evaluate(left, evaluation);
                let right = self.evaluate(right, evaluation);
                return operate::operation(*operator, &left, &right, span);
            }
            Term::Conditional { condition, then, otherwise } => {
                let holds = operate::truth(&self.evaluate(condition, evaluation));
                let (taken, other) = match holds {
                    Ok(false) => (otherwise, then),
                    _ => (then, otherwise),
                };
                // What the other side names is used, though not now.
                references(other, &mut |reference| self.mark(&reference.name.node, evaluation));
                let value = self.evaluate(taken, evaluation);
                holds?;
                value.kind
            }
        })
    }

    fn each(&self, members: &[Expression], evaluation: &mut Evaluation<'t>) -> Vec<Datum> {
        members.iter().map(|member| self.evaluate(member, evaluation)).collect()
    }

    fn pieces(&self, pieces: &[Piece], span: &Span, evaluation: &mut Evaluation<'t>) -> Vec<Datum> {
        let value = |piece: &Piece| match piece {
            Piece::Text(text) => Datum { kind: Kind::Text(text.clone()), span: span.clone() },
            Piece::Value(value) => self.named(value, evaluation),
        };
        pieces.iter().map(value).collect()
    }

    /// A value in the braces of a string, where a word that is no name is a slip of the pen: it could
    /// have been written without braces.
    fn named(&self, value: &Expression, evaluation: &mut Evaluation<'t>) -> Datum {
        let datum = self.evaluate(value, evaluation);
        let (Term::Reference(reference), Kind::Word(word)) = (&value.node, &datum.kind) else {
            return datum;
        };
        if *word != reference.name.node {
            return datum;
        }
        evaluation.diagnostics.push(
            Diagnostic::new(
                Code::UnknownName,
                format!("there is no `{word}` to put into this string"),
                datum.span.clone(),
            )
            .help("braces take constants, parameters and loop variables; write \\{ for a brace")
            .maybe_help(suggest::meant(word, self.names())),
        );
        Datum { kind: Kind::Invalid, span: datum.span }
    }

    /// Fields with their values. What is written out wins over what is spread, and a later spread
    /// over an earlier one; a field that is written out twice stays twice, to be reported.
    pub(super) fn entries(
        &self,
        entries: &[Entry],
        evaluation: &mut Evaluation<'t>,
    ) -> Vec<(Name, Datum)> {
        let mut spread: Vec<(Name, Datum)> = Vec::new();
        let mut written = Vec::new();
        for entry in entries {
            match entry {
                Entry::Field(field) => {
                    written.push((field.name.clone(), self.evaluate(&field.value, evaluation)));
                }
                Entry::Spread(record) => {
                    let fields = self.spread(record, evaluation);
                    spread.retain(|(name, _)| !is_among(name, &fields));
                    spread.extend(fields);
                }
            }
        }
        spread.retain(|(name, _)| !is_among(name, &written));
        spread.extend(written);
        spread
    }

    fn spread(&self, record: &Expression, evaluation: &mut Evaluation<'t>) -> Vec<(Name, Datum)> {
        let datum = self.evaluate(record, evaluation);
        let help = match datum.kind {
            Kind::Record(fields) => return fields,
            Kind::Invalid => return Vec::new(),
            Kind::Word(ref word) => suggest::meant(word, self.names()),
            _ => None,
        };
        let message = format!("only a record can be spread, not {}", datum.describe());
        evaluation.diagnostics.push(
            Diagnostic::new(Code::WrongType, message, datum.span)
                .help("name one with `let`: let base = { epochs: 3 }")
                .maybe_help(help),
        );
        Vec::new()
    }
}

fn is_among(name: &Name, fields: &[(Name, Datum)]) -> bool {
    fields.iter().any(|(other, _)| other.node == name.node)
}
