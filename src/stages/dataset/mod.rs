//! `dataset`: where images and labels come from.

mod chexpert;
mod csv;
mod dicom;
mod folder;
mod labels;
mod medmnist;
mod nifti;
mod phantom;
mod rsna_ich;
mod scans;
mod tfrecord;

pub(super) use chexpert::Chexpert;
pub(super) use csv::Csv;
pub(super) use dicom::Dicom;
pub(super) use folder::Folder;
pub(super) use medmnist::MedMnist;
pub(super) use nifti::Nifti;
pub(super) use phantom::Phantom;
pub(super) use rsna_ich::RsnaIch;
pub(super) use tfrecord::TfRecord;

use crate::language::schema::{Field, FieldType, Variant};
use crate::language::value::Value;

/// A choice of bare words; the first is the default.
fn choice(name: &'static str, doc: &'static str, words: &[(&'static str, &'static str)]) -> Field {
    let variants =
        words.iter().map(|(name, doc)| Variant { name, doc, parameters: Vec::new() }).collect();
    Field::default(name, FieldType::Choice(variants), Value::word(words[0].0), doc)
}
