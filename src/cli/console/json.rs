//! JSON on standard output, for machines.

use super::super::errors::Failure;
use super::visible::visible_json;
use serde::Serialize;

/// One document over several lines. A reader that went away is no failure.
pub(in crate::cli) fn document<T: Serialize>(value: &T) -> Result<(), Failure> {
    print(serde_json::to_string_pretty(value))
}

/// One object on a line of its own, as for [`document`].
pub(in crate::cli) fn line<T: Serialize>(value: &T) -> Result<(), Failure> {
    print(serde_json::to_string(value))
}

fn print(text: serde_json::Result<String>) -> Result<(), Failure> {
    let text = text.map_err(Failure::new)?;
    super::write_out(&format!("{}\n", visible_json(&text)))
}
