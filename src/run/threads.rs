//! The threads that are not a stage's own: they plan, hash and read.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// Lets the thread that calls it work in the pool of the process instead of waiting for it. Every thread
/// begins with memory of its own, and the first touch of memory is much of what a plan takes.
pub fn take_part() {
    // What other threads hand to the pool is done while this one waits for something else.
    let threads = available_parallelism().map_or(2, NonZeroUsize::get).max(2);
    // A pool that is there already stays as it is.
    let _ =
        rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global();
}
