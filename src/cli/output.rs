//! JSON on standard output, for machines.

use super::errors::Failure;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// One document over several lines. A reader that went away is no failure.
pub(super) fn document<T: Serialize>(value: &T) -> Result<(), Failure> {
    print(serde_json::to_string_pretty(value))
}

/// One object on a line of its own, as for [`document`].
pub(super) fn line<T: Serialize>(value: &T) -> Result<(), Failure> {
    print(serde_json::to_string(value))
}

fn print(text: serde_json::Result<String>) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{}", text.map_err(Failure::new)?) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Message(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
