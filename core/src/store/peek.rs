//! A cache folder for those who only look.

use super::Store;
use super::format::{self, FORMAT};
use super::own;
use std::path::Path;

impl Store {
    /// A cache folder as it is, without creating or marking anything; nothing where there is none,
    /// or one of another version.
    pub fn peek(root: &Path) -> Option<Store> {
        let root = root.canonicalize().ok()?;
        own::check_folders(&root).ok()?;
        (format::read(&root).ok()? == Some(FORMAT)).then_some(Store { root })
    }
}
