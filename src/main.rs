//! The `msx` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    msx::cli::main()
}
