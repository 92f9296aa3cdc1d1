//! The table with one row an image, as many who work with the challenge keep it.

use super::{ANY, HEADER, Row, TYPES, Table};
use crate::data::error::DataError;
use crate::data::table::{cell, each_row, find, line, must_find, patient_of, present, wrong_row};
use csv::{Reader, StringRecord};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

pub(super) fn read(
    csv: &Path,
    mut reader: Reader<File>,
    header: &StringRecord,
) -> Result<Table, DataError> {
    let image = must_find(csv, header, "image", HEADER)?;
    let patient = find(header, "patient");
    let types: Vec<usize> = TYPES
        .iter()
        .map(|name| must_find(csv, header, name, HEADER))
        .collect::<Result<_, DataError>>()?;
    let any = find(header, ANY);
    let mut table = Table { rows: Vec::new(), repeated: 0 };
    let mut places: HashMap<String, usize> = HashMap::new();
    each_row(csv, &mut reader, |record| {
        let here = || line(csv, record.position());
        let mut found = [0; 5];
        for (place, &column) in types.iter().enumerate() {
            found[place] = present(csv, record, column, TYPES[place])?;
        }
        let name = cell(record, image).to_owned();
        if let Some(column) = any {
            super::must_agree(csv, here, &name, &found, present(csv, record, column, ANY)?)?;
        }
        let patient = patient.map(|column| patient_of(csv, record, column)).transpose()?;
        let row = Row { image: name.clone(), patient, types: found };
        match places.get(&name).map(|&before| &table.rows[before]) {
            Some(before) if (before.types, &before.patient) != (row.types, &row.patient) => {
                let reason = format!("it contradicts a row above of the image {}", row.image);
                return Err(wrong_row(csv, here(), reason, "keep the row that is right"));
            }
            Some(_) => table.repeated += 1,
            None => {
                places.insert(name, table.rows.len());
                table.rows.push(row);
            }
        }
        Ok(())
    })?;
    Ok(table)
}
