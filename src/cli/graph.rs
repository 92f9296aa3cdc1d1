//! `msx graph`

use super::errors::Failure;
use super::{FileArguments, GoalArguments, console, load};
use crate::graph;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    goals: GoalArguments,
    /// The drawing language
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Graphviz: pipe into `dot -Tsvg`
    Dot,
    /// Mermaid: paste into Markdown
    Mermaid,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let text = match arguments.format {
        Format::Dot => graph::dot(&loaded.graph),
        Format::Mermaid => graph::mermaid(&loaded.graph),
    };
    console::text(&text);
    Ok(())
}
