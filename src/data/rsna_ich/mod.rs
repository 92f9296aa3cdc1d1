//! The layout of the RSNA intracranial haemorrhage challenge: a table of images and types of
//! haemorrhage, and one file an image.

mod long;
mod wide;

use super::dicom::pseudonym;
use super::error::DataError;
use super::fold::{FoldInfo, Origin};
use super::pixels::Raster;
use super::random::rank;
use super::scans::{Listing, Patient, Scan};
use super::summary::Dropped;
use super::table::{open, wrong_row};
use rayon::prelude::*;
use std::path::{Component, Path, PathBuf};

/// The types of haemorrhage, in the order of the label vector.
pub const TYPES: [&str; 5] =
    ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural"];

/// The table's sixth type, which says whether there is any haemorrhage.
const ANY: &str = "any";

/// What becomes of it: set where none of the five is.
pub const NO_FINDING: &str = "no finding";

/// What a table must look like.
const HEADER: &str = "the header must be ID,Label, or image, patient and one column a type";

/// Endings that are tried where the table names no file, in this order.
const ENDINGS: [&str; 4] = ["dcm", "png", "jpg", "jpeg"];

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The table.
    pub csv: PathBuf,
    /// The folder of the images.
    pub images: PathBuf,
    /// Most images without a finding that are kept; `None` for all.
    pub most_without: Option<usize>,
    /// Seed of the choice of these.
    pub seed: u64,
}

/// One image of the table.
struct Row {
    image: String,
    patient: Option<String>,
    /// The five types.
    types: [u8; 5],
}

/// A table of either form.
struct Table {
    rows: Vec<Row>,
    /// Rows that say again what others say.
    repeated: usize,
}

/// The images that are kept. In long form (`ID`, `Label`) each image has six rows
/// `ID_<image>_<type>`; in wide form (`image`, `patient`, one column a type) one row.
///
/// Of the images without a finding those with the lowest [`rank`] for the purpose
/// `rsna_ich/no finding` are kept, so that a smaller number is contained in a larger one.
///
/// # Errors
/// The table is missing or contradicts itself, or a file is missing.
pub fn list(challenge: &Challenge) -> Result<Listing, DataError> {
    let (table, read) = read_table(challenge)?;
    // Looking for files takes longer than reading the table, so rows share the threads; the first
    // that is wrong is the one that is named, whatever their number.
    let scans: Vec<Result<Scan, DataError>> =
        table.rows.into_par_iter().map(|row| scan(challenge, row)).collect();
    let scans: Vec<Scan> = scans.into_iter().collect::<Result<_, _>>()?;
    let dropped = vec![Dropped {
        reason: "more images without a finding than asked for".to_owned(),
        count: read - scans.len(),
    }];
    Ok(Listing { findings: findings(), scans, read, repeated_rows: table.repeated, dropped })
}

/// What a table in wide form says of the images that are kept, and their labels,
/// `[count, findings]`. No image is looked for; patients are the pseudonyms that `patient_key`
/// gives them.
///
/// # Errors
/// The table is missing, contradicts itself, or names no patients.
pub fn labels(
    challenge: &Challenge,
    patient_key: &str,
    raster: Raster,
) -> Result<(FoldInfo, Vec<u8>), DataError> {
    let (table, _) = read_table(challenge)?;
    let mut labels = Vec::with_capacity(table.rows.len() * (TYPES.len() + 1));
    let (mut patients, mut sources) = (Vec::new(), Vec::new());
    for row in table.rows {
        labels.extend(row.labels());
        let patient = row.patient.ok_or_else(|| {
            let reason = "it names no patients".to_owned();
            wrong_row(&challenge.csv, None, reason, "add a column `patient`")
        })?;
        patients.push(pseudonym(patient_key, &patient));
        sources.push(row.image);
    }
    let count = sources.len();
    let Raster { side, depth, channels } = raster;
    let (findings, origin) = (findings(), Origin::Real);
    Ok((FoldInfo { findings, side, depth, channels, count, origin, patients, sources }, labels))
}

