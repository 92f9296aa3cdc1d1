//! `msx stages`

use super::console;
use super::errors::Failure;
use crate::language::manual;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A stage kind, for its full description; without it, a list of all
    kind: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let schemas = crate::stages::schemas();
    let text = match &arguments.kind {
        None => manual::overview(&schemas),
        Some(kind) => manual::kind_page(&schemas, kind).ok_or_else(|| {
            let kinds = schemas.kinds().join(", ");
            Failure::Message(format!("there is no stage kind `{kind}`; the kinds are {kinds}"))
        })?,
    };
    console::text(&text);
    Ok(())
}
