//! A cache folder for those who only look.

use super::Store;
use super::format::FORMAT;
use std::fs;
use std::path::Path;

impl Store {
    /// A cache folder as it is, without creating or marking anything; nothing where there is none,
    /// or one of another version.
    pub fn peek(root: &Path) -> Option<Store> {
        let root = root.canonicalize().ok()?;
        let found = fs::read_to_string(root.join("format")).ok()?;
        (found.trim() == FORMAT.to_string()).then_some(Store { root })
    }
}
