//! The frame of a TFRecord file: length, its checksum, the bytes, their checksum.

use std::io::{self, ErrorKind, Read, Write};

/// Bytes of a record that is no mistake: an image of 4096 pixels in three colours and some names.
const LONGEST: u64 = 64 << 20;

/// The checksum as TFRecord masks it, so that checksums of checksums are no trap.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The next record; `None` at the end.
///
/// # Errors
/// The file is cut short, or a checksum is wrong.
pub fn read_record(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let wrong = |reason: String| io::Error::new(ErrorKind::InvalidData, reason);
    let mut head = [0; 12];
    let mut filled = 0;
    while filled < head.len() {
        match stream.read(&mut head[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let [length @ .., a, b, c, d] = head;
    if u32::from_le_bytes([a, b, c, d]) != masked(&length) {
        return Err(wrong("the checksum of a record's length is wrong".to_owned()));
    }
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(wrong(format!("a record is {length} bytes long")));
    }
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    let mut checksum = [0; 4];
    stream.read_exact(&mut checksum)?;
    if bytes.len() as u64 != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    match u32::from_le_bytes(checksum) == masked(&bytes) {
        true => Ok(Some(bytes)),
        false => Err(wrong("the checksum of a record is wrong".to_owned())),
    }
}

/// Writes a record.
///
/// # Errors
/// The disk refuses.
pub fn write_record(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = (bytes.len() as u64).to_le_bytes();
    stream.write_all(&length)?;
    stream.write_all(&masked(&length).to_le_bytes())?;
    stream.write_all(bytes)?;
    stream.write_all(&masked(bytes).to_le_bytes())
}
