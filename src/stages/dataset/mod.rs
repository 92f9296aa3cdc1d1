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

use super::fields::kept_raster;
use super::{Parameters, StageError};
use crate::data::image::{Resampling, Square};
use crate::language::schema::{Field, FieldType, Variant};
use crate::language::value::Value;

/// A choice of bare words; the first is the default.
fn choice(name: &'static str, doc: &'static str, words: &[(&'static str, &'static str)]) -> Field {
    let variants =
        words.iter().map(|(name, doc)| Variant { name, doc, parameters: Vec::new() }).collect();
    Field::default(name, FieldType::Choice(variants), Value::word(words[0].0), doc)
}

/// How the pictures of a data set of the user's become squares.
fn resampling() -> Field {
    choice(
        "resampling",
        "How pictures are made smaller or larger.",
        &[
            (
                "area",
                "The mean of the area that a pixel covers, as in the seed system; linear \
                 interpolation where a picture grows.",
            ),
            (
                "bicubic",
                "Cubic convolution, antialiased: edges stay sharper, and JPEGs take longer.",
            ),
        ],
    )
}

/// What becomes of the pictures of a data set of the user's.
fn kept_square(parameters: Parameters<'_>) -> Result<Square, StageError> {
    let resampling = match parameters.text("resampling")? {
        "bicubic" => Resampling::Bicubic,
        _ => Resampling::Area,
    };
    Ok(Square { raster: kept_raster(parameters)?, resampling })
}
