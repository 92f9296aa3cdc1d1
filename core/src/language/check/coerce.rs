//! Values to the types that the schema wants.

use super::Checker;
use crate::language::datum::{Datum, Kind, Number};
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::schema::{Default, Field, FieldType, OutputType, Variant};
use crate::language::suggest;
use crate::language::syntax::tree::Name;
use crate::language::value::{Dimension, Fields, Quantity, Value};

/// A field as it could be written. A fold to validate or test on is not the one to train on.
pub(super) fn example_field(field: &Field) -> String {
    match field.ty {
        FieldType::Output(OutputType::Fold) if matches!(field.name, "valid" | "test") => {
            format!("{0}: fold.{0}", field.name)
        }
        _ => format!("{}: {}", field.name, example(&field.ty)),
    }
}

/// Something that could be written where a value of this type is wanted.
pub(in crate::language) fn example(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "true".to_owned(),
        FieldType::Int { min, max } => 10.clamp(*min, *max).to_string(),
        FieldType::OneOf(numbers) => numbers.last().map_or_else(String::new, i64::to_string),
        FieldType::Float { min, max } => 0.001_f64.clamp(*min, *max).to_string(),
        FieldType::Text => "\"some text\"".to_owned(),
        FieldType::Path => "\"path/to/data\"".to_owned(),
        FieldType::Quantity { dimension, .. } => match dimension {
            Dimension::Pixels => "32px",
            Dimension::Images => "100 kimg",
            Dimension::Fraction => "80%",
            Dimension::Bytes => "8 GiB",
            Dimension::Seconds => "2 h",
            Dimension::Degrees => "10 deg",
        }
        .to_owned(),
        FieldType::Choice(variants) => variants.first().map_or_else(String::new, |variant| {
            if variant.parameters.is_empty() {
                variant.name.to_owned()
            } else {
                format!("{}(…)", variant.name)
            }
        }),
        FieldType::List(inner) => format!("[{}]", example(inner)),
        FieldType::Several { of, .. } => example(of),
        FieldType::Record(fields) => {
            let first = fields.first();
            first.map_or_else(
                || "{ }".to_owned(),
                |field| format!("{{ {}: {} }}", field.name, example(&field.ty)),
            )
        }
        FieldType::Output(_) => "fold.train".to_owned(),
        FieldType::Stage(kinds) => format!("<the name of a {}>", kinds.join(" or ")),
        FieldType::Stages { .. } => "family[*]".to_owned(),
        FieldType::Axis => "k".to_owned(),
        FieldType::Measure => "auc[*].auroc".to_owned(),
    }
}

