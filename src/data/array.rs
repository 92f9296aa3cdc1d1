//! Numbers in arrays of NumPy's, whatever their type.

use npyz::{Deserialize, NpyFile, NpyHeader};
use std::io::Read;

/// The numbers behind a header, which must be `count`.
///
/// # Errors
/// They are no numbers, or fewer than there should be.
pub(super) fn numbers(
    header: NpyHeader,
    stream: impl Read,
    count: usize,
) -> Result<Vec<f64>, String> {
    let kind = header.dtype().descr();
    let name: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    let file = NpyFile::with_header(header, stream);
    match name.as_str() {
        "u1" => values::<u8>(file, count, f64::from),
        "i1" => values::<i8>(file, count, f64::from),
        "b1" => values::<bool>(file, count, |value| f64::from(u8::from(value))),
        "u2" => values::<u16>(file, count, f64::from),
        "i2" => values::<i16>(file, count, f64::from),
        "u4" => values::<u32>(file, count, f64::from),
        "i4" => values::<i32>(file, count, f64::from),
        // Labels are far below 2^53, where these lose a digit.
        "u8" => values::<u64>(file, count, |value| value as f64),
        "i8" => values::<i64>(file, count, |value| value as f64),
        "f4" => values::<f32>(file, count, f64::from),
        "f8" => values::<f64>(file, count, |value| value),
        _ => Err("does not hold numbers".to_owned()),
    }
}

fn values<T: Deserialize>(
    file: NpyFile<impl Read>,
    count: usize,
    convert: impl Fn(T) -> f64,
) -> Result<Vec<f64>, String> {
    let values = file.data::<T>().map_err(|error| error.to_string())?;
    let numbers: Vec<f64> = values
        .take(count)
        .map(|value| value.map(&convert).map_err(|error| format!("cannot be read: {error}")))
        .collect::<Result<_, _>>()?;
    match numbers.len() == count {
        true => Ok(numbers),
        false => Err(format!("holds {} numbers where {count} belong", numbers.len())),
    }
}
