//! The table as the challenge gave it out: six rows an image.

use super::{ANY, HEADER, Row, TYPES, Table};
use crate::data::error::DataError;
use crate::data::table::{cell, each_row, line, must_find, wrong_row};
use csv::{Reader, StringRecord};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

/// The five types and whether there is any.
type Labels = [Option<u8>; 6];

pub(super) fn read(
    csv: &Path,
    mut reader: Reader<File>,
    header: &StringRecord,
) -> Result<Table, DataError> {
    let id = must_find(csv, header, "ID", HEADER)?;
    let label = must_find(csv, header, "Label", HEADER)?;
    let mut images: Vec<(String, Labels)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut repeated = 0;
    each_row(csv, &mut reader, |record| {
        let wrong = |reason, remedy| wrong_row(csv, line(csv, record.position()), reason, remedy);
        let (image, place) = split(cell(record, id)).ok_or_else(|| {
            let reason = format!("`{}` is no ID_<image>_<type>", cell(record, id));
            wrong(
                reason,
                "the types are epidural, intraparenchymal, intraventricular, \
                           subarachnoid, subdural and any",
            )
        })?;
        let value = match cell(record, label) {
            "0" => 0,
            "1" => 1,
            other => {
                let reason = format!("the label is `{other}`, which is neither 0 nor 1");
                return Err(wrong(reason, "write 0 or 1"));
            }
        };
        let index = match places.get(image) {
            Some(&index) => index,
            None => {
                places.insert(image.to_owned(), images.len());
                images.push((image.to_owned(), [None; 6]));
                images.len() - 1
            }
        };
        match images[index].1[place].replace(value) {
            Some(before) if before != value => {
                let reason = format!("it contradicts a row above, which says {before} of the same");
                return Err(wrong(reason, "keep the row that is right"));
            }
            Some(_) => repeated += 1,
            None => {}
        }
        Ok(())
    })?;
    let rows = images.into_iter().map(|(image, labels)| row(csv, image, labels));
    Ok(Table { rows: rows.collect::<Result<_, _>>()?, repeated })
}

/// The image's name and the type's place.
fn split(id: &str) -> Option<(&str, usize)> {
    let (image, name) = id.rsplit_once('_')?;
    let place = TYPES.iter().chain([&ANY]).position(|known| *known == name)?;
    (!image.is_empty()).then_some((image, place))
}

fn row(csv: &Path, image: String, labels: Labels) -> Result<Row, DataError> {
    let names = || TYPES.iter().chain([&ANY]);
    let missing: Vec<&str> =
        names().zip(labels).filter(|(_, label)| label.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let reason = format!("{image} has no row for {}", missing.join(", "));
        return Err(wrong_row(csv, None, reason, "download the table again"));
    }
    let all = labels.map(Option::unwrap_or_default);
    let types = [all[0], all[1], all[2], all[3], all[4]];
    super::must_agree(csv, || None, &image, &types, all[5])?;
    Ok(Row { image, patient: None, types })
}