impl Checker<'_, '_> {
    /// The value as its type has it; `None` where a mistake was reported.
    pub(super) fn coerce(&mut self, name: &str, ty: &FieldType, datum: &Datum) -> Option<Value> {
        if datum.is_invalid() {
            return None;
        }
        match (ty, &datum.kind) {
            (FieldType::Bool, Kind::Word(word)) if word == "true" || word == "false" => {
                Some(Value::Bool(word == "true"))
            }
            (FieldType::Int { min, max }, Kind::Number(Number { whole: Some(whole), .. })) => self
                .in_range(name, datum, *whole as f64, (*min as f64, *max as f64), None)
                .map(|()| Value::Int(*whole)),
            (FieldType::OneOf(numbers), Kind::Number(Number { whole: Some(whole), .. })) => {
                self.one_of(name, datum, *whole, numbers)
            }
            (FieldType::Float { min, max }, Kind::Number(number)) if number.dimension.is_none() => {
                self.in_range(name, datum, number.value, (*min, *max), None)
                    .map(|()| Value::Float(number.value))
            }
            (FieldType::Quantity { dimension, min, max }, Kind::Number(number)) => {
                self.quantity(name, datum, *number, *dimension, (*min, *max))
            }
            (FieldType::Text, Kind::Text(text) | Kind::Path(text)) => {
                Some(Value::Text(text.clone()))
            }
            (FieldType::Path, Kind::Path(path)) => Some(Value::Text(path.clone())),
            (FieldType::Path, Kind::Text(path)) => {
                Some(Value::Text(self.evaluation.names.anchored(path, &datum.span)))
            }
            (FieldType::Choice(variants), _) => self.choice(name, variants, datum),
            (FieldType::List(inner), Kind::List(members) | Kind::Tuple(members)) => {
                let values: Vec<Option<Value>> =
                    members.iter().map(|member| self.coerce(name, inner, member)).collect();
                values.into_iter().collect::<Option<Vec<_>>>().map(Value::List)
            }
            (FieldType::List(inner), _) => {
                self.coerce(name, inner, datum).map(|value| Value::List(vec![value]))
            }
            (FieldType::Several { of, most }, Kind::List(members) | Kind::Tuple(members)) => {
                self.different(name, (of, *most), members, datum)
            }
            (FieldType::Several { of, .. }, _) => self.coerce(name, of, datum),
            (FieldType::Record(fields), Kind::Record(given)) => {
                self.record(name, fields, given, datum)
            }
            (_, Kind::Word(word)) => {
                self.unknown_word(name, ty, word, datum);
                None
            }
            _ => {
                let message = format!("`{name}` wants {}, not {}", describe(ty), datum.describe());
                self.report(
                    Diagnostic::new(Code::WrongType, message, datum.span.clone())
                        .help(format!("write for example {name}: {}", example(ty))),
                );
                None
            }
        }
    }

    /// A list of one to so many different values; of one, the value itself.
    fn different(
        &mut self,
        name: &str,
        (of, most): (&FieldType, usize),
        members: &[Datum],
        datum: &Datum,
    ) -> Option<Value> {
        if members.is_empty() || members.len() > most {
            let message = match members.len() {
                0 => format!("`{name}` needs at least one value, this list is empty"),
                count => format!("`{name}` takes at most {most} values, these are {count}"),
            };
            self.report(Diagnostic::new(Code::OutOfRange, message, datum.span.clone()));
            return None;
        }
        let values: Vec<Option<Value>> =
            members.iter().map(|member| self.coerce(name, of, member)).collect();
        let mut values: Vec<Value> = values.into_iter().collect::<Option<_>>()?;
        let mut repeated = (1..values.len()).filter(|&at| values[..at].contains(&values[at]));
        if let Some(at) = repeated.next() {
            let message = format!("`{name}` has {} twice", values[at]);
            let place = members[at].span.clone();
            self.report(Diagnostic::new(Code::Duplicate, message, place).label("leave one out"));
            return None;
        }
        match values.len() {
            1 => values.pop(),
            _ => Some(Value::List(values)),
        }
    }

    /// A word where no word is wanted is most often a misspelt name.
    fn unknown_word(&mut self, name: &str, ty: &FieldType, word: &str, datum: &Datum) {
        let scope = self.around.scope.clone();
        let stages = scope.stages(self.evaluation.names);
        let candidates = scope.names().into_iter().chain(stages);
        let hint = suggest::meant(word, candidates).unwrap_or_else(|| {
            format!("`{name}` wants {}, such as {}", describe(ty), example(ty)).into()
        });
        self.report(
            Diagnostic::new(
                Code::UnknownName,
                format!("there is nothing called `{word}`"),
                datum.span.clone(),
            )
            .maybe_help(Some(hint)),
        );
    }

