//! What an exported folder says of itself: what was exported, and which files belong to the export.

use super::{Export, Form, Origins};
use crate::data::{Channels, Depth, Fold};
use crate::graph::Digest;
use crate::relative_path::RelativePath;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The file by which an exported folder is known for one.
pub const CARD: &str = "export.json";

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Relative to the folder.
    pub(super) path: RelativePath,
    pub(super) bytes: u64,
    /// Of its content.
    pub(super) digest: Digest,
}

/// See the module.
#[derive(Serialize)]
pub(super) struct Card<'a> {
    msx: &'static str,
    form: &'static str,
    #[serde(flatten)]
    origins: &'a Origins,
    statement: String,
    findings: &'a [String],
    depth: Depth,
    folds: Vec<CardFold<'a>>,
    /// All but the card itself, by path.
    pub(super) files: Vec<Listed>,
}

#[derive(Serialize)]
struct CardFold<'a> {
    name: &'a str,
    images: usize,
    side: usize,
    channels: Channels,
}

impl<'a> Card<'a> {
    /// The card of an export before any file was written.
    pub(super) fn of(export: &'a Export<'a>, form: Form) -> Card<'a> {
        let fold = |(name, fold): &'a (String, Fold)| CardFold {
            name,
            images: fold.len(),
            side: fold.info().side,
            channels: fold.info().channels,
        };
        Card {
            msx: env!("CARGO_PKG_VERSION"),
            form: match form {
                Form::Folder => "folder",
                Form::Table => "csv",
                Form::Npz => "npz",
                Form::Dicom => "dicom",
                Form::TfRecord => "tfrecord",
            },
            origins: &export.origins,
            statement: export.statement(),
            findings: export.findings(),
            depth: export.depth,
            folds: export.folds.iter().map(fold).collect(),
            files: Vec::new(),
        }
    }
}

/// The files that the card of a folder lists; nothing where it has no card of ours, or one that lists
/// no files or names outside of the folder.
pub(super) fn listed(folder: &Path) -> Option<Vec<Listed>> {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "what every card has")]
    struct Read {
        msx: String,
        form: String,
        stage: String,
        key: String,
        files: Vec<Listed>,
    }
    let path = folder.join(CARD);
    if !fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let Read { files, .. } = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(files)
}
