//! Experiment files on the file system, and which of them an import may reach.

use crate::language::{Code, Diagnostic, Refusal, Source, Sources};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Larger files are something else that was named by mistake.
const LARGEST: u64 = 16 << 20;

/// The files of one project.
pub(super) struct ProjectFiles {
    /// The experiment, absolute and without symbolic links.
    root: PathBuf,
    /// The experiment as the user names it.
    name: String,
    /// Imports stay inside this folder.
    project: PathBuf,
    /// Where the user stands; names in messages are relative to it.
    working_folder: PathBuf,
}

impl ProjectFiles {
    /// Opens an experiment. Its project is the folder that it lies in, unless one is given.
    pub(super) fn open(
        file: &Path,
        project: Option<&Path>,
    ) -> Result<(ProjectFiles, Source), Box<Diagnostic>> {
        let unreadable = |path: &Path, reason: &dyn std::fmt::Display| {
            let message = format!("cannot read {}: {reason}", path.display());
            Box::new(Diagnostic::new(Code::Io, message, 0..0))
        };
        let root = file.canonicalize().map_err(|error| unreadable(file, &error))?;
        let project = match project {
            Some(project) => project.canonicalize().map_err(|error| unreadable(project, &error))?,
            None => folder(&root).to_owned(),
        };
        let working_folder = std::env::current_dir().and_then(|folder| folder.canonicalize());
        let working_folder = working_folder.unwrap_or_default();
        let text = read(&root)
            .map_err(|Refusal { reason, help }| Box::new(unreadable(file, &reason).help(help)))?;
        let name = file.display().to_string();
        let source = Source::new(&name, text);
        Ok((ProjectFiles { root, name, project, working_folder }, source))
    }

    /// The experiment, absolute.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

impl Sources for ProjectFiles {
    fn resolve(&self, from: &Source, path: &str) -> Result<Source, Refusal> {
        let from = Path::new(&from.name).canonicalize().map_err(|error| no_file(path, &error))?;
        let written = folder(&from).join(path);
        let found = written.canonicalize().map_err(|error| no_file(path, &error))?;
        if !found.starts_with(&self.project) {
            return Err(Refusal {
                reason: format!("it lies outside the project {}", self.project.display()),
                help: "give --project the folder that holds both files, or set MSX_PROJECT"
                    .to_owned(),
            });
        }
        let text = read(&found)?;
        if found == self.root {
            return Ok(Source::new(&self.name, text));
        }
        let shown = found.strip_prefix(&self.working_folder).unwrap_or(&found);
        let beside = folder(&found).strip_prefix(folder(&self.root)).unwrap_or(folder(&found));
        Ok(Source { name: shown.display().to_string(), text, folder: beside.display().to_string() })
    }
}

/// The folder that a file lies in.
pub(super) fn folder(file: &Path) -> &Path {
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
pub(super) fn read(path: &Path) -> Result<String, Refusal> {
    let refused = |reason: String, help: &str| Refusal { reason, help: help.to_owned() };
    let unreadable =
        |error: io::Error| refused(error.to_string(), "check its name and that you may read it");
    let kind = path.metadata().map_err(unreadable)?;
    if !kind.is_file() {
        return Err(refused("it is no file".to_owned(), "name a file whose name ends in .msx"));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
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
