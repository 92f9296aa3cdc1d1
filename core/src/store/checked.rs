//! Files that can always be made again: a mark with the version of the layout, a checksum, a body.

/// What stands before a body that is written in these parts.
pub(super) fn head(magic: &[u8], body: &[&[u8]]) -> Vec<u8> {
    let mut checksum = blake3::Hasher::new();
    body.iter().for_each(|part| {
        checksum.update(part);
    });
    [magic, checksum.finalize().as_bytes()].concat()
}

/// The body of a file; nothing where it is of another layout or damaged.
pub(super) fn body<'a>(magic: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (checksum, body) = bytes.strip_prefix(magic)?.split_at_checked(32)?;
    (blake3::hash(body).as_bytes() == checksum).then_some(body)
}
