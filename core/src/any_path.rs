//! Paths in JSON and in binary files. A path need not be text, and serde refuses those that are not.
//!
//! Where people read along, a path is a string if it is UTF-8, and a list of its bytes otherwise;
//! elsewhere it is always bytes. Use with `#[serde(with = "crate::any_path")]`.

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path as people read it: bytes that are not UTF-8 become `\xE9`, so that different paths stay
/// different.
pub fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

/// Writes a path.
///
/// # Errors
/// Those of the format.
pub fn serialize<P: AsRef<Path>, S: Serializer>(path: P, to: S) -> Result<S::Ok, S::Error> {
    let path = path.as_ref();
    match path.to_str().filter(|_| to.is_human_readable()) {
        Some(text) => to.serialize_str(text),
        None => path.as_os_str().as_bytes().serialize(to),
    }
}

/// Reads a path.
///
/// # Errors
/// It is neither text nor bytes.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = PathBuf;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a path, as text or as a list of bytes")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<PathBuf, E> {
            Ok(PathBuf::from(text))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<PathBuf, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = items.next_element()? {
                bytes.push(byte);
            }
            Ok(OsString::from_vec(bytes).into())
        }
    }

    match from.is_human_readable() {
        true => from.deserialize_any(Either),
        false => from.deserialize_seq(Either),
    }
}

/// The same for a path that may be absent.
pub mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    #[derive(Serialize, Deserialize)]
    struct Present(#[serde(with = "super")] PathBuf);

    /// Writes a path that may be absent.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.clone().map(Present).serialize(to)
    }

    /// Reads a path that may be absent.
    ///
    /// # Errors
    /// It is neither text nor bytes.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Present>::deserialize(from)?.map(|present| present.0))
    }
}
