//! Values as they stand after checking: typed, in base units, free of names and spelling.

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut, Index};

/// What a number with a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Side length of an image; base unit `px`.
    Pixels,
    /// Length of a training in images shown; base unit one image (`img`), also `kimg`, `Mimg`.
    Images,
    /// A share; base unit 1, also `%`.
    Fraction,
    /// Memory; base unit one byte (`B`), also `KiB`, `MiB`, `GiB`.
    Bytes,
    /// Duration; base unit one second (`s`), also `ms`, `min`, `h`.
    Seconds,
    /// Angle; base unit one degree (`deg`).
    Degrees,
}

impl Dimension {
    /// Every dimension, for look-ups by unit.
    pub const ALL: [Dimension; 6] = [
        Dimension::Pixels,
        Dimension::Images,
        Dimension::Fraction,
        Dimension::Bytes,
        Dimension::Seconds,
        Dimension::Degrees,
    ];

    /// The units that fit, each with its size in base units, smallest first.
    pub fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Dimension::Pixels => &[("px", 1.0)],
            Dimension::Images => &[("img", 1.0), ("kimg", 1e3), ("Mimg", 1e6)],
            Dimension::Fraction => &[("%", 0.01)],
            Dimension::Bytes => {
                &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)]
            }
            Dimension::Seconds => &[("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0)],
            Dimension::Degrees => &[("deg", 1.0)],
        }
    }

    /// The name used in messages: "a length in images", …
    pub fn describe(self) -> &'static str {
        match self {
            Dimension::Pixels => "a size in pixels",
            Dimension::Images => "a length in images",
            Dimension::Fraction => "a share",
            Dimension::Bytes => "an amount of memory",
            Dimension::Seconds => "a duration",
            Dimension::Degrees => "an angle",
        }
    }
}

/// A number with a unit, kept in the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// Size in base units; exact for whole numbers up to 2^53.
    pub amount: f64,
    /// What it measures.
    pub dimension: Dimension,
}

/// Values by name, in the order of the names. A list, because most stages have a few and there may be a
/// hundred thousand of them.
#[derive(Debug, Clone, PartialEq, Default, Hash)]
pub struct Fields(LiteMap<String, Value>);

impl Fields {
    /// None.
    pub fn new() -> Fields {
        Fields::default()
    }

    /// None, with room for so many.
    pub fn with_capacity(count: usize) -> Fields {
        Fields(LiteMap::with_capacity(count))
    }
}

impl Deref for Fields {
    type Target = LiteMap<String, Value>;

    fn deref(&self) -> &LiteMap<String, Value> {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut LiteMap<String, Value> {
        &mut self.0
    }
}

/// Panics where there is no such field, as maps do.
impl Index<&str> for Fields {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("there is no field `{name}`"))
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Fields {
        Fields(fields.into_iter().collect())
    }
}

/// Always a map: a list of the library's would be one only where it is not empty.
impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A checked value. Two spellings of one meaning are equal values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number where the schema wants one.
    Int(i64),
    /// A real number where the schema wants one (`1` and `1.0` both arrive here).
    Float(f64),
    /// A string.
    Text(String),
    /// A bare word of an enumeration.
    Word(String),
    /// A number with a unit.
    Quantity(Quantity),
    /// A choice with arguments, such as `top(6)`; arguments by parameter name, defaults filled in.
    Call {
        /// The variant's name.
        name: String,
        /// Its arguments.
        arguments: Fields,
    },
    /// A list.
    List(Vec<Value>),
    /// A record, defaults filled in.
    Record(Fields),
}

/// Equal values hash alike. Adding zero makes `-0.0` the same as `0.0`, to which it is equal.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Bool(value) => value.hash(state),
            Value::Int(value) => value.hash(state),
            Value::Float(value) => (value + 0.0).to_bits().hash(state),
            Value::Text(text) | Value::Word(text) => text.hash(state),
            Value::Quantity(Quantity { amount, dimension }) => {
                ((amount + 0.0).to_bits(), dimension).hash(state);
            }
            Value::Call { name, arguments } => (name, arguments).hash(state),
            Value::List(items) => items.hash(state),
            Value::Record(fields) => fields.hash(state),
        }
    }
}

impl Value {
    /// A length in images.
    pub fn images(count: f64) -> Value {
        Value::Quantity(Quantity { amount: count, dimension: Dimension::Images })
    }

    /// A size in pixels.
    pub fn pixels(count: f64) -> Value {
        Value::Quantity(Quantity { amount: count, dimension: Dimension::Pixels })
    }

    /// A share between 0 and 1.
    pub fn fraction(share: f64) -> Value {
        Value::Quantity(Quantity { amount: share, dimension: Dimension::Fraction })
    }

    /// The value as a number, for axes.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Quantity(quantity) => Some(quantity.amount),
            _ => None,
        }
    }

    /// An enumeration word.
    pub fn word(word: &str) -> Value {
        Value::Word(word.to_owned())
    }
}

/// Renders as it would be written in a file, with the largest unit that stays at or above one
/// (`30 kimg`, `32px`, `80%`).
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(formatter, "{value}"),
            Value::Int(value) => write!(formatter, "{value}"),
            Value::Float(value) => write!(formatter, "{value}"),
            Value::Text(text) => write!(formatter, "{text:?}"),
            Value::Word(word) => formatter.write_str(word),
            Value::Quantity(quantity) => quantity.fmt(formatter),
            Value::Call { name, arguments } => {
                write!(formatter, "{name}(")?;
                write_pairs(formatter, arguments)?;
                formatter.write_str(")")
            }
            Value::List(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(", ")?;
                    }
                    item.fmt(formatter)?;
                }
                formatter.write_str("]")
            }
            Value::Record(fields) => {
                formatter.write_str("{ ")?;
                write_pairs(formatter, fields)?;
                formatter.write_str(" }")
            }
        }
    }
}

fn write_pairs(formatter: &mut fmt::Formatter<'_>, pairs: &Fields) -> fmt::Result {
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            formatter.write_str(", ")?;
        }
        write!(formatter, "{name}: {value}")?;
    }
    Ok(())
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.dimension.units();
        let (unit, size) =
            units.iter().rev().find(|(_, size)| self.amount.abs() >= *size).unwrap_or(&units[0]);
        // Rounding to twelve digits hides what binary fractions add (0.07 / 0.01).
        let shown = (self.amount / size * 1e12).round() / 1e12;
        let gap = if matches!(*unit, "px" | "%") { "" } else { " " };
        write!(formatter, "{shown}{gap}{unit}")
    }
}
