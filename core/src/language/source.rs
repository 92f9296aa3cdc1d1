//! Files as the language sees them: text under a name, and how one file finds another.

/// A file's name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name shown in messages; two files of one name are one file.
    pub name: String,
    /// The text.
    pub text: String,
    /// What its relative paths start from, as seen from the folder of the first file; empty for
    /// that folder itself.
    pub folder: String,
}

impl Source {
    /// A file whose paths are relative to the folder of the first file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into(), folder: String::new() }
    }

    /// The path of a file of the user's, as seen from the folder of the first file.
    pub(super) fn anchored(&self, path: &str) -> String {
        if self.folder.is_empty() || path.starts_with(['/', '\\']) || path.contains(":\\") {
            return path.to_owned();
        }
        format!("{}/{path}", self.folder)
    }
}

/// Where imported files come from, and who works on long ones.
pub trait Sources {
    /// The file that `path` names, as written in an import of the file `from`.
    ///
    /// # Errors
    /// Why there is no such file for this experiment.
    fn resolve(&self, from: &Source, path: &str) -> Result<Source, Refusal>;

    /// Does `work` for every number below `count`, each once, in any order; several at a time if there
    /// are threads to do so, of which the language itself knows nothing.
    fn side_by_side(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(work);
    }
}

/// Why a file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with it: "there is no such file".
    pub reason: String,
    /// What to do.
    pub help: String,
}

/// No files at all, for text that stands alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Sources for Alone {
    fn resolve(&self, _: &Source, _: &str) -> Result<Source, Refusal> {
        Err(Refusal {
            reason: "no other files can be reached from here".to_owned(),
            help: "write what it declares into this file".to_owned(),
        })
    }
}
