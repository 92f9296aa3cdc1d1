//! Files that can always be made again: a mark with the version of the layout, a checksum, a body.

/// A file with this body.
pub(super) fn whole(magic: &[u8], body: &[u8]) -> Vec<u8> {
    [magic, blake3::hash(body).as_bytes(), body].concat()
}

/// The body of a file; nothing where it is of another layout or damaged.
pub(super) fn body<'a>(magic: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (checksum, body) = bytes.strip_prefix(magic)?.split_at_checked(32)?;
    (blake3::hash(body).as_bytes() == checksum).then_some(body)
}
