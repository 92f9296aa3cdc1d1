//! The `msx` program.

use std::process::ExitCode;

/// Planning makes many small values; this takes a third of the time off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    msx::cli::main()
}
