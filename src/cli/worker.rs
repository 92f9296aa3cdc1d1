//! `msx run-stage`: the other end of `run::worker`, for `msx run` alone. Standard output carries the
//! protocol between the two.

use super::errors::Failure;
use crate::run::serve;
use crate::stages;
use std::io;

pub(super) fn run() -> Result<(), Failure> {
    // Cluster managers signal every process of a job. The runner says when to stop, and its end
    // closes our input.
    ctrlc::set_handler(|| {}).map_err(Failure::new)?;
    let orders = io::BufReader::new(io::stdin());
    // Whoever asked is gone, so nobody waits for the result.
    serve(&stages::methods(), orders, io::stdout(), || std::process::exit(1)).map_err(Failure::new)
}
