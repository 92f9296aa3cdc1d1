//! A folder of DICOM files.

use super::resampling;
use super::{choice, labels, scans};
use crate::data::dicom::collection::{Collection, files_below, list};
use crate::data::labels::LabelTable;
use crate::data::scans::{Frames, Patients};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::Value;
use crate::stages::fields::{dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: dicom`
pub(in crate::stages) struct Dicom;

impl Method for Dicom {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "dicom",
            summary: "DICOM files with labels from a table or from sub-folders",
            docs: "With a `table`, each of its rows names a file and has one column a finding, \
                   with 1, 0 or nothing (absent) in each. Without it every sub-folder's name is a \
                   finding, and the files below carry that one. Samples become modality values \
                   (Rescale Slope and Intercept), a window makes them grey, colour becomes grey by \
                   the luma weights of ITU-R BT.601. Images become square, are scaled by their own \
                   maximum and kept at eight or sixteen bits, with a channel for each window. Read \
                   are uncompressed and deflated files, RLE, JPEG of 8 bits, sequential JPEG of 12 \
                   bits in grey, JPEG lossless, JPEG 2000 and grey JPEG-LS. Names, dates and ids of patients do not enter the cache; \
                   paths of files do.",
            example: "dataset scans: dicom { path: \"data/scans\", table: \"data/labels.csv\", \
                      window: window(centre: 40, width: 400) }",
            revision: 2,
            header: Header::Method,
            fields: fields(),
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let collection = collection(parameters, base)?;
        let folder = collection.folder.clone();
        let Some(labels) = &collection.labels else {
            // Files that are no DICOM files are among them, because the summary counts them.
            let files = files_below(&folder)?;
            return Ok(vec![Source { role: "path", base: folder, files }]);
        };
        let files = list(&collection)?.scans.into_iter().map(|scan| scan.path).collect();
        let csv = labels.csv.clone();
        Ok(vec![
            Source { role: "path", base: folder, files },
            Source { role: "table", base: csv.clone(), files: vec![csv] },
        ])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let frames = match context.parameters.text("frames")? {
            "first" => Frames::First,
            "middle" => Frames::Middle,
            _ => Frames::Every,
        };
        let listing = list(&collection(context.parameters, context.base)?)?;
        scans::run(context, &listing, frames)
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::required("path", FieldType::Path, "The folder."),
        Field::optional("table", FieldType::Path, "A CSV table with one row a file."),
        labels::file_column("The table's column of paths, relative to the folder."),
        Field::optional(
            "findings",
            FieldType::List(Box::new(FieldType::Text)),
            "The table's columns of findings; without it every column but those of files and \
             patients.",
        ),
        Field::default(
            "patients",
            FieldType::Choice(labels::patients()),
            Value::word("tag"),
            "Where patients come from.",
        ),
        scans::patient_key(),
        scans::window("file"),
        choice(
            "frames",
            "Which frames of a file are taken; all of one file carry its findings.",
            &[
                ("every", "All of them."),
                ("first", "The first."),
                ("middle", "The one in the middle; of an even number the later."),
            ],
        ),
        scans::unreadable(),
        kept_side(),
        depth(),
        resampling(),
    ]
}

fn collection(parameters: Parameters<'_>, base: &Path) -> Result<Collection, StageError> {
    let labels = match parameters.get("table") {
        None => None,
        Some(_) => {
            let csv = base.join(parameters.text("table")?);
            let mut table = LabelTable::new(csv, parameters.text("file_column")?);
            if parameters.get("findings").is_some() {
                table.findings = Some(parameters.texts("findings")?);
            }
            Some(table)
        }
    };
    let patients = labels::chosen_patients(parameters)?.unwrap_or(Patients::Tag);
    Ok(Collection { folder: base.join(parameters.text("path")?), labels, patients })
}
