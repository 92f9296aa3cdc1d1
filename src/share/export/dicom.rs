//! DICOM files that hold pixels, labels and where they come from, and nothing of a patient.

use super::place::Folder;
use super::{Export, ExportError, Nature, table};
use crate::data::Depth;
use crate::data::dicom::Capture;
use crate::data::subset::FOLDS;
use crate::progress::Monitor;

/// Domain of the identifiers.
const DOMAIN: &str = "msx 2026 export to DICOM";

/// Writes `images/FOLD/000001.dcm` and the table, and gives the number of files. An image has the same
/// identifiers in every export of its result: the result is a study, each fold a series.
pub(super) fn write(
    export: &Export<'_>,
    place: &Folder<'_>,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    check(export)?;
    table::write(export, "dcm", place)?;
    table::create_folders(export, place)?;
    let origins = &export.origins;
    let statement = export.statement();
    let findings = export.findings();
    export.for_each(monitor, |fold, image| {
        let (name, images) = &export.folds[fold];
        let number = FOLDS.iter().position(|output| output == name);
        let labels = images.label_set(image).name(findings);
        let bytes = Capture {
            pixels: &export.image(fold, image),
            raster: export.raster(fold),
            study: identifier(&origins.key, &[]),
            series: identifier(&origins.key, &[name]),
            instance: identifier(&origins.key, &[name, &image.to_string()]),
            series_number: number.map_or(0, |at| at + 1),
            instance_number: image + 1,
            study_description: &format!("msx {}.{}", origins.experiment, origins.stage),
            series_description: name,
            derivation: &statement,
            comments: &format!("findings: {labels}"),
            is_synthetic: origins.nature != Nature::Real,
        }
        .to_bytes()
        .map_err(ExportError::Form)?;
        place.write(&table::path(name, image, "dcm"), &bytes)
    })?;
    Ok(export.folds.iter().map(|(_, fold)| fold.len()).sum::<usize>() + 1)
}

/// Colour files have eight bits: hardly a program shows deeper ones.
fn check(export: &Export<'_>) -> Result<(), ExportError> {
    let is_colour = |at: &usize| !export.raster(*at).channels.is_one();
    match (0..export.folds.len()).find(is_colour) {
        Some(at) if export.depth != Depth::Eight => Err(ExportError::Form(format!(
            "DICOM files of colours hold pixels of 8 bits, these have {} in {}; round them with \
             --depth 8, or choose another form",
            export.depth.bits(),
            export.raster(at).channels
        ))),
        _ => Ok(()),
    }
}

/// 128 bits that stand for a thing of a result's.
fn identifier(key: &str, parts: &[&str]) -> u128 {
    let mut material = key.as_bytes().to_vec();
    for part in parts {
        material.push(0);
        material.extend_from_slice(part.as_bytes());
    }
    let digest = blake3::derive_key(DOMAIN, &material);
    digest.iter().take(16).fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}
