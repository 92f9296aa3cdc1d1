//! What operators, ranges and interpolation make of values. Each gives a value or says what is
//! wrong with it.

use super::datum::{Datum, Kind, Number};
use super::diagnostic::{Code, Diagnostic};
use super::limits::{MOST_MEMBERS, MOST_TEXT};
use super::syntax::tree::{Operator, Span};

/// A value, or what is wrong. Nothing at all follows from a mistake that was reported before.
pub(super) type Outcome = Result<Kind, Option<Box<Diagnostic>>>;

fn wrong(code: Code, message: impl Into<String>, span: &Span, help: &str) -> Outcome {
    Err(Some(Box::new(Diagnostic::new(code, message, span.clone()).help(help))))
}

/// `left operator right`
pub(super) fn operation(operator: Operator, left: &Datum, right: &Datum, span: &Span) -> Outcome {
    match operator {
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
            arithmetic(operator, left, right, span)
        }
        Operator::And => Ok(truth_kind(truth(left)? & truth(right)?)),
        Operator::Or => Ok(truth_kind(truth(left)? | truth(right)?)),
        Operator::Equal => equal(left, right, span).map(truth_kind),
        Operator::Unequal => equal(left, right, span).map(|equal| truth_kind(!equal)),
        Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast => {
            let (one, two) = same_unit(number(left)?, number(right)?, span)?;
            Ok(truth_kind(match operator {
                Operator::Less => one < two,
                Operator::AtMost => one <= two,
                Operator::More => one > two,
                _ => one >= two,
            }))
        }
    }
}

/// `-value`
pub(super) fn negation(value: &Datum) -> Outcome {
    number(value).map(|number| Kind::Number(number.negated()))
}

/// `not value`
pub(super) fn inversion(value: &Datum) -> Outcome {
    truth(value).map(|truth| truth_kind(!truth))
}

fn arithmetic(operator: Operator, left: &Datum, right: &Datum, span: &Span) -> Outcome {
    let (one, two) = (number(left)?, number(right)?);
    one.combined(operator, two).map(Kind::Number).map_err(|(code, reason)| {
        let sides = format!("{} and {}", left.describe(), right.describe());
        Some(Box::new(Diagnostic::new(code, reason, span.clone()).label(sides)))
    })
}

fn number(datum: &Datum) -> Result<Number, Option<Box<Diagnostic>>> {
    match &datum.kind {
        Kind::Number(number) => Ok(*number),
        Kind::Invalid => Err(None),
        _ => {
            let message = format!("a number is wanted here, not {}", datum.describe());
            Err(Some(Box::new(Diagnostic::new(Code::WrongType, message, datum.span.clone()))))
        }
    }
}

/// Whether a value says yes or no.
pub(super) fn truth(datum: &Datum) -> Result<bool, Option<Box<Diagnostic>>> {
    match &datum.kind {
        Kind::Word(word) if word == "true" => Ok(true),
        Kind::Word(word) if word == "false" => Ok(false),
        Kind::Invalid => Err(None),
        _ => {
            let message = format!("true or false is wanted here, not {}", datum.describe());
            let diagnostic = Diagnostic::new(Code::WrongType, message, datum.span.clone())
                .help("compare it with something: k > 3, arch == cpd");
            Err(Some(Box::new(diagnostic)))
        }
    }
}

fn truth_kind(truth: bool) -> Kind {
    Kind::Word(truth.to_string())
}

fn same_unit(one: Number, two: Number, span: &Span) -> Result<(f64, f64), Option<Box<Diagnostic>>> {
    if one.dimension == two.dimension {
        return Ok((one.value, two.value));
    }
    let message = "only numbers of one unit can be compared";
    let diagnostic = Diagnostic::new(Code::WrongUnit, message, span.clone())
        .help("write both sides with units of the same kind");
    Err(Some(Box::new(diagnostic)))
}

