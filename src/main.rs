//! The `msx` program.

use std::process::ExitCode;

/// Planning makes many small values; `benches/README.md` has the figures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    msx::cli::main()
}