    fn quantity(
        &mut self,
        name: &str,
        datum: &Datum,
        number: Number,
        dimension: Dimension,
        range: (f64, f64),
    ) -> Option<Value> {
        let is_plain_share = number.dimension.is_none() && dimension == Dimension::Fraction;
        if number.dimension != Some(dimension) && !is_plain_share {
            let units: Vec<&str> = dimension.units().iter().map(|(unit, _)| *unit).collect();
            let problem = match number.dimension {
                None => "a number without a unit".to_owned(),
                Some(other) => other.describe().to_owned(),
            };
            self.report(
                Diagnostic::new(
                    Code::WrongUnit,
                    format!("`{name}` wants {}, not {problem}", dimension.describe()),
                    datum.span.clone(),
                )
                .label(format!("units that fit: {}", units.join(", ")))
                .help(format!(
                    "write for example {name}: {}",
                    example(&FieldType::Quantity { dimension, min: 0.0, max: 0.0 })
                )),
            );
            return None;
        }
        self.in_range(name, datum, number.value, range, Some(dimension))?;
        Some(Value::Quantity(Quantity { amount: number.value, dimension }))
    }

    fn in_range(
        &mut self,
        name: &str,
        datum: &Datum,
        value: f64,
        range: (f64, f64),
        dimension: Option<Dimension>,
    ) -> Option<()> {
        if range.0 <= value && value <= range.1 {
            return Some(());
        }
        let show = |amount: f64| match dimension {
            Some(dimension) => Quantity { amount, dimension }.to_string(),
            None => amount.to_string(),
        };
        let bound = if value < range.0 {
            format!("at least {}", show(range.0))
        } else {
            format!("at most {}", show(range.1))
        };
        let message = format!("`{name}` must be {bound}, this is {}", show(value));
        self.report(Diagnostic::new(Code::OutOfRange, message, datum.span.clone()));
        None
    }

    fn one_of(&mut self, name: &str, datum: &Datum, value: i64, numbers: &[i64]) -> Option<Value> {
        if numbers.contains(&value) {
            return Some(Value::Int(value));
        }
        let message = format!("`{name}` must be {}, this is {value}", either(numbers));
        self.report(Diagnostic::new(Code::OutOfRange, message, datum.span.clone()));
        None
    }

    fn choice(&mut self, name: &str, variants: &[Variant], datum: &Datum) -> Option<Value> {
        let none: &[(Option<Name>, Datum)] = &[];
        let (word, arguments) = match &datum.kind {
            Kind::Call { name, arguments } => (name.node.as_str(), arguments.as_slice()),
            _ if datum.as_word().is_some() => (datum.as_word().unwrap_or_default(), none),
            _ => {
                let words: Vec<&str> = variants.iter().map(|variant| variant.name).collect();
                let message =
                    format!("`{name}` wants one of {}, not {}", words.join(", "), datum.describe());
                self.report(
                    Diagnostic::new(Code::WrongType, message, datum.span.clone())
                        .help(format!("write one of them without quotes: {name}: {}", words[0])),
                );
                return None;
            }
        };
        let Some(variant) = variants.iter().find(|variant| variant.name == word) else {
            let words = variants.iter().map(|variant| variant.name);
            self.report(
                Diagnostic::new(
                    Code::UnknownWord,
                    format!("`{name}` has no choice `{word}`"),
                    datum.span.clone(),
                )
                .maybe_help(suggest::help(word, "the choices are", words)),
            );
            return None;
        };
        let filled = self.arguments(variant, arguments, datum)?;
        if variant.parameters.is_empty() {
            return Some(Value::Word(variant.name.to_owned()));
        }
        Some(Value::Call { name: variant.name.to_owned(), arguments: filled })
    }

