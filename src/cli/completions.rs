//! `msx completions`

use super::errors::Failure;
use super::{Cli, console};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "msx", &mut script);
    console::hand_on(&String::from_utf8(script).map_err(Failure::new)?)
}
