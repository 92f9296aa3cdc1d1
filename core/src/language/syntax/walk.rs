//! All of one sort in a tree: the stages of a file, the names that an expression refers to.

use super::tree::{
    Entry, Expression, Item, Part, Piece, Reference, Selection, Stage, Template, Term,
};

/// Every stage and instance, those in loops and templates included.
pub fn stages<'t>(items: &'t [Item]) -> Vec<&'t Stage> {
    let inner = |item: &'t Item| match item {
        Item::Stage(stage) => vec![stage],
        Item::For { body, .. } | Item::Template(Template { body, .. }) => stages(body),
        _ => Vec::new(),
    };
    items.iter().flat_map(inner).collect()
}

/// Calls `visit` for each reference in an expression, those in selections included.
pub fn references(expression: &Expression, visit: &mut dyn FnMut(&Reference)) {
    let mut each = |inner: &Expression| references(inner, visit);
    match &expression.node {
        Term::Number { .. } | Term::Text(_) => {}
        Term::Interpolation(pieces) => {
            for piece in pieces {
                if let Piece::Value(value) = piece {
                    each(value);
                }
            }
        }
        Term::List(members) | Term::Tuple(members) => members.iter().for_each(each),
        Term::Range { first, last, step } => {
            each(first);
            each(last);
            step.iter().for_each(|step| each(step));
        }
        Term::Record(entries) => entries.iter().for_each(|entry| match entry {
            Entry::Field(field) => each(&field.value),
            Entry::Spread(record) => each(record),
        }),
        Term::Call { arguments, .. } => arguments.iter().for_each(|(_, value)| each(value)),
        Term::Reference(reference) => {
            visit(reference);
            for part in &reference.parts {
                if let Part::Selection(Selection::Members(members)) = part {
                    members.iter().for_each(|(_, value)| references(value, visit));
                }
            }
        }
        Term::Negation(value) | Term::Inversion(value) => each(value),
        Term::Operation { left, right, .. } => {
            each(left);
            each(right);
        }
        Term::Conditional { condition, then, otherwise } => {
            each(condition);
            each(then);
            each(otherwise);
        }
    }
}
