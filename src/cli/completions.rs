//! `msx completions`

use super::Cli;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::io;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "msx", &mut io::stdout());
}
