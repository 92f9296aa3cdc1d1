//! Fields that the methods for medical images share: window, patients, what cannot be read.

use super::choice;
use super::kept_square;
use crate::data::Channels;
use crate::data::dicom::Window;
use crate::data::scans::{Frames, Keeping, Listing, Reading, write};
use crate::language::schema::{Field, FieldType, Variant};
use crate::language::value::Value;
use crate::stages::{Context, Parameters, StageError};

/// Windows by name, as centre and width in Hounsfield units.
const BRAIN: (f64, f64) = (40.0, 80.0);
const SUBDURAL: (f64, f64) = (80.0, 200.0);
const BONE: (f64, f64) = (600.0, 2800.0);

/// The windows that are shown; `default` is one of their words.
pub(super) fn window(default: &str) -> Field {
    let number = |name, min, doc| Field::required(name, FieldType::Float { min, max: 1e6 }, doc);
    let word = |name, doc| Variant { name, doc, parameters: Vec::new() };
    let variants = vec![
        word("file", "The first window that the file names; without one, all values."),
        word("full", "All values, from the image's least to its greatest."),
        word("brain", "Centre 40, width 80."),
        word("subdural", "Centre 80, width 200."),
        word("bone", "Centre 600, width 2800."),
        Variant {
            name: "window",
            doc: "A window of your own, in units of the file (Hounsfield units for CT).",
            parameters: vec![
                number("centre", -1e6, "The middle of the window."),
                number("width", 1.0, "From black to white."),
            ],
        },
    ];
    let several =
        FieldType::Several { of: Box::new(FieldType::Choice(variants)), most: Channels::MOST };
    Field::default(
        "window",
        several,
        Value::word(default),
        "Which values a DICOM file shows, from black to white. Inverted files (MONOCHROME1) are \
         turned round. Afterwards every image is scaled by its own maximum, as in every data set. \
         Of several windows each becomes a channel of the images, as it would be alone; pictures \
         have none.",
    )
}

/// What becomes of files that cannot be read.
pub(super) fn unreadable() -> Field {
    choice(
        "unreadable",
        "What becomes of files that cannot be decoded.",
        &[
            ("error", "The stage fails and names the file."),
            ("skip", "They are left out, listed in the summary."),
        ],
    )
}

/// The key of the pseudonyms of patients.
pub(super) fn patient_key() -> Field {
    Field::default(
        "patient_key",
        FieldType::Text,
        Value::Text("msx".to_owned()),
        "Patient ids are kept as 128 bits of blake3, keyed by this text: nobody reads them by \
         chance, and the same patient is the same in every data set of one key. The key stands in \
         this file and in the cache, so it hides ids from nobody who can guess them and has \
         either. Pages, locks and bundles withhold it.",
    )
    .secret()
}

/// How files become images, `frames` of each.
pub(super) fn reading(parameters: Parameters<'_>, frames: Frames) -> Result<Reading, StageError> {
    let windows = windows(parameters)?;
    Ok(Reading { keeping: keeping(parameters)?, windows, frames })
}

/// The windows, none of which shows what another shows.
fn windows(parameters: Parameters<'_>) -> Result<Vec<Window>, StageError> {
    let fixed = |(centre, width): (f64, f64)| Window::Fixed { centre, width };
    let mut windows = Vec::new();
    for chosen in parameters.choices("window")? {
        let window = match chosen {
            ("full", _) => Window::Full,
            ("brain", _) => fixed(BRAIN),
            ("subdural", _) => fixed(SUBDURAL),
            ("bone", _) => fixed(BONE),
            ("window", Some(own)) => fixed((own.float("centre")?, own.float("width")?)),
            _ => Window::File,
        };
        if windows.contains(&window) {
            return Err(StageError::message(
                "two windows of `window` show the same values; leave one out",
            ));
        }
        windows.push(window);
    }
    Ok(windows)
}

/// What becomes of files of every kind.
pub(super) fn keeping(parameters: Parameters<'_>) -> Result<Keeping, StageError> {
    Ok(Keeping {
        square: kept_square(parameters)?,
        skip_unreadable: parameters.text("unreadable")? == "skip",
        patient_key: parameters.text("patient_key")?.to_owned(),
    })
}

/// Reads the files and writes both outputs.
pub(super) fn run(
    context: &Context<'_>,
    listing: &Listing,
    frames: Frames,
) -> Result<(), StageError> {
    let reading = reading(context.parameters, frames)?;
    let summary =
        write(listing, &reading, &context.output("images")?, context.monitor, context.memory)?;
    context.write_json("summary", "summary.json", &summary)
}
