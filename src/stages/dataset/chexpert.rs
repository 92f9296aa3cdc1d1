//! The published layout of CheXpert.

use super::choice;
use super::{kept_square, resampling};
use crate::data::chexpert::{self, Policy, Uncertain, View};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::Value;
use crate::stages::fields::{dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: chexpert`
pub(in crate::stages) struct Chexpert;

impl Method for Chexpert {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "chexpert",
            summary: "chest radiographs in the published layout of CheXpert",
            docs: "Reads a table with the columns Path, Sex, Age, Frontal/Lateral, AP/PA and one \
                   column a finding, with 1, 0, -1 (uncertain) or nothing (absent) in each. Paths \
                   are relative to the folder above the table's own, as in the published files, \
                   and name the patient in a part `patient…`. Images become square, are scaled by \
                   their own maximum and kept at eight or sixteen bits.",
            example: "dataset chest: chexpert { csv: \"CheXpert-v1.0-small/train.csv\" }",
            revision: 3,
            header: Header::Method,
            fields: vec![
                Field::required("csv", FieldType::Path, "The table."),
                kept_side(),
                depth(),
                resampling(),
                choice(
                    "uncertain",
                    "What an uncertain label (-1) means.",
                    &[
                        ("positive", "Present; the seed system's policy."),
                        ("negative", "Absent."),
                        ("ignore", "The row is left out."),
                    ],
                ),
                choice(
                    "view",
                    "Which views are read.",
                    &[
                        ("frontal", "Frontal radiographs."),
                        ("lateral", "Lateral radiographs."),
                        ("both", "All radiographs."),
                    ],
                ),
                Field::default(
                    "drop_unlabelled",
                    FieldType::Bool,
                    Value::Bool(true),
                    "Whether rows without a positive finding are left out.",
                ),
            ],
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let csv = base.join(parameters.text("csv")?);
        let images = chexpert::images(&csv, policy(parameters)?)?;
        Ok(vec![
            Source { role: "images", base: chexpert::root(&csv), files: images },
            Source { role: "csv", base: csv.clone(), files: vec![csv] },
        ])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let csv = context.base.join(context.parameters.text("csv")?);
        let policy = policy(context.parameters)?;
        let square = kept_square(context.parameters)?;
        let target = context.output("images")?;
        let summary =
            chexpert::read(&csv, policy, square, &target, context.monitor, context.memory)?;
        context.write_json("summary", "summary.json", &summary)
    }
}

fn policy(parameters: Parameters<'_>) -> Result<Policy, StageError> {
    Ok(Policy {
        uncertain: match parameters.text("uncertain")? {
            "negative" => Uncertain::Negative,
            "ignore" => Uncertain::Ignore,
            _ => Uncertain::Positive,
        },
        view: match parameters.text("view")? {
            "lateral" => View::Lateral,
            "both" => View::Both,
            _ => View::Frontal,
        },
        drop_unlabelled: parameters.bool("drop_unlabelled")?,
    })
}
