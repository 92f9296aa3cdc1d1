//! Slices of NIfTI volumes.

use super::resampling;
use super::{choice, labels, scans};
use crate::data::nifti::{
    Axis, Collection, Range, Rows, Slicing, Table, Which, list, volumes_below,
};
use crate::data::scans::{Patients, write_as};
use crate::language::schema::{Field, FieldType, Header, MethodSchema, Variant};
use crate::language::value::{Dimension, Value};
use crate::stages::fields::{at_least, dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// `dataset NAME: nifti`
pub(in crate::stages) struct Nifti;

impl Method for Nifti {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "nifti",
            summary: "slices of NIfTI volumes, labelled by a table or by sub-folders",
            docs: "Reads .nii and .nii.gz files (NIfTI-1 and NIfTI-2, grey, whole or real \
                   numbers), scaled by their slope and intercept. Every slice that is taken is an \
                   image with the labels of its volume. Labels come from a table with one row a \
                   file or a patient, or else every sub-folder's name is a finding. Axial, coronal \
                   and sagittal slices are found by the file's sform, else its qform, and shown \
                   with the patient's right on the left. Of a series of volumes the first is read. \
                   Slices become square, are scaled by their own maximum and kept at eight or \
                   sixteen bits.",
            example: "dataset brains: nifti { path: \"data/oasis\", table: \
                      \"data/participants.tsv\", file_column: \"participant_id\", rows: patients, \
                      findings: [\"dementia\"], slices: between(from: 30%, to: 70%, step: 4) }",
            revision: 2,
            header: Header::Method,
            fields: fields(),
            outputs: dataset_outputs(),
        }
    }

    /// A volume as numbers, and its samples while they are read.
    fn memory(&self, _: Parameters<'_>) -> u64 {
        1 << 30
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let collection = collection(parameters, base)?;
        let folder = collection.folder.clone();
        // Without a table the files that are no volumes are counted, and with one by files alone
        // those that it names are read.
        let files = match &collection.table {
            Some(Table { rows: Rows::Files, .. }) => {
                list(&collection)?.scans.into_iter().map(|scan| scan.path).collect()
            }
            _ => volumes_below(&folder)?.0,
        };
        let mut sources = vec![Source { role: "path", base: folder, files }];
        if let Some(Table { labels, .. }) = collection.table {
            let csv = labels.csv;
            sources.push(Source { role: "table", base: csv.clone(), files: vec![csv] });
        }
        Ok(sources)
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let listing = list(&collection(context.parameters, context.base)?)?;
        let slicing = slicing(context.parameters)?;
        let keeping = scans::keeping(context.parameters)?;
        let target = context.output("images")?;
        let summary =
            write_as(&listing, &slicing, &keeping, &target, context.monitor, context.memory)?;
        context.write_json("summary", "summary.json", &summary)
    }
}

fn fields() -> Vec<Field> {
    let mut fields = vec![
        Field::required("path", FieldType::Path, "The folder."),
        Field::optional(
            "table",
            FieldType::Path,
            "A CSV table, or one with tabs whose name ends in .tsv.",
        ),
        labels::file_column(
            "The table's column of paths, relative to the folder, or of patients if `rows` says so.",
        ),
        choice(
            "rows",
            "What the rows of the table are about.",
            &[
                ("files", "One volume each."),
                (
                    "patients",
                    "All volumes in a folder that is named after the patient, or whose names are \
                     the patient's or begin with it and `_`. Volumes of others are left out.",
                ),
            ],
        ),
    ];
    fields.extend(labels::findings());
    let no_tag = labels::patients().into_iter().filter(|variant| variant.name != "tag");
    fields.extend([
        Field::optional(
            "patients",
            FieldType::Choice(no_tag.collect()),
            "Where patients come from, if rows are about files. Without it every volume counts as \
             a patient of its own.",
        ),
        choice(
            "axis",
            "What slices are perpendicular to.",
            &[
                ("axial", "From below to above, front at the top."),
                ("coronal", "From back to front, head at the top."),
                ("sagittal", "From left to right, head at the top, front on the left."),
                ("first", "The file's first axis, the others as they are stored."),
                ("second", "Its second."),
                ("third", "Its third."),
            ],
        ),
        slices(),
        window(),
        scans::unreadable(),
        scans::patient_key(),
        kept_side(),
        depth(),
        resampling(),
    ]);
    fields
}

