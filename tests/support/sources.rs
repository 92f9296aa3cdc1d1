//! Imports on the file system, with names as short as the test wants them.
#![allow(dead_code, reason = "each test uses its own part")]

use msx::language::{Refusal, Source, Sources};
use std::fs;
use std::path::{Path, PathBuf};

/// Files below a folder, named relative to it.
pub struct Folder(pub PathBuf);

impl Folder {
    /// The file at a path below the folder.
    pub fn open(&self, name: &str) -> Source {
        let path = self.0.join(name);
        let text = fs::read_to_string(&path);
        Source::new(name, text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }
}

impl Sources for Folder {
    fn resolve(&self, from: &Source, path: &str) -> Result<Source, Refusal> {
        let name = Path::new(&from.name).with_file_name(path);
        let text = fs::read_to_string(self.0.join(&name)).map_err(|_| Refusal {
            reason: "there is no such file".to_owned(),
            help: "the path is relative to the file that imports".to_owned(),
        })?;
        Ok(Source::new(name.to_string_lossy(), text))
    }
}
