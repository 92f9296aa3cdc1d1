//! The seed system's TFRecord files.

use crate::data::tfrecord::{self, Records};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::stages::fields::{dataset_outputs, side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: tfrecord`
pub(in crate::stages) struct TfRecord;

impl Method for TfRecord {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "tfrecord",
            summary: "images at every power of two in TFRecord files, with a file of labels",
            docs: "Reads `<name>-r05.tfrecords` (all images at 32 pixels, 2 to the power of 5; other \
                   sides likewise) and `<name>-rxx.labels`, an array of NumPy's with a row an \
                   image and a column a finding, as the seed system and progressive growing of \
                   GANs keep them. Images are taken byte by byte as they stand there; colour \
                   becomes grey. Checksums are verified. Nothing is known of patients, so every \
                   image counts as a patient of its own.",
            example: "dataset chest: tfrecord { path: \"data/chest-train\", size: 128px, findings: \
                      [\"Edema\", \"Pleural Effusion\"] }",
            revision: 2,
            header: Header::Method,
            fields: vec![
                Field::required("path", FieldType::Path, "The folder."),
                Field::optional(
                    "name",
                    FieldType::Text,
                    "What the names of the files begin with, if the folder holds several sets.",
                ),
                Field::required("size", side(), "Side of the images, one that is there."),
                Field::optional(
                    "findings",
                    FieldType::List(Box::new(FieldType::Text)),
                    "Names of the label columns, in their order; without it their numbers.",
                ),
            ],
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let records = records(parameters, base)?;
        let files = tfrecord::files(&records)?.to_vec();
        Ok(vec![Source { role: "path", base: records.folder, files }])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let records = records(context.parameters, context.base)?;
        let summary = tfrecord::read(&records, &context.output("images")?, context.monitor)?;
        context.write_json("summary", "summary.json", &summary)
    }
}

fn records(parameters: Parameters<'_>, base: &Path) -> Result<Records, StageError> {
    let name = parameters.get("name").map(|_| parameters.text("name")).transpose()?;
    let findings = parameters.get("findings").map(|_| parameters.texts("findings")).transpose()?;
    Ok(Records {
        folder: base.join(parameters.text("path")?),
        name: name.map(str::to_owned),
        side: parameters.size("size")?,
        findings,
    })
}
