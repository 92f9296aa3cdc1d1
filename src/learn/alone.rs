//! One differentiation at a time in a process.

use std::sync::{Mutex, MutexGuard, PoisonError};

static DIFFERENTIATING: Mutex<()> = Mutex::new(());

/// Held while a process differentiates.
#[derive(Debug)]
pub struct Alone {
    _guard: MutexGuard<'static, ()>,
}

/// Waits until nobody else in this process differentiates, and keeps others out until dropped.
///
/// burn 0.21 keeps the graphs of a whole process in one place, and a backward pass on one thread can
/// free what another thread is still building: a gradient is then lost without a word
/// (tracel-ai/burn#5573, mended after 0.21). Every training holds this from its first step to its
/// last, so trainings side by side need processes of their own.
pub fn alone() -> Alone {
    // Nothing is behind the lock that a panic could have left half done.
    Alone { _guard: DIFFERENTIATING.lock().unwrap_or_else(PoisonError::into_inner) }
}
