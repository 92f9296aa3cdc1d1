//! The open files with what is known of each, and the files on disk around them.

use super::documents::{Document, uri_of};
use super::lines::Lines;
use crate::language::analysis::{Analysis, Vocabulary, analyse};
use crate::language::syntax::tree::Span;
use crate::language::{Alone, Source};
use crate::project::{ProjectFiles, Unsaved};
use ignore::{DirEntry, WalkBuilder};
use lsp_types::{Location, Uri};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// More experiment files than this under a folder are no project of ours.
const MOST_FILES: usize = 2000;
/// The walk through a folder ends after this many files and folders of any kind.
const MOST_ENTRIES: usize = 100_000;
/// Programs mark folders with this file whose content they can make again, such as our cache.
const CACHE_TAG: &str = "CACHEDIR.TAG";
/// A folder of other people's files that its tool does not mark.
const PACKAGES: &str = "node_modules";

/// A file that was analysed with all that it imports.
#[derive(Debug)]
pub(super) struct Checked<'s> {
    pub(super) analysis: Analysis<'s>,
    /// The address of each of its files.
    pub(super) uris: Vec<Uri>,
    lines: Vec<Lines>,
}

impl Checked<'_> {
    /// A place as the client knows it.
    pub(super) fn location(&self, span: &Span) -> Location {
        let (file, local) = self.analysis.local(span);
        let text = &self.analysis.source(file).text;
        Location::new(self.uris[file].clone(), self.lines[file].range(text, &local))
    }

    /// The file of a name that its source has.
    pub(super) fn file_named(&self, name: &str) -> Option<usize> {
        (0..self.analysis.files()).find(|file| self.analysis.source(*file).name == name)
    }

    /// A place that is counted from the beginning of a file.
    pub(super) fn location_in(&self, file: usize, local: &Span) -> Location {
        let base = self.analysis.base(file);
        self.location(&(base + local.start..base + local.end))
    }
}

/// The open files.
#[derive(Debug)]
pub(super) struct Workspace<'s> {
    pub(super) vocabulary: &'s Vocabulary,
    /// The folder that imports stay in, where one was given.
    project: Option<PathBuf>,
    /// Folders that the client has open.
    folders: Vec<PathBuf>,
    pub(super) documents: BTreeMap<Uri, Document>,
    pub(super) checked: BTreeMap<Uri, Checked<'s>>,
}

impl<'s> Workspace<'s> {
    pub(super) fn new(
        vocabulary: &'s Vocabulary,
        project: Option<PathBuf>,
        folders: Vec<PathBuf>,
    ) -> Workspace<'s> {
        let (documents, checked) = (BTreeMap::new(), BTreeMap::new());
        Workspace { vocabulary, project, folders, documents, checked }
    }

    /// Analyses an open file again, and all open files that import it.
    pub(super) fn check(&mut self, uri: &Uri) {
        let imports = |(other, checked): (&Uri, &Checked<'_>)| {
            checked.uris.contains(uri).then(|| other.clone())
        };
        let mut stale: Vec<Uri> = self.checked.iter().filter_map(imports).collect();
        if !stale.contains(uri) {
            stale.push(uri.clone());
        }
        for uri in stale {
            let Some(document) = self.documents.get(&uri) else {
                self.checked.remove(&uri);
                continue;
            };
            let checked =
                self.analysed(document.uri.clone(), document.path.as_deref(), &document.text);
            self.checked.insert(uri, checked);
        }
    }

    fn analysed(&self, uri: Uri, path: Option<&Path>, text: &str) -> Checked<'s> {
        let unsaved = |path: &Path| self.open_at(path).map(|document| document.text.clone());
        let unsaved: Unsaved<'_> = &unsaved;
        let Some(path) = path else {
            let name = uri.as_str().rsplit([':', '/']).next().unwrap_or_default();
            let analysis = analyse(&Source::new(name, text), &Alone, self.vocabulary);
            return Checked { lines: vec![Lines::new(text)], uris: vec![uri], analysis };
        };
        let (files, source) =
            ProjectFiles::around(path, text.to_owned(), self.project.as_deref(), unsaved);
        let analysis = analyse(&source, &files, self.vocabulary);
        let uri_at = |file: usize| {
            let path = files.path(&analysis.source(file).name);
            let open = self.open_at(&path).map(|document| document.uri.clone());
            open.or_else(|| uri_of(&path)).unwrap_or_else(|| uri.clone())
        };
        let uris = (0..analysis.files())
            .map(|file| if file == 0 { uri.clone() } else { uri_at(file) })
            .collect();
        let lines = (0..analysis.files()).map(|file| Lines::new(&analysis.source(file).text));
        Checked { lines: lines.collect(), uris, analysis }
    }

    fn open_at(&self, path: &Path) -> Option<&Document> {
        self.documents.values().find(|document| document.path.as_deref() == Some(path))
    }

    /// Every file of the client's folders, and of those that the open files lie in, that holds a
    /// word; those that are open as they are there.
    pub(super) fn with_word(&self, word: &str) -> Vec<Checked<'s>> {
        let mut found = Vec::new();
        for document in self.documents.values().filter(|document| document.text.contains(word)) {
            let (uri, path) = (document.uri.clone(), document.path.as_deref());
            found.push(self.analysed(uri, path, &document.text));
        }
        for path in self.on_disk() {
            let Some(uri) = uri_of(&path).filter(|_| self.open_at(&path).is_none()) else {
                continue;
            };
            if let Ok(text) = std::fs::read_to_string(&path)
                && text.contains(word)
            {
                found.push(self.analysed(uri, Some(&path), &text));
            }
        }
        found
    }

    /// The texts of open files that have a place on disk.
    pub(super) fn unsaved_texts(&self) -> BTreeMap<PathBuf, String> {
        let text = |document: &Document| Some((document.path.clone()?, document.text.clone()));
        self.documents.values().filter_map(text).collect()
    }

    fn on_disk(&self) -> Vec<PathBuf> {
        let beside =
            self.documents.values().filter_map(|document| document.path.as_deref()?.parent());
        let mut folders: Vec<&Path> =
            self.folders.iter().map(PathBuf::as_path).chain(beside).collect();
        folders.extend(self.project.as_deref());
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in folders {
            let entries = walk(folder).filter_map(Result::ok).take(MOST_ENTRIES);
            let files = entries.map(DirEntry::into_path);
            let ours = files.filter(|path| path.extension().is_some_and(|end| end == "msx"));
            found.extend(ours.take(MOST_FILES).map(|path| crate::project::real(&path)));
        }
        found.sort();
        found.dedup();
        found
    }
}

/// What lies in a folder, but for hidden files, those that ignore files name, and caches.
fn walk(folder: &Path) -> ignore::Walk {
    let is_ours = |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let is_made = entry.file_name() == PACKAGES || entry.path().join(CACHE_TAG).exists();
        entry.depth() == 0 || !(is_folder && is_made)
    };
    WalkBuilder::new(folder)
        .require_git(false)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .filter_entry(is_ours)
        .build()
}
