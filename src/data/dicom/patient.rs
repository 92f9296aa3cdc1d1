//! Patient ids that can be compared and not read.

/// Domain of the key derivation.
const CONTEXT: &str = "msx 2026 patient pseudonym";

/// Hexadecimal digits of a pseudonym: 128 bits, so that no two patients ever share one.
const DIGITS: usize = 32;

/// Stands for a patient id: the first 128 bits of blake3 over the trimmed id, keyed by what blake3
/// derives from `key`. The same key and id give the same pseudonym in every data set.
///
/// Nobody can read an id from its pseudonym. Whoever knows the key, which stands in the experiment
/// and in the cache's records, can however compute the pseudonym of an id that he guesses and look
/// whether it is there; ids that are short or numbered can all be tried.
pub fn pseudonym(key: &str, id: &str) -> String {
    let key = blake3::derive_key(CONTEXT, key.as_bytes());
    let mut digits = blake3::keyed_hash(&key, id.trim().as_bytes()).to_hex().to_string();
    digits.truncate(DIGITS);
    digits
}
