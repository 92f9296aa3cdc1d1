//! One image as a `tf.train.Example`: the features `shape`, three whole numbers, and `data`, bytes.
//!
//! Of protocol buffers only what these messages need is here: `Example { features = 1 }`,
//! `Features { map<string, Feature> feature = 1 }`, `Feature { bytes_list = 1 | float_list = 2 |
//! int64_list = 3 }`, and lists of `value = 1`.

/// An image as it stands in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Channels, height, width; or height, width, channels.
    pub shape: Vec<u64>,
    /// The samples, one byte each.
    pub data: Vec<u8>,
}

/// One field of a message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

impl Example {
    /// From a record.
    ///
    /// # Errors
    /// It is no such message, or a feature is missing.
    pub fn decode(record: &[u8]) -> Result<Example, String> {
        let (mut shape, mut data) = (None, None);
        for features in messages(record, 1)? {
            for entry in messages(features, 1)? {
                let name = messages(entry, 1)?.first().copied().unwrap_or_default();
                let value = messages(entry, 2)?.first().copied().unwrap_or_default();
                match name {
                    b"shape" => shape = Some(numbers(value)?),
                    b"data" => data = Some(bytes(value)?),
                    _ => {}
                }
            }
        }
        match (shape, data) {
            (Some(shape), Some(data)) => Ok(Example { shape, data }),
            (None, _) => Err("a record has no feature `shape`".to_owned()),
            (_, None) => Err("a record has no feature `data`".to_owned()),
        }
    }

    /// As a record, its features in the order of their names.
    pub fn encode(&self) -> Vec<u8> {
        let packed: Vec<u8> = self.shape.iter().flat_map(|&side| varint(side)).collect();
        let shape = message(3, &message(1, &packed));
        let data = message(1, &message(1, &self.data));
        let entry =
            |name: &[u8], value: &[u8]| message(1, &[message(1, name), message(2, value)].concat());
        message(1, &[entry(b"data", &data), entry(b"shape", &shape)].concat())
    }
}

/// The whole numbers of a feature, packed or not.
fn numbers(feature: &[u8]) -> Result<Vec<u64>, String> {
    let list = messages(feature, 3)?.first().copied().ok_or("`shape` holds no whole numbers")?;
    let mut numbers = Vec::new();
    let mut rest = list;
    while let Some((number, field)) = next(&mut rest)? {
        match field {
            Field::Number(value) if number == 1 => numbers.push(value),
            Field::Bytes(mut packed) if number == 1 => {
                while !packed.is_empty() {
                    numbers.push(read_varint(&mut packed)?);
                }
            }
            _ => {}
        }
    }
    Ok(numbers)
}

fn bytes(feature: &[u8]) -> Result<Vec<u8>, String> {
    let list = messages(feature, 1)?.first().copied().ok_or("`data` holds no bytes")?;
    Ok(messages(list, 1)?.first().copied().ok_or("`data` is empty")?.to_vec())
}

/// The fields of one number that hold bytes.
fn messages(message: &[u8], wanted: u64) -> Result<Vec<&[u8]>, String> {
    let mut rest = message;
    let mut found = Vec::new();
    while let Some((number, field)) = next(&mut rest)? {
        if let (true, Field::Bytes(bytes)) = (number == wanted, field) {
            found.push(bytes);
        }
    }
    Ok(found)
}

/// The next field, its number first.
fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<(u64, Field<'a>)>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    let tag = read_varint(rest)?;
    let field = match tag & 7 {
        0 => Field::Number(read_varint(rest)?),
        1 => take(rest, 8).map(|_| Field::Other)?,
        2 => {
            let length = read_varint(rest)?;
            Field::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Field::Other)?,
        _ => return Err("a record is no tf.train.Example".to_owned()),
    };
    Ok(Some((tag >> 3, field)))
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let length = usize::try_from(length).ok().filter(|&length| length <= rest.len());
    let (taken, after) = rest.split_at(length.ok_or("a record's message is cut short")?);
    *rest = after;
    Ok(taken)
}

fn read_varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or("a record's message is cut short")?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a record is no tf.train.Example".to_owned())
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value as u8) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn message(number: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint((number << 3) | 2), &varint(bytes.len() as u64), bytes].concat()
}
