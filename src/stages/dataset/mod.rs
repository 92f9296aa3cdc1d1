//! `dataset`: where images and labels come from.

mod chexpert;
mod dicom;
mod folder;
mod phantom;
mod rsna_ich;
mod scans;

pub(super) use chexpert::Chexpert;
pub(super) use dicom::Dicom;
pub(super) use folder::Folder;
pub(super) use phantom::Phantom;
pub(super) use rsna_ich::RsnaIch;

use crate::language::schema::{Field, FieldType, Variant};
use crate::language::value::Value;

/// A choice of bare words; the first is the default.
fn choice(name: &'static str, doc: &'static str, words: &[(&'static str, &'static str)]) -> Field {
    let variants =
        words.iter().map(|(name, doc)| Variant { name, doc, parameters: Vec::new() }).collect();
    Field::default(name, FieldType::Choice(variants), Value::word(words[0].0), doc)
}