fn equal(left: &Datum, right: &Datum, span: &Span) -> Result<bool, Option<Box<Diagnostic>>> {
    if left.is_invalid() || right.is_invalid() {
        return Err(None);
    }
    if let (Kind::Number(one), Kind::Number(two)) = (&left.kind, &right.kind) {
        return same_unit(*one, *two, span).map(|(one, two)| one == two);
    }
    if let (Some(one), Some(two)) = (left.as_word(), right.as_word()) {
        return Ok(one == two);
    }
    match (&left.kind, &right.kind) {
        (Kind::Text(one) | Kind::Path(one), Kind::Text(two) | Kind::Path(two)) => Ok(one == two),
        _ => {
            let message =
                format!("{} cannot be compared with {}", left.describe(), right.describe());
            let diagnostic = Diagnostic::new(Code::WrongType, message, span.clone())
                .help("numbers, words and strings can be compared with their like");
            Err(Some(Box::new(diagnostic)))
        }
    }
}

/// `first..last by step`, both ends included where the step meets the last.
pub(super) fn range(first: &Datum, last: &Datum, step: Option<&Datum>, span: &Span) -> Outcome {
    let (from, to) = (number(first)?, number(last)?);
    let step = step.map(number).transpose()?;
    if from.dimension != to.dimension || step.is_some_and(|step| step.dimension != to.dimension) {
        let message = "both ends of a range and its step need the same unit";
        return wrong(Code::WrongUnit, message, span, "write 10 kimg..50 kimg by 10 kimg");
    }
    let whole = |number: &Number| number.dimension.is_none() && number.whole.is_some();
    let step = match step {
        Some(step) => step,
        None if whole(&from) && whole(&to) => Number { value: 1.0, whole: Some(1), ..from },
        None => {
            let message = "only a range of whole numbers goes without a step";
            return wrong(Code::MissingField, message, span, "write 10 kimg..50 kimg by 10 kimg");
        }
    };
    if step.value <= 0.0 {
        return wrong(Code::OutOfRange, "the step must be more than 0", span, "write 2..6 by 2");
    }
    if to.value < from.value {
        let message = "the range is empty: it ends before it begins";
        return wrong(Code::OutOfRange, message, span, "write the smaller end first: 2..6");
    }
    // A step such as 0.1 is no exact binary fraction; the end counts as met all the same.
    let count = ((to.value - from.value) / step.value + 1e-9).floor() + 1.0;
    if count > MOST_MEMBERS as f64 {
        let message = format!("the range has {count} members, at most {MOST_MEMBERS} are possible");
        return wrong(
            Code::TooLarge,
            message,
            span,
            "bring its ends together or take a larger step",
        );
    }
    let member = |position: usize| Datum {
        kind: Kind::Number(from.advanced(step, position)),
        span: span.clone(),
    };
    Ok(Kind::List((0..count as usize).map(member).collect()))
}

/// A string put together from parts. What begins with a path is a path.
pub(super) fn interpolation(parts: &[Datum], span: &Span) -> Outcome {
    let mut text = String::new();
    for part in parts {
        match (&part.kind, part.as_binding()) {
            (Kind::Text(plain) | Kind::Path(plain), _) => text.push_str(plain),
            (_, Some(value)) => text.push_str(&value.to_string()),
            (Kind::Invalid, _) => return Err(None),
            _ => {
                let message = format!("{} cannot stand in a string", part.describe());
                let help = "numbers, words and strings can; write \\{ for a brace";
                return wrong(Code::WrongType, message, &part.span, help);
            }
        }
        if text.len() > MOST_TEXT {
            let message = format!("the string grows longer than {MOST_TEXT} bytes");
            return wrong(Code::TooLarge, message, span, "put fewer or shorter values into it");
        }
    }
    Ok(match parts.first().map(|first| &first.kind) {
        Some(Kind::Path(_)) => Kind::Path(text),
        _ => Kind::Text(text),
    })
}
