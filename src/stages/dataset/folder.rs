//! A folder with one sub-folder a class.

use super::{kept_square, resampling};
use crate::data::folder;
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::stages::fields::{dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: folder`
pub(in crate::stages) struct Folder;

impl Method for Folder {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "folder",
            summary: "a folder with one sub-folder of PNG, JPEG or TIFF images a class",
            docs: "Each sub-folder's name is a finding, and each of its images carries that one \
                   finding. Images become grey and square, are scaled by their own maximum and \
                   kept at eight or sixteen bits. Other files are counted and left out, hidden \
                   ones are passed over. Nothing is known of patients, so every image counts as a \
                   patient of its own.",
            example: "dataset hands: folder { path: \"data/mednist\", size: 64px }",
            revision: 3,
            header: Header::Method,
            fields: vec![
                Field::required("path", FieldType::Path, "The folder."),
                kept_side(),
                depth(),
                resampling(),
            ],
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let root = base.join(parameters.text("path")?);
        let files = folder::files(&root).map_err(StageError::other)?;
        Ok(vec![Source { role: "path", base: root, files }])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let root = context.base.join(context.parameters.text("path")?);
        let square = kept_square(context.parameters)?;
        let target = context.output("images")?;
        let summary = folder::read(&root, square, &target, context.monitor, context.memory)?;
        context.write_json("summary", "summary.json", &summary)
    }
}
