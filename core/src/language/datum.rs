//! Values before a schema gives them a type, and the arithmetic on them.

use super::diagnostic::{Code, Diagnostic};
use super::stages::StageReference;
use super::suggest;
use super::syntax::tree::{Name, Operator, Span};
use super::value::{Dimension, Quantity, Value};

/// A value with the place where it was used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datum {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a value is so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(Number),
    Text(String),
    /// A file or folder, as seen from the folder of the experiment.
    Path(String),
    /// A name that is neither a variable nor a stage: a word of an enumeration, or a mistake.
    Word(String),
    List(Vec<Datum>),
    Tuple(Vec<Datum>),
    Record(Vec<(Name, Datum)>),
    Call {
        name: Name,
        arguments: Vec<(Option<Name>, Datum)>,
    },
    Stages(StageReference),
    /// Already reported; checks pass over it in silence.
    Invalid,
}

/// A number, exact where it is whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) whole: Option<i64>,
    pub(super) dimension: Option<Dimension>,
}

impl Datum {
    pub(super) fn invalid(span: Span) -> Datum {
        Datum { kind: Kind::Invalid, span }
    }

    pub(super) fn is_invalid(&self) -> bool {
        self.kind == Kind::Invalid
    }

    /// The word that it is. A stage's bare name may be meant as one: methods can be called like
    /// stages.
    pub(super) fn as_word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Stages(stages) => stages.as_word(),
            _ => None,
        }
    }

    /// How many values it holds, itself among them; a long string counts as several.
    pub(super) fn weight(&self) -> usize {
        let all = |members: &[Datum]| members.iter().map(Datum::weight).sum::<usize>();
        1 + match &self.kind {
            Kind::List(members) | Kind::Tuple(members) => all(members),
            Kind::Record(fields) => fields.iter().map(|(_, value)| value.weight()).sum(),
            Kind::Call { arguments, .. } => arguments.iter().map(|(_, value)| value.weight()).sum(),
            Kind::Text(text) | Kind::Path(text) => text.len() / 64,
            _ => 0,
        }
    }

    /// How deep lists, records and calls stand in each other.
    pub(super) fn depth(&self) -> usize {
        let deepest = match &self.kind {
            Kind::List(members) | Kind::Tuple(members) => members.iter().map(Datum::depth).max(),
            Kind::Record(fields) => fields.iter().map(|(_, value)| value.depth()).max(),
            Kind::Call { arguments, .. } => arguments.iter().map(|(_, value)| value.depth()).max(),
            _ => None,
        };
        deepest.map_or(0, |depth| depth + 1)
    }

    /// The value a loop variable has in the name of a family member.
    pub(super) fn as_binding(&self) -> Option<Value> {
        Some(match &self.kind {
            Kind::Number(number) => number.as_value(),
            Kind::Text(text) | Kind::Path(text) => Value::Text(text.clone()),
            Kind::Word(word) => Value::Word(word.clone()),
            _ => return None,
        })
    }

    /// The value as it could be written, long lists cut short; nothing where it has none.
    pub(super) fn show(&self) -> Option<String> {
        const MOST_SHOWN: usize = 12;
        let list = |members: &[Datum]| {
            let shown = members.iter().take(MOST_SHOWN).map(|member| member.show());
            let mut shown = shown.collect::<Option<Vec<String>>>()?;
            if members.len() > MOST_SHOWN {
                shown.push("…".to_owned());
            }
            Some(shown.join(", "))
        };
        Some(match &self.kind {
            Kind::List(members) => format!("[{}]", list(members)?),
            Kind::Tuple(members) => format!("({})", list(members)?),
            Kind::Record(fields) => {
                let field = |(name, value): &(Name, Datum)| {
                    value.show().map(|value| format!("{}: {value}", name.node))
                };
                let fields = fields.iter().map(field).collect::<Option<Vec<String>>>()?;
                format!("{{ {} }}", fields.join(", "))
            }
            Kind::Call { name, arguments } => {
                let values = arguments.iter().map(|(_, value)| value.show());
                format!("{}({})", name.node, values.collect::<Option<Vec<_>>>()?.join(", "))
            }
            Kind::Stages(stages) => stages.family.path.clone(),
            Kind::Invalid => return None,
            _ => self.as_binding()?.to_string(),
        })
    }

    /// What it is, for messages.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::Number(Number { dimension: Some(dimension), .. }) => {
                dimension.describe().to_owned()
            }
            Kind::Number(number) if number.whole.is_some() => "a whole number".to_owned(),
            Kind::Number(number) if number.value.abs() >= 1e15 => format!("{:e}", number.value),
            Kind::Number(number) => number.value.to_string(),
            Kind::Text(_) => "a string".to_owned(),
            Kind::Path(_) => "a path".to_owned(),
            Kind::Word(word) => format!("the word `{word}`"),
            Kind::List(_) => "a list".to_owned(),
            Kind::Tuple(_) => "a tuple".to_owned(),
            Kind::Record(_) => "a record".to_owned(),
            Kind::Call { name, .. } => format!("the call `{}(…)`", name.node),
            Kind::Stages(stages) => format!("the stage `{}`", stages.family.path),
            Kind::Invalid => "a mistake".to_owned(),
        }
    }
}

