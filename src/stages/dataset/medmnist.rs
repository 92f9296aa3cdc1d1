//! MedMNIST.

use super::{kept_square, resampling};
use crate::data::medmnist::{self, Options};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::Value;
use crate::stages::fields::{dataset_outputs, depth, side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: medmnist`
pub(in crate::stages) struct MedMnist;

impl Method for MedMnist {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "medmnist",
            summary: "MedMNIST, as an .npz archive or as the folder that its package saves",
            docs: "Reads an archive with the arrays `train_images`, `train_labels` and the same \
                   for `val` and `test`, of grey or coloured images of any side, or a folder of \
                   images named `train17_3.png` as the package `medmnist` saves them. One label an \
                   image is the number of its class, several are findings that are there or not. \
                   `subset` with `folds: published` takes the folds of the archive. Nothing is \
                   known of patients, so every image counts as a patient of its own. Images become \
                   grey, are scaled by their own maximum and kept at eight or sixteen bits. \
                   Volumes (MedMNIST3D) are refused.",
            example: "dataset lungs: medmnist { path: \"data/chestmnist_64.npz\", size: 64px }",
            revision: 3,
            header: Header::Method,
            fields: vec![
                Field::required("path", FieldType::Path, "The archive or the folder."),
                Field::optional(
                    "names",
                    FieldType::List(Box::new(FieldType::Text)),
                    "Names of the classes or findings, in the order of their numbers. Without it: \
                     those of the published data set that the file or folder is named after \
                     (`pathmnist_128.npz`), or else the numbers.",
                ),
                Field::default(
                    "drop_unlabelled",
                    FieldType::Bool,
                    Value::Bool(false),
                    "Whether images with none of several findings are left out.",
                ),
                Field::default(
                    "size",
                    side(),
                    Value::pixels(32.0),
                    "Side that images are kept at; subsets halve it.",
                ),
                depth(),
                resampling(),
            ],
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let path = base.join(parameters.text("path")?);
        let files = medmnist::files(&path)?;
        Ok(vec![Source { role: "path", base: path, files }])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let parameters = context.parameters;
        let names = parameters.get("names").map(|_| parameters.texts("names")).transpose()?;
        let options = Options {
            names,
            drop_unlabelled: parameters.bool("drop_unlabelled")?,
            square: kept_square(parameters)?,
        };
        let path = context.base.join(parameters.text("path")?);
        let target = context.output("images")?;
        let summary = medmnist::read(&path, &options, &target, context.monitor, context.memory)?;
        context.write_json("summary", "summary.json", &summary)
    }
}
