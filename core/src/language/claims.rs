//! The kinds of statement that a claim can make of results, described like stages.

use super::schema::{Field, FieldType, Variant};
use super::value::{Dimension, Value};

/// The description of one kind of statement.
#[derive(Debug, Clone)]
pub struct ClaimSchema {
    /// The word in front of the parenthesis.
    pub method: &'static str,
    /// What is claimed, in one line.
    pub summary: &'static str,
    /// The arguments, in positional order.
    pub fields: Vec<Field>,
}

/// Every kind of statement.
pub fn claims() -> Vec<ClaimSchema> {
    vec![bound(), ordering(), trend(), equivalence()]
}

fn bound() -> ClaimSchema {
    ClaimSchema {
        method: "bound",
        summary: "a measure lies above or below a value",
        fields: vec![
            measure("what", "The measure."),
            Field::optional("at_least", amount(), "It is not less than this."),
            Field::optional("at_most", amount(), "It is not more than this."),
            confidence(),
        ],
    }
}

fn ordering() -> ClaimSchema {
    ClaimSchema {
        method: "ordering",
        summary: "one measure is higher than another",
        fields: vec![
            measure("higher", "The measure that is claimed to be higher."),
            measure("lower", "The measure that it is compared with."),
            confidence(),
        ],
    }
}

fn trend() -> ClaimSchema {
    let direction = |name, doc| Variant { name, doc, parameters: Vec::new() };
    let directions = vec![
        direction("rising", "It grows with the variable."),
        direction("falling", "It shrinks as the variable grows."),
    ];
    ClaimSchema {
        method: "trend",
        summary: "a measure rises or falls along a loop variable",
        fields: vec![
            measure("what", "The measure."),
            Field::required("over", FieldType::Axis, "The loop variable."),
            Field::required("direction", FieldType::Choice(directions), "Which way it goes."),
            confidence(),
        ],
    }
}

fn equivalence() -> ClaimSchema {
    let margin = FieldType::Quantity { dimension: Dimension::Fraction, min: 0.0, max: 1.0 };
    ClaimSchema {
        method: "equivalence",
        summary: "two measures differ by no more than a margin",
        fields: vec![
            measure("what", "One measure."),
            measure("to", "The other."),
            Field::required("margin", margin, "The largest difference that does not matter."),
            confidence(),
        ],
    }
}

fn measure(name: &'static str, doc: &'static str) -> Field {
    Field::required(name, FieldType::Measure, doc)
}

/// Differences and ratios may be negative and larger than one.
fn amount() -> FieldType {
    FieldType::Quantity { dimension: Dimension::Fraction, min: -100.0, max: 100.0 }
}

fn confidence() -> Field {
    Field::default(
        "confidence",
        FieldType::Quantity { dimension: Dimension::Fraction, min: 0.5, max: 0.999 },
        Value::fraction(0.95),
        "How sure the results must be before the claim counts as supported or contradicted.",
    )
}
