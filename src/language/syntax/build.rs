//! From pest's pairs to the tree. The grammar guarantees which children a rule has; where one is
//! missing all the same, the piece is left out rather than trusted.

use super::tree::{
    Expression, Field, Item, Name, Reference, Selection, Span, Spanned, Stage, Term,
};
use super::{Problems, Rule};
use pest::iterators::Pair;

/// Rules that only mark where something begins.
const KEYWORDS: [Rule; 5] = [
    Rule::keyword_experiment,
    Rule::keyword_param,
    Rule::keyword_let,
    Rule::keyword_for,
    Rule::keyword_in,
];

fn span(pair: &Pair<'_, Rule>) -> Span {
    pair.as_span().start()..end(pair)
}

/// Where a piece ends. A rule whose last part is optional swallows the blank space and comments
/// in front of it even where it is absent, so the end of its last child counts.
fn end(pair: &Pair<'_, Rule>) -> usize {
    let last = match pair.as_rule() {
        Rule::expression
        | Rule::sum
        | Rule::product
        | Rule::factor
        | Rule::reference
        | Rule::header => pair.clone().into_inner().last(),
        _ => None,
    };
    last.map_or(pair.as_span().end(), |last| end(&last))
}

fn name(pair: &Pair<'_, Rule>) -> Name {
    Spanned { node: pair.as_str().trim().to_owned(), span: span(pair) }
}

/// The items among some pairs; broken pieces are reported.
pub(super) fn items<'i>(
    pairs: impl Iterator<Item = Pair<'i, Rule>>,
    problems: &mut Problems,
) -> Vec<Item> {
    let mut found = Vec::new();
    let mut before = None;
    for pair in pairs {
        let place = span(&pair);
        match pair.as_rule() {
            Rule::item => {
                found.extend(
                    pair.into_inner().next().and_then(|inner| declaration(inner, problems)),
                );
            }
            Rule::broken_item | Rule::broken_inner => problems.broken(&pair, before),
            _ => {}
        }
        before = Some(place);
    }
    found
}

fn declaration(pair: Pair<'_, Rule>, problems: &mut Problems) -> Option<Item> {
    let whole = span(&pair);
    let rule = pair.as_rule();
    let is_keyword = |part: &Pair<'_, Rule>| KEYWORDS.contains(&part.as_rule());
    let parts: Vec<Pair<'_, Rule>> = pair.into_inner().filter(|part| !is_keyword(part)).collect();
    let mut parts = parts.into_iter();
    Some(match rule {
        Rule::experiment => {
            Item::Experiment { name: name(&parts.next()?), fields: block(parts.next()?, problems) }
        }
        Rule::param => Item::Param {
            name: name(&parts.next()?),
            type_name: name(&parts.next()?),
            default: expression(parts.next()?),
        },
        Rule::binding => Item::Let { name: name(&parts.next()?), value: expression(parts.next()?) },
        Rule::sweep => {
            let variables = parts.next()?.into_inner().map(|pair| name(&pair)).collect();
            let values = expression(parts.next()?);
            let open = span(&parts.next()?);
            let is_closed = parts.clone().any(|part| part.as_rule() == Rule::close);
            let unclosed_before = problems.unclosed;
            let body = items(parts, problems);
            // A block inside that is never closed took the loop's own brace.
            if !is_closed && problems.unclosed == unclosed_before {
                problems.unclosed(open, "close the loop with `}` behind its last stage");
            }
            Item::For { variables, values, body }
        }
        Rule::stage => Item::Stage(stage(whole, parts, problems)?),
        _ => return None,
    })
}

fn stage(
    span: Span,
    mut parts: std::vec::IntoIter<Pair<'_, Rule>>,
    problems: &mut Problems,
) -> Option<Stage> {
    let kind = name(&parts.next()?);
    let own_name = name(&parts.next()?);
    let mut header = None;
    let mut fields = Vec::new();
    for part in parts {
        match part.as_rule() {
            Rule::header => {
                let place = self::span(&part);
                let inner = part.into_inner().next()?;
                header = Some(Spanned { node: reference(inner)?, span: place });
            }
            _ => fields = block(part, problems),
        }
    }
    Some(Stage { kind, name: own_name, header, fields, span })
}

fn block(pair: Pair<'_, Rule>, problems: &mut Problems) -> Vec<Field> {
    let open = pair.as_span().start();
    let mut fields = Vec::new();
    let mut before = None;
    for part in pair.into_inner() {
        let place = span(&part);
        match part.as_rule() {
            Rule::field => fields.extend(field(part)),
            _ => problems.broken_field(&part, before, open..open + 1),
        }
        before = Some(place);
    }
    fields
}

