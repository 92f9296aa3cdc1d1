//! Image files and their labels in a table of any form.

use super::resampling;
use super::{labels, scans};
use crate::data::scans::Frames;
use crate::data::tabled::{Tabled, list};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::Value;
use crate::stages::fields::{dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: csv`
pub(in crate::stages) struct Csv;

impl Method for Csv {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "csv",
            summary: "images named in a table, with one column a finding or with joined names",
            docs: "Each row of the table names an image and says what it shows: in one column a \
                   finding, with 1, 0 or nothing (absent) in each, or in one column that joins the \
                   names of all findings (`Edema|Effusion`). Cells stand between commas, in quotes \
                   where they hold one; a byte order mark and line ends of Windows are passed \
                   over. Images are PNG, JPEG, TIFF or DICOM. They become grey and square, are \
                   scaled by their own maximum and kept at eight or sixteen bits. A table with a \
                   column that seems to name patients needs `patients`; ids are kept as \
                   pseudonyms.",
            example: "dataset chest: csv { table: \"nih/nih.csv\", file_column: \"File\", joined: \
                      { column: \"Finding Labels\" }, patients: column(\"Patient ID\") }",
            revision: 3,
            header: Header::Method,
            fields: fields(),
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let tabled = tabled(parameters, base)?;
        let files = list(&tabled)?.scans.into_iter().map(|scan| scan.path).collect();
        let csv = tabled.table.csv;
        Ok(vec![
            Source { role: "root", base: tabled.root, files },
            Source { role: "table", base: csv.clone(), files: vec![csv] },
        ])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let listing = list(&tabled(context.parameters, context.base)?)?;
        scans::run(context, &listing, Frames::Every)
    }
}

fn fields() -> Vec<Field> {
    let mut fields = vec![
        Field::required("table", FieldType::Path, "The table."),
        labels::file_column("The table's column of paths."),
        Field::optional(
            "root",
            FieldType::Path,
            "The folder that these paths are relative to; without it the table's own. A path that \
             leads out of it is an error.",
        ),
    ];
    fields.extend(labels::findings());
    fields.extend([
        Field::optional(
            "patients",
            FieldType::Choice(labels::patients()),
            "Where patients come from. Without it every file counts as a patient of its own.",
        ),
        Field::default(
            "drop_unlabelled",
            FieldType::Bool,
            Value::Bool(false),
            "Whether rows without a finding are left out.",
        ),
        scans::window("file"),
        scans::unreadable(),
        scans::patient_key(),
        kept_side(),
        depth(),
        resampling(),
    ]);
    fields
}

fn tabled(parameters: Parameters<'_>, base: &Path) -> Result<Tabled, StageError> {
    let csv = base.join(parameters.text("table")?);
    let root = match parameters.get("root") {
        Some(_) => base.join(parameters.text("root")?),
        None => csv.parent().unwrap_or(base).to_owned(),
    };
    Ok(Tabled {
        root,
        patients: labels::chosen_patients(parameters)?,
        drop_unlabelled: parameters.bool("drop_unlabelled")?,
        table: labels::label_table(parameters, csv)?,
    })
}