impl Number {
    /// `self` after a number of steps. Rounded to the fifteen digits that a decimal keeps, so that
    /// the third step of 0.1 is 0.3 as it would be written.
    pub(super) fn advanced(self, step: Number, count: usize) -> Number {
        if let (Some(from), Some(step)) = (self.whole, step.whole) {
            let whole = from.saturating_add((count as i64).saturating_mul(step));
            return Number { value: whole as f64, whole: Some(whole), ..self };
        }
        let value = self.value + count as f64 * step.value;
        let rounded = format!("{value:.14e}").parse().unwrap_or(value);
        Number { value: rounded, whole: None, ..self }
    }

    /// From digits and a unit.
    pub(super) fn parse(
        digits: &str,
        unit: Option<&Name>,
        span: &Span,
    ) -> Result<Number, Box<Diagnostic>> {
        let value: f64 =
            digits.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
                let message = "the number is too large";
                Box::new(Diagnostic::new(Code::OutOfRange, message, span.clone()))
            })?;
        let Some(unit) = unit else {
            return Ok(Number { value, whole: digits.parse().ok(), dimension: None });
        };
        for dimension in Dimension::ALL {
            if let Some((_, size)) = dimension.units().iter().find(|(name, _)| *name == unit.node) {
                // 80 % is 80 / 100 and not 80 · 0.01, which is another number.
                let amount = if *size < 1.0 { value / (1.0 / size).round() } else { value * size };
                return Ok(Number { value: amount, whole: None, dimension: Some(dimension) });
            }
        }
        let units = Dimension::ALL.iter().flat_map(|dimension| dimension.units());
        let names = units.map(|(name, _)| *name);
        Err(Box::new(
            Diagnostic::new(
                Code::UnknownUnit,
                format!("there is no unit `{}`", unit.node),
                unit.span.clone(),
            )
            .maybe_help(suggest::help(&unit.node, "the units are", names)),
        ))
    }

    fn as_value(self) -> Value {
        match (self.dimension, self.whole) {
            (Some(dimension), _) => Value::Quantity(Quantity { amount: self.value, dimension }),
            (None, Some(whole)) => Value::Int(whole),
            (None, None) => Value::Float(self.value),
        }
    }

    pub(super) fn negated(self) -> Number {
        Number { value: -self.value, whole: self.whole.map(i64::wrapping_neg), ..self }
    }

    /// `self operator other`, or what is wrong with it.
    pub(super) fn combined(
        self,
        operator: Operator,
        other: Number,
    ) -> Result<Number, (Code, &'static str)> {
        let wrong = |reason| Err((Code::WrongUnit, reason));
        let dimension = match (operator, self.dimension, other.dimension) {
            (Operator::Add | Operator::Subtract, one, two) if one != two => {
                return wrong("both sides of a sum need the same unit");
            }
            (Operator::Multiply, Some(_), Some(_)) => {
                return wrong("two numbers with units cannot be multiplied");
            }
            (Operator::Multiply, one, two) => one.or(two),
            (Operator::Divide, one, None) => one,
            (Operator::Divide, one, two) if one == two => None,
            (Operator::Divide, _, _) => return wrong("the divisor has another unit"),
            (_, one, _) => one,
        };
        let value = match operator {
            Operator::Add => self.value + other.value,
            Operator::Subtract => self.value - other.value,
            Operator::Multiply => self.value * other.value,
            _ => self.value / other.value,
        };
        if !value.is_finite() {
            return Err((Code::OutOfRange, "the result is no finite number"));
        }
        let whole = match (operator, self.whole, other.whole) {
            (Operator::Add, Some(one), Some(two)) => one.checked_add(two),
            (Operator::Subtract, Some(one), Some(two)) => one.checked_sub(two),
            (Operator::Multiply, Some(one), Some(two)) => one.checked_mul(two),
            (Operator::Divide, Some(one), Some(two)) if one.checked_rem(two) == Some(0) => {
                one.checked_div(two)
            }
            _ => None,
        };
        Ok(Number { value, whole, dimension })
    }
}
