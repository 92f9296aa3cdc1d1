//! Experiment files on the file system, and which of them an import may reach.

use crate::any_path;
use crate::language::{Code, Diagnostic, Refusal, Source, Sources};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Larger files are something else that was named by mistake.
const LARGEST: u64 = 16 << 20;

/// The text of a file that an editor holds, which wins over the one on disk.
pub type Unsaved<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The files of one project.
pub struct ProjectFiles<'a> {
    /// The experiment, absolute and without symbolic links.
    root: PathBuf,
    /// The experiment as the user names it.
    name: String,
    /// Imports stay inside this folder.
    project: PathBuf,
    /// Where the user stands; names in messages are relative to it.
    working_folder: PathBuf,
    unsaved: Unsaved<'a>,
    /// Files whose names do not say where they are, because they are not text.
    odd: Mutex<BTreeMap<String, PathBuf>>,
}

impl<'a> ProjectFiles<'a> {
    /// Opens an experiment. Its project is the folder that it lies in, unless one is given.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn open(
        file: &Path,
        project: Option<&Path>,
    ) -> Result<(ProjectFiles<'static>, Source), Box<Diagnostic>> {
        let unreadable = |path: &Path, reason: &dyn std::fmt::Display| {
            let message = format!("cannot read {}: {reason}", path.display());
            Box::new(Diagnostic::new(Code::Io, message, 0..0))
        };
        let root = file.canonicalize().map_err(|error| unreadable(file, &error))?;
        let project = match project {
            Some(project) => project.canonicalize().map_err(|error| unreadable(project, &error))?,
            None => folder(&root).to_owned(),
        };
        let text = read(&root)
            .map_err(|Refusal { reason, help }| Box::new(unreadable(file, &reason).help(help)))?;
        let name = any_path::shown(file);
        let source = Source::new(&name, text);
        let working_folder = working_folder();
        let unsaved: Unsaved<'_> = &|_| None;
        let odd = Mutex::default();
        Ok((ProjectFiles { root, name, project, working_folder, unsaved, odd }, source))
    }

    /// The files around an experiment whose text an editor holds, and that need not be on disk.
    pub fn around(
        file: &Path,
        text: String,
        project: Option<&Path>,
        unsaved: Unsaved<'a>,
    ) -> (ProjectFiles<'a>, Source) {
        let working_folder = working_folder();
        let root = real(file);
        let project = real(project.unwrap_or_else(|| folder(&root)));
        let name = shown(&root, &working_folder);
        let source = Source::new(&name, text);
        let odd = Mutex::default();
        (ProjectFiles { root, name, project, working_folder, unsaved, odd }, source)
    }

    /// The path of a file by the name that its source has.
    pub fn path(&self, name: &str) -> PathBuf {
        if name == self.name {
            return self.root.clone();
        }
        let odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        odd.get(name).cloned().unwrap_or_else(|| real(&self.working_folder.join(name)))
    }

    /// The name of a file, from which [`ProjectFiles::path`] finds it again.
    fn name_of(&self, path: &Path) -> String {
        let name = shown(path, &self.working_folder);
        if path.to_str().is_none() {
            let mut odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
            odd.insert(name.clone(), path.to_owned());
        }
        name
    }

    /// A file of the project as seen from the project's folder, with `/` between its parts.
    pub fn within(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.project).unwrap_or(path);
        let parts = relative.components().map(|part| any_path::shown(part.as_ref()));
        parts.collect::<Vec<_>>().join("/")
    }

    /// The experiment, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Sources for ProjectFiles<'_> {
    fn resolve(&self, from: &Source, path: &str) -> Result<Source, Refusal> {
        let found = real(&folder(&self.path(&from.name)).join(path));
        if !found.starts_with(&self.project) {
            return Err(Refusal {
                reason: format!("it lies outside the project {}", self.project.display()),
                help: "give --project the folder that holds both files, or set MSX_PROJECT"
                    .to_owned(),
            });
        }
        let text = match (self.unsaved)(&found) {
            Some(text) => text,
            None => {
                found.metadata().map_err(|error| no_file(path, &error))?;
                read(&found)?
            }
        };
        if found == self.root {
            return Ok(Source::new(&self.name, text));
        }
        let name = self.name_of(&found);
        let beside = folder(&found).strip_prefix(folder(&self.root)).unwrap_or(folder(&found));
        Ok(Source { name, text, folder: any_path::shown(beside) })
    }

    fn side_by_side(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).into_par_iter().for_each(work);
    }
}