fn field(pair: Pair<'_, Rule>) -> Option<Field> {
    let mut parts = pair.into_inner();
    Some(Field { name: name(&parts.next()?), value: expression(parts.next()?) })
}

/// An expression, from its rule or any rule within it.
pub(super) fn expression(pair: Pair<'_, Rule>) -> Expression {
    let place = span(&pair);
    let node = match pair.as_rule() {
        Rule::sum | Rule::product => return operations(pair),
        Rule::factor => return factor(pair),
        Rule::number => number(pair),
        Rule::text => Term::Text(unescape(pair.into_inner().as_str())),
        Rule::list => Term::List(pair.into_inner().map(expression).collect()),
        Rule::group => return group(pair),
        Rule::record => Term::Record(pair.into_inner().filter_map(field).collect()),
        Rule::call => call(pair),
        Rule::reference => match reference(pair) {
            Some(reference) => Term::Reference(reference),
            None => Term::List(Vec::new()),
        },
        _ => {
            let text = pair.as_str().to_owned();
            return match pair.into_inner().next() {
                Some(inner) => expression(inner),
                None => Spanned { node: Term::Text(text), span: place },
            };
        }
    };
    Spanned { node, span: place }
}

fn operations(pair: Pair<'_, Rule>) -> Expression {
    let whole = span(&pair);
    let mut parts = pair.into_inner();
    let mut left = match parts.next() {
        Some(first) => expression(first),
        None => Spanned { node: Term::List(Vec::new()), span: whole },
    };
    while let (Some(operator), Some(right)) = (parts.next(), parts.next()) {
        let right = expression(right);
        let place = left.span.start..right.span.end;
        let operator = operator.as_str().chars().next().unwrap_or('+');
        let node = Term::Operation { operator, left: Box::new(left), right: Box::new(right) };
        left = Spanned { node, span: place };
    }
    left
}

fn factor(pair: Pair<'_, Rule>) -> Expression {
    let place = span(&pair);
    let mut parts: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
    let negative = parts.len() > 1;
    let value = match parts.pop() {
        Some(last) => expression(last),
        None => Spanned { node: Term::List(Vec::new()), span: place.clone() },
    };
    if negative { Spanned { node: Term::Negation(Box::new(value)), span: place } } else { value }
}

fn number(pair: Pair<'_, Rule>) -> Term {
    let mut digits = String::new();
    let mut unit = None;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::unit => unit = Some(name(&part)),
            _ => digits = part.as_str().replace('_', ""),
        }
    }
    Term::Number { digits, unit }
}

fn group(pair: Pair<'_, Rule>) -> Expression {
    let place = span(&pair);
    let has_comma = pair.as_str().trim_end_matches([')', ' ', '\n', '\t', '\r']).ends_with(',');
    let mut members: Vec<Expression> = pair.into_inner().map(expression).collect();
    if members.len() == 1 && !has_comma {
        return members.remove(0);
    }
    Spanned { node: Term::Tuple(members), span: place }
}

fn call(pair: Pair<'_, Rule>) -> Term {
    let mut parts = pair.into_inner();
    let word = parts.next().map(|pair| name(&pair));
    let arguments = parts
        .filter_map(|argument| {
            let mut parts = argument.into_inner();
            let first = parts.next()?;
            Some(match parts.next() {
                Some(value) => (Some(name(&first)), expression(value)),
                None => (None, expression(first)),
            })
        })
        .collect();
    let empty = || Spanned { node: String::new(), span: 0..0 };
    Term::Call { name: word.unwrap_or_else(empty), arguments }
}

fn reference(pair: Pair<'_, Rule>) -> Option<Reference> {
    let mut parts = pair.into_inner();
    let own_name = name(&parts.next()?);
    let mut found = Reference { name: own_name, selection: None, output: None };
    for part in parts {
        match part.as_rule() {
            Rule::selection => found.selection = Some(selection(part)),
            _ => found.output = Some(name(&part)),
        }
    }
    Some(found)
}

fn selection(pair: Pair<'_, Rule>) -> Selection {
    let members: Vec<(Name, Expression)> = pair
        .into_inner()
        .filter(|part| part.as_rule() == Rule::selector)
        .filter_map(|part| {
            let mut parts = part.into_inner();
            Some((name(&parts.next()?), expression(parts.next()?)))
        })
        .collect();
    if members.is_empty() { Selection::Everything } else { Selection::Members(members) }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}
