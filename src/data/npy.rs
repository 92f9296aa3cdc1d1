//! NumPy's arrays. Their headers are looked at before npyz reads them: npyz multiplies the sides of a shape
//! as they come, takes as much memory as a header asks for, and goes as deep as it is nested.

use super::depth::Depth;
use npyz::{AutoSerialize, DType, Deserialize, NpyFile, NpyHeader, WriterBuilder};
use std::io::{self, ErrorKind, Read, Write};

/// What every array begins with.
const MAGIC: &[u8] = b"\x93NUMPY";
/// Bytes of the longest header. NumPy itself reads 10,000.
const LONGEST: usize = 1 << 16;
/// Brackets within brackets: a structured type in a dictionary has four.
const DEEPEST: usize = 16;

/// The header of the array that `stream` begins with, which then stands at the first number. The
/// product of its sides is a number of 64 bits.
///
/// # Errors
/// It is no header, or one that no array has.
pub fn header(stream: &mut impl Read) -> io::Result<NpyHeader> {
    let mut bytes = vec![0; MAGIC.len() + 2];
    stream.read_exact(&mut bytes)?;
    if !bytes.starts_with(MAGIC) {
        return Err(wrong("it does not begin as an array does"));
    }
    // The first version counts the bytes of its header in two, all later ones in four.
    let digits = if bytes[MAGIC.len()] == 1 { 2 } else { 4 };
    let mut length = [0; 4];
    stream.read_exact(&mut length[..digits])?;
    bytes.extend_from_slice(&length[..digits]);
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(wrong(&format!("its header has {length} bytes")));
    }
    let begin = bytes.len();
    bytes.resize(begin + length, 0);
    stream.read_exact(&mut bytes[begin..])?;
    check(&bytes[begin..]).map_err(wrong)?;
    NpyHeader::from_reader(bytes.as_slice())
}

/// All numbers of the array that `stream` holds, in the order in which they stand.
///
/// # Errors
/// It is no array, one of other numbers, or cut short.
pub fn numbers<T: Deserialize>(mut stream: impl Read) -> io::Result<Vec<T>> {
    let header = header(&mut stream)?;
    NpyFile::with_header(header, stream).into_vec()
}

/// Writes an array in C order.
///
/// # Errors
/// The stream refuses, or the values do not fill the shape.
pub fn write<T: AutoSerialize>(
    stream: &mut impl Write,
    values: impl IntoIterator<Item = T>,
    shape: &[usize],
) -> io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&side| side as u64).collect();
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut array = options.writer(stream).begin_nd()?;
    array.extend(values)?;
    array.finish()
}

/// Writes what stands before numbers of a depth.
///
/// # Errors
/// The stream refuses.
pub fn write_header(stream: &mut impl Write, depth: Depth, shape: &[usize]) -> io::Result<()> {
    match depth {
        Depth::Eight => write_header_of::<u8>(stream, depth, shape),
        Depth::Sixteen => write_header_of::<u16>(stream, depth, shape),
    }
}

fn write_header_of<T: npyz::Serialize>(
    stream: &mut impl Write,
    depth: Depth,
    shape: &[usize],
) -> io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&side| side as u64).collect();
    let kind = DType::Plain(depth.type_name().parse().map_err(io::Error::other)?);
    let options = npyz::WriteOptions::<T>::new().dtype(kind).shape(&shape);
    // Dropped without the values, which leaves the header.
    drop(options.writer(stream).begin_nd()?);
    Ok(())
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

/// Looks at brackets and numbers outside of quotation marks. Which of the numbers are sides is for
/// the parser; the product of all is at least that of any.
fn check(text: &[u8]) -> Result<(), &'static str> {
    let (mut depth, mut product, mut quote) = (0_usize, 1_u64, None);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (quote, byte) {
            (_, b'\\') => return Err("its header has a backslash"),
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') if rest.starts_with(&[byte, byte]) => {
                return Err("its header has a text of several lines");
            }
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (None, b'0'..=b'9') => {
                let is_more = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
                let more = rest.iter().take_while(is_more).count();
                let side =
                    number(byte, &rest[..more]).ok_or("its shape is not of whole numbers")?;
                product = product.checked_mul(side.max(1)).ok_or("its shape is too large")?;
                rest = &rest[more..];
            }
            (None, _) => {}
        }
        if depth > DEEPEST {
            return Err("its header is nested too deeply");
        }
    }
    Ok(())
}

/// Decimal digits, as Python 2 wrote them with an L behind.
fn number(first: u8, more: &[u8]) -> Option<u64> {
    let more = more.strip_suffix(b"L").unwrap_or(more);
    std::iter::once(&first).chain(more).try_fold(0_u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