/// Passes files on and remembers them.
pub struct Remembering<'a> {
    files: &'a ProjectFiles<'a>,
    seen: RefCell<Seen>,
}

/// The files of an experiment as they were read.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Their texts, by name relative to the project.
    pub texts: BTreeMap<String, String>,
    /// What each import gave, in the order in which they were asked for.
    pub imports: Vec<Imported>,
}

/// What an import gave.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The name of the file that imports.
    pub from: String,
    /// The path as it is written there.
    pub path: String,
    /// The file.
    pub source: Source,
}

impl<'a> Remembering<'a> {
    /// Remembers the experiment itself to begin with.
    pub fn new(files: &'a ProjectFiles<'a>, experiment: &Source) -> Remembering<'a> {
        let texts = BTreeMap::from([(files.within(&files.root), experiment.text.clone())]);
        Remembering { files, seen: RefCell::new(Seen { texts, imports: Vec::new() }) }
    }

    /// All files that were asked for.
    pub fn into_seen(self) -> Seen {
        self.seen.into_inner()
    }
}

impl Sources for Remembering<'_> {
    fn resolve(&self, from: &Source, path: &str) -> Result<Source, Refusal> {
        let source = self.files.resolve(from, path)?;
        let name = self.files.within(&self.files.path(&source.name));
        let mut seen = self.seen.borrow_mut();
        seen.texts.insert(name, source.text.clone());
        let imported =
            Imported { from: from.name.clone(), path: path.to_owned(), source: source.clone() };
        seen.imports.push(imported);
        Ok(source)
    }

    fn side_by_side(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        self.files.side_by_side(count, work);
    }
}

fn working_folder() -> PathBuf {
    std::env::current_dir().and_then(|folder| folder.canonicalize()).unwrap_or_default()
}

/// A path as messages show it.
fn shown(path: &Path, working_folder: &Path) -> String {
    any_path::shown(path.strip_prefix(working_folder).unwrap_or(path))
}

/// A path without symbolic links. What is not on disk, such as a file that was never saved, keeps
/// the last part of its name, and `..` in front of it is taken at its word.
pub fn real(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent(), path.components().next_back()) {
        (Some(parent), Some(Component::ParentDir)) => folder(&real(parent)).to_owned(),
        (Some(parent), Some(Component::Normal(name))) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

/// The folder that a file lies in.
pub fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

fn no_file(path: &str, error: &io::Error) -> Refusal {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let help = format!("\"{path}\" is looked for beside the file that imports it");
    Refusal { reason, help }
}

/// The text of a file, unless it cannot be one of ours.
///
/// # Errors
/// It is no file, cannot be read, is too large, or is not UTF-8.
pub fn read(path: &Path) -> Result<String, Refusal> {
    let kind = path.metadata().map_err(unreadable)?;
    if !kind.is_file() {
        return Err(refused("it is no file".to_owned(), "name a file whose name ends in .msx"));
    }
    read_from(File::open(path).map_err(unreadable)?)
}

/// The text that a reader gives, under the same conditions as that of a file.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub fn read_from(reader: impl Read) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        let reason = format!("it is larger than {} MiB", LARGEST >> 20);
        return Err(refused(reason, "name a file of declarations; data stands elsewhere"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let reason = format!("it is not UTF-8 text: byte {place} is not valid");
        refused(reason, "save the file as UTF-8")
    })
}

fn refused(reason: String, help: &str) -> Refusal {
    Refusal { reason, help: help.to_owned() }
}

fn unreadable(error: io::Error) -> Refusal {
    refused(error.to_string(), "check its name and that you may read it")
}

/// Where the lock of an experiment stands: `experiment.msx.lock` for `experiment.msx`.
pub fn lock_beside(experiment: &Path) -> PathBuf {
    let mut name = experiment.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
