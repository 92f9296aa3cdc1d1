//! Names of files below a folder, as they come from archives, records and locks.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

const LONGEST: usize = 1024;
const LONGEST_PART: usize = 255;

/// A path with slashes that stays below the folder it is joined to, on every system.
///
/// Whatever reads a name from a file reads it into this type, so a name that leads elsewhere is
/// refused where it is read and needs no second look where it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativePath(String);

/// Why a name is not a [`RelativePath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(&'static str);

impl RelativePath {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a file below a folder.
    ///
    /// # Errors
    /// The file is not below the folder, or its name is not UTF-8 or could not be kept everywhere.
    pub fn of(path: &Path, folder: &Path) -> Result<RelativePath, BadName> {
        let relative = path.strip_prefix(folder).map_err(|_| BadName("it lies elsewhere"))?;
        let parts: Option<Vec<&str>> =
            relative.components().map(|part| part.as_os_str().to_str()).collect();
        parts.ok_or(BadName("its name is not UTF-8"))?.join("/").parse()
    }
}

/// Checks that a name consists of plain parts.
fn check(name: &str) -> Result<(), BadName> {
    if name.len() > LONGEST {
        return Err(BadName("its name is too long"));
    }
    if name.starts_with('/') {
        return Err(BadName("its name is absolute"));
    }
    if name.contains(['\\', ':']) || name.contains(char::is_control) {
        return Err(BadName("its name has characters that are not allowed"));
    }
    for part in name.split('/') {
        match part {
            "" => return Err(BadName("a part of its name is empty")),
            "." | ".." => return Err(BadName("its name leaves the folder")),
            _ if part.len() > LONGEST_PART => return Err(BadName("its name is too long")),
            _ => {}
        }
    }
    Ok(())
}

impl TryFrom<String> for RelativePath {
    type Error = BadName;

    fn try_from(name: String) -> Result<RelativePath, BadName> {
        check(&name)?;
        Ok(RelativePath(name))
    }
}

impl FromStr for RelativePath {
    type Err = BadName;

    fn from_str(name: &str) -> Result<RelativePath, BadName> {
        name.to_owned().try_into()
    }
}

impl From<RelativePath> for String {
    fn from(name: RelativePath) -> String {
        name.0
    }
}

impl Borrow<str> for RelativePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for RelativePath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