fn share(name: &'static str, doc: &'static str) -> Field {
    let ty = FieldType::Quantity { dimension: Dimension::Fraction, min: 0.0, max: 1.0 };
    Field::required(name, ty, doc)
}

fn slices() -> Field {
    let word = |name, doc| Variant { name, doc, parameters: Vec::new() };
    let variants = vec![
        word("all", "All of them."),
        word("middle", "The one in the middle; of an even number the later."),
        Variant {
            name: "between",
            doc: "Those whose middle lies in a part of the way along the axis.",
            parameters: vec![
                share("from", "Where the part begins."),
                share("to", "Where it ends."),
                Field::default("step", at_least(1), Value::Int(1), "One of so many is taken."),
            ],
        },
    ];
    let doc = "Which slices are taken; all of one volume carry its findings.";
    Field::default("slices", FieldType::Choice(variants), Value::word("all"), doc)
}

fn window() -> Field {
    let number = |name, min, doc| Field::required(name, FieldType::Float { min, max: 1e6 }, doc);
    let variants = vec![
        Variant {
            name: "full",
            doc: "All values, from the volume's least to its greatest.",
            parameters: Vec::new(),
        },
        Variant {
            name: "window",
            doc: "A window in units of the file (Hounsfield units for CT).",
            parameters: vec![
                number("centre", -1e6, "The middle of the window."),
                number("width", 1e-6, "From black to white."),
            ],
        },
        Variant {
            name: "percentiles",
            doc: "Between two percentiles of the volume's values, by nearest rank.",
            parameters: vec![share("low", "Black."), share("high", "White.")],
        },
    ];
    Field::default(
        "window",
        FieldType::Choice(variants),
        Value::word("full"),
        "Which values are shown, from black to white, the same for all slices of a volume. \
         Afterwards every image is scaled by its own maximum, as in every data set.",
    )
}

fn slicing(parameters: Parameters<'_>) -> Result<Slicing, StageError> {
    let axis = match parameters.text("axis")? {
        "coronal" => Axis::Coronal,
        "sagittal" => Axis::Sagittal,
        "first" => Axis::Stored(0),
        "second" => Axis::Stored(1),
        "third" => Axis::Stored(2),
        _ => Axis::Axial,
    };
    let ordered = |field: &str, low: f64, high: f64| match low < high {
        true => Ok((low, high)),
        false => Err(StageError::message(format!(
            "`{field}` ends at {high}, before it begins at {low}; write the smaller share first"
        ))),
    };
    let which = match parameters.choice("slices")? {
        ("middle", _) => Which::Middle,
        ("between", Some(part)) => {
            let (from, to) = ordered("slices", part.float("from")?, part.float("to")?)?;
            Which::Between { from, to, step: part.count("step")? }
        }
        _ => Which::All,
    };
    let range = match parameters.choice("window")? {
        ("window", Some(own)) => {
            Range::Fixed { centre: own.float("centre")?, width: own.float("width")? }
        }
        ("percentiles", Some(part)) => {
            let (low, high) = ordered("window", part.float("low")?, part.float("high")?)?;
            Range::Percentiles { low, high }
        }
        _ => Range::Full,
    };
    Ok(Slicing { axis, which, range })
}

fn collection(parameters: Parameters<'_>, base: &Path) -> Result<Collection, StageError> {
    let table = match parameters.get("table") {
        None => None,
        Some(_) => Some(Table {
            labels: labels::label_table(parameters, base.join(parameters.text("table")?))?,
            rows: match parameters.text("rows")? {
                "patients" => Rows::Patients,
                _ => Rows::Files,
            },
        }),
    };
    let patients = labels::chosen_patients(parameters)?.unwrap_or(Patients::File);
    Ok(Collection { folder: base.join(parameters.text("path")?), table, patients })
}
