//! The header of a CheXpert table.

use crate::data::error::DataError;
use crate::data::table::{must_find, refuse_repeated_names, wrong_row};
use csv::StringRecord;
use std::path::Path;

/// Columns before the findings; every column after the last of them is a finding.
const COLUMNS: [&str; 5] = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"];

/// Where the columns that are read stand.
pub(super) struct Columns {
    pub(super) path: usize,
    pub(super) view: usize,
    /// Position and name of each finding.
    pub(super) findings: Vec<(usize, String)>,
}

impl Columns {
    pub(super) fn find(csv: &Path, header: &StringRecord) -> Result<Columns, DataError> {
        let remedy = "the header must be that of CheXpert: Path, Sex, Age, Frontal/Lateral, AP/PA, \
                      then findings";
        let positions: Vec<usize> = COLUMNS
            .iter()
            .map(|name| must_find(csv, header, name, remedy))
            .collect::<Result<_, _>>()?;
        let last = positions.iter().copied().max().unwrap_or(0);
        let findings: Vec<(usize, String)> = header
            .iter()
            .enumerate()
            .skip(last + 1)
            .map(|(column, name)| (column, name.trim().to_owned()))
            .collect();
        if findings.is_empty() {
            return Err(wrong_row(
                csv,
                Some(1),
                "there is no finding behind `AP/PA`".to_owned(),
                "add one column a finding",
            ));
        }
        refuse_repeated_names(csv, findings.iter().map(|(_, name)| name.as_str()))?;
        Ok(Columns { path: positions[0], view: positions[3], findings })
    }
}
