//! The RSNA intracranial haemorrhage challenge.

use super::resampling;
use super::scans;
use crate::data::rsna_ich::{Challenge, list};
use crate::data::scans::Frames;
use crate::language::schema::{Field, FieldType, Header, MethodSchema, Variant};
use crate::language::value::{Fields, Value};
use crate::stages::fields::{at_least, dataset_outputs, depth, kept_side};
use crate::stages::{Context, Method, Parameters, Source, StageError};
use std::path::Path;

/// Images without a finding that the seed system keeps.
const MOST_WITHOUT: i64 = 107_365;

/// `dataset NAME: rsna_ich`
pub(in crate::stages) struct RsnaIch;

impl Method for RsnaIch {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "rsna_ich",
            summary: "brain CT in the layout of the RSNA intracranial haemorrhage challenge",
            docs: "Reads the challenge's table, six rows an image with the columns ID \
                   (`ID_<image>_<type>`) and Label, or a table with one row an image and the \
                   columns image, patient, epidural, intraparenchymal, intraventricular, \
                   subarachnoid and subdural, with or without any. Rows that come twice count \
                   once; rows that contradict each other are an error. The label `any` becomes `no \
                   finding`, set where none of the five is. Images are `<image>.dcm`, `.png`, \
                   `.jpg` or `.jpeg` in one folder. Patients come from the table's column, else \
                   from the DICOM files. A window makes values grey; images become square, are \
                   scaled by their own maximum and kept at eight or sixteen bits. Of several \
                   windows (`window: [brain, subdural, bone]`) each becomes a channel. The \
                   defaults are the values of npj Digital Medicine 2021 (arXiv 2012.03769).",
            example: "dataset brain: rsna_ich { csv: \"rsna/stage_2_train.csv\", images: \
                      \"rsna/stage_2_train\", unreadable: skip }",
            revision: 3,
            header: Header::Method,
            fields: fields(),
            outputs: dataset_outputs(),
        }
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let challenge = challenge(parameters, base)?;
        let files = list(&challenge)?.scans.into_iter().map(|scan| scan.path).collect();
        let Challenge { csv, images, .. } = challenge;
        Ok(vec![
            Source { role: "images", base: images, files },
            Source { role: "csv", base: csv.clone(), files: vec![csv] },
        ])
    }

    /// The summary names files that were left out.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let listing = list(&challenge(context.parameters, context.base)?)?;
        scans::run(context, &listing, Frames::Every)
    }
}

fn fields() -> Vec<Field> {
    let most = Fields::from_iter([("count".to_owned(), Value::Int(MOST_WITHOUT))]);
    let no_finding = vec![
        Variant { name: "all", doc: "All of them.", parameters: Vec::new() },
        Variant {
            name: "at_most",
            doc: "So many, in the order of a rank made from the seed and the image's name; a \
                  smaller number is contained in a larger one.",
            parameters: vec![Field::required("count", at_least(0), "How many.")],
        },
    ];
    vec![
        Field::required("csv", FieldType::Path, "The table."),
        Field::required("images", FieldType::Path, "The folder of the images."),
        Field::default(
            "no_finding",
            FieldType::Choice(no_finding),
            Value::Call { name: "at_most".to_owned(), arguments: most },
            "How many images without a finding are kept.",
        ),
        scans::window("brain"),
        scans::unreadable(),
        scans::patient_key(),
        kept_side(),
        depth(),
        resampling(),
        Field::seed(),
    ]
}

fn challenge(parameters: Parameters<'_>, base: &Path) -> Result<Challenge, StageError> {
    let most_without = match parameters.choice("no_finding")? {
        ("at_most", Some(most)) => Some(most.count("count")?),
        _ => None,
    };
    Ok(Challenge {
        csv: base.join(parameters.text("csv")?),
        images: base.join(parameters.text("images")?),
        most_without,
        seed: parameters.seed()?,
    })
}