    /// Arguments by position or name, defaults filled in.
    fn arguments(
        &mut self,
        variant: &Variant,
        arguments: &[(Option<Name>, Datum)],
        datum: &Datum,
    ) -> Option<Fields> {
        let mut given = Vec::with_capacity(arguments.len());
        for (position, (name, value)) in arguments.iter().enumerate() {
            let positional = variant.parameters.get(position).map(|field| field.name.to_owned());
            match name.as_ref().map(|name| name.node.clone()).or(positional) {
                Some(field) => {
                    let span = name.as_ref().map_or(value.span.clone(), |name| name.span.clone());
                    given.push((Name { node: field, span }, value.clone()));
                }
                None => {
                    let message = match variant.parameters.len() {
                        1 => format!("`{}` takes one argument", variant.name),
                        most => format!("`{}` takes {most} arguments", variant.name),
                    };
                    self.report(
                        Diagnostic::new(Code::WrongType, message, value.span.clone())
                            .label("one too many"),
                    );
                    return None;
                }
            }
        }
        match self.record(variant.name, &variant.parameters, &given, datum)? {
            Value::Record(fields) => Some(fields),
            _ => None,
        }
    }

    fn record(
        &mut self,
        name: &str,
        fields: &[Field],
        given: &[(Name, Datum)],
        datum: &Datum,
    ) -> Option<Value> {
        let mut whole = true;
        for (position, (written, _)) in given.iter().enumerate() {
            let known = || fields.iter().map(|field| field.name);
            if given[..position].iter().any(|(earlier, _)| earlier.node == written.node) {
                let message = format!("`{}` is written twice", written.node);
                self.report(Diagnostic::new(Code::Duplicate, message, written.span.clone()));
                whole = false;
            } else if !known().any(|field| field == written.node) {
                let message = format!("`{name}` has no field `{}`", written.node);
                self.report(
                    Diagnostic::new(Code::UnknownField, message, written.span.clone())
                        .maybe_help(suggest::help(&written.node, "its fields are", known())),
                );
                whole = false;
            }
        }
        let mut values = Fields::with_capacity(fields.len());
        for field in fields {
            let written = given.iter().find(|(name, _)| name.node == field.name);
            let value = match (written, &field.default) {
                (Some((_, datum)), _) => self.coerce(field.name, &field.ty, datum),
                (None, Default::Value(value)) => Some(value.clone()),
                (None, Default::ExperimentSeed) => Some(Value::Int(self.seed)),
                (None, Default::Absent | Default::EveryStage) => continue,
                (None, Default::Required) => {
                    let message = format!("`{name}` needs `{}`", field.name);
                    self.report(
                        Diagnostic::new(Code::MissingField, message, datum.span.clone())
                            .help(format!("add {}", example_field(field))),
                    );
                    None
                }
            };
            match value {
                Some(value) => {
                    values.insert(field.name.to_owned(), value);
                }
                None => whole = false,
            }
        }
        whole.then_some(Value::Record(values))
    }
}

/// `8 or 16`.
fn either(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ")
}

/// A type in words.
pub(in crate::language) fn describe(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "true or false".to_owned(),
        FieldType::Int { .. } => "a whole number".to_owned(),
        FieldType::OneOf(numbers) => either(numbers),
        FieldType::Float { .. } => "a number".to_owned(),
        FieldType::Text => "a string".to_owned(),
        FieldType::Path => "a path in quotes".to_owned(),
        FieldType::Quantity { dimension, .. } => dimension.describe().to_owned(),
        FieldType::Choice(variants) => {
            let words: Vec<&str> = variants.iter().map(|variant| variant.name).collect();
            format!("one of {}", words.join(", "))
        }
        FieldType::List(inner) => format!("a list, each {}", describe(inner)),
        FieldType::Several { of, most } => {
            format!("{}, or a list of up to {most} of them", describe(of))
        }
        FieldType::Record(_) => "a record { … }".to_owned(),
        FieldType::Output(output) => format!("a {output:?}").to_lowercase(),
        FieldType::Stage(kinds) => format!("a stage of kind {}", kinds.join(" or ")),
        FieldType::Stages { kinds: [], .. } => "stages of any kind".to_owned(),
        FieldType::Stages { kinds, .. } => format!("stages of kind {}", kinds.join(" or ")),
        FieldType::Axis => "the name of a loop variable".to_owned(),
        FieldType::Measure => "a measure of a stage".to_owned(),
    }
}