/// The rows that are kept, and how many images there were.
fn read_table(challenge: &Challenge) -> Result<(Table, usize), DataError> {
    let csv = challenge.csv.as_path();
    let (reader, header) = open(csv)?;
    let is_long = header.len() == 2 && header.iter().any(|name| name.trim() == "Label");
    let mut table =
        if is_long { long::read(csv, reader, &header)? } else { wide::read(csv, reader, &header)? };
    if table.rows.is_empty() {
        let reason = "it has no rows".to_owned();
        return Err(wrong_row(csv, None, reason, "download the table again"));
    }
    let read = table.rows.len();
    if let Some(most) = challenge.most_without {
        let kept = kept_without(&table.rows, most, challenge.seed);
        let mut kept = kept.into_iter();
        table.rows.retain(|row| !row.is_without() || kept.next() == Some(true));
    }
    Ok((table, read))
}

fn findings() -> Vec<String> {
    TYPES.iter().chain([&NO_FINDING]).map(|&name| name.to_owned()).collect()
}

/// The sixth type must say what the five say. `row` is asked for where it does not, because counting
/// lines reads the table again.
fn must_agree(
    csv: &Path,
    row: impl FnOnce() -> Option<u64>,
    image: &str,
    types: &[u8; 5],
    any: u8,
) -> Result<(), DataError> {
    if types.contains(&1) == (any == 1) {
        return Ok(());
    }
    let reason = format!("`any` of {image} is {any}, which its five types contradict");
    Err(wrong_row(csv, row(), reason, "set `any` where one of the five is, and nowhere else"))
}

impl Row {
    fn is_without(&self) -> bool {
        self.types == [0; 5]
    }

    /// The five types, and whether there is none of them.
    fn labels(&self) -> impl Iterator<Item = u8> {
        self.types.into_iter().chain([u8::from(self.is_without())])
    }
}

/// Of each image without a finding, in order, whether it is among the `most` that are kept.
fn kept_without(rows: &[Row], most: usize, seed: u64) -> Vec<bool> {
    let mut ranked: Vec<(u64, &str, usize)> = rows
        .iter()
        .filter(|row| row.is_without())
        .enumerate()
        .map(|(place, row)| {
            (rank(seed, "rsna_ich/no finding", &row.image), row.image.as_str(), place)
        })
        .collect();
    ranked.sort_unstable();
    let mut kept = vec![false; ranked.len()];
    for (_, _, place) in ranked.into_iter().take(most) {
        kept[place] = true;
    }
    kept
}

fn scan(challenge: &Challenge, row: Row) -> Result<Scan, DataError> {
    let wrong = |reason: String, remedy: &str| wrong_row(&challenge.csv, None, reason, remedy);
    let source = find(&challenge.images, &row.image)
        .map_err(|reason| wrong(reason, "name the folder of the images in `images`"))?;
    let path = challenge.images.join(&source);
    let labels = row.labels().collect();
    let patient = match row.patient {
        Some(id) => Patient::Known(id),
        None if super::scans::is_picture(&path) => {
            return Err(wrong(
                format!("nothing says whose image {source} is"),
                "add a column `patient`, or use the DICOM files, so that none is in two folds",
            ));
        }
        None => Patient::Tag,
    };
    Ok(Scan { path, source, labels, patient, split: None })
}

/// The name of an image's file below the folder.
fn find(folder: &Path, image: &str) -> Result<String, String> {
    if !Path::new(image).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("the image `{image}` leads out of {}", folder.display()));
    }
    if folder.join(image).is_file() {
        return Ok(image.to_owned());
    }
    ENDINGS
        .iter()
        .map(|ending| format!("{image}.{ending}"))
        .find(|name| folder.join(name).is_file())
        .ok_or_else(|| {
            let endings = ENDINGS.join(", .");
            format!("{} has no file {image} (.{endings})", folder.display())
        })
}
