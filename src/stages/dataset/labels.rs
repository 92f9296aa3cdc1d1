//! Fields that say how a table names files, findings and patients.

use super::choice;
use crate::data::labels::{Joined, LabelTable, Repeated};
use crate::data::scans::Patients;
use crate::language::schema::{Field, FieldType, Variant};
use crate::language::value::Value;
use crate::stages::{Parameters, StageError};
use std::path::PathBuf;

/// The column of files.
pub(super) fn file_column(doc: &'static str) -> Field {
    Field::default("file_column", FieldType::Text, Value::Text("path".to_owned()), doc)
}

/// Where patients come from.
pub(super) fn patients() -> Vec<Variant> {
    let word = |name, doc| Variant { name, doc, parameters: Vec::new() };
    vec![
        word("tag", "From each DICOM file's Patient ID (0010,0020)."),
        Variant {
            name: "column",
            doc: "From a column of the table.",
            parameters: vec![Field::required("name", FieldType::Text, "The column.")],
        },
        word("file", "Every file counts as a patient of its own."),
    ]
}

/// The choice of [`patients`], where one was made.
pub(super) fn chosen_patients(parameters: Parameters<'_>) -> Result<Option<Patients>, StageError> {
    if parameters.get("patients").is_none() {
        return Ok(None);
    }
    Ok(Some(match parameters.choice("patients")? {
        ("column", Some(column)) => Patients::Column(column.text("name")?.to_owned()),
        ("file", _) => Patients::File,
        _ => Patients::Tag,
    }))
}

/// How findings are found in a table, for every table that is not published in one form.
pub(super) fn findings() -> Vec<Field> {
    let text = |name, doc| Field::required(name, FieldType::Text, doc);
    let joined = vec![
        text("column", "The column."),
        Field::default(
            "separator",
            FieldType::Text,
            Value::Text("|".to_owned()),
            "What stands between two names.",
        ),
        Field::optional(
            "none",
            FieldType::Text,
            "The name that says that there is no finding. Without it that name is a finding like \
             any other. With it a blank cell is an error.",
        ),
    ];
    let names = vec![text("from", "The table's name."), text("to", "The name here.")];
    vec![
        Field::optional(
            "joined",
            FieldType::Record(joined),
            "The column that holds the names of all findings of a row. Without it every finding \
             has a column of its own, with 1, 0 or nothing (absent) in each row.",
        ),
        Field::optional(
            "findings",
            FieldType::List(Box::new(FieldType::Text)),
            "The findings that are kept, in this order. Without it: every column but those of \
             files, patients and folds, or every name that `joined` finds, in the order of names.",
        ),
        Field::optional(
            "rename",
            FieldType::List(Box::new(FieldType::Record(names))),
            "What findings are called here. Several may become one, which is there where any of \
             them is.",
        ),
        Field::optional(
            "split_column",
            FieldType::Text,
            "The column of the folds that the data set was published with, train, valid or test, \
             for `subset` with `folds: published`.",
        ),
        choice(
            "repeated",
            "What becomes of rows that name a file again.",
            &[
                ("error", "The stage fails and names both lines."),
                ("once", "Rows that say the same count once; those that do not are an error."),
                ("join", "Their findings are put together, as for tables with one row a finding."),
            ],
        ),
    ]
}

/// The table `csv` under the fields of [`file_column`] and [`findings`].
pub(super) fn label_table(
    parameters: Parameters<'_>,
    csv: PathBuf,
) -> Result<LabelTable, StageError> {
    let mut table = LabelTable::new(csv, parameters.text("file_column")?);
    if parameters.get("joined").is_some() {
        let joined = parameters.record("joined")?;
        let separator = joined.text("separator")?.to_owned();
        if separator.trim().is_empty() && separator != " " {
            return Err(StageError::message(
                "`joined` has a blank `separator`; write what stands between two names, such as |",
            ));
        }
        let none = joined.get("none").map(|_| joined.text("none")).transpose()?;
        let column = joined.text("column")?.to_owned();
        table.joined = Some(Joined { column, separator, none: none.map(str::to_owned) });
    }
    if parameters.get("findings").is_some() {
        table.findings = Some(parameters.texts("findings")?);
    }
    if parameters.get("rename").is_some() {
        for name in parameters.records("rename")? {
            table.rename.push((name.text("from")?.to_owned(), name.text("to")?.to_owned()));
        }
    }
    if parameters.get("split_column").is_some() {
        table.split_column = Some(parameters.text("split_column")?.to_owned());
    }
    table.repeated = match parameters.text("repeated")? {
        "once" => Repeated::Once,
        "join" => Repeated::Join,
        _ => Repeated::Refuse,
    };
    Ok(table)
}
