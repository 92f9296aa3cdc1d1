//! What a run asks of its cache and its machine, found out on other threads while the experiment is
//! read. Nothing of it is taken for true without a look: it spares reading, not checking.

use crate::store::{IndexAhead, PastRun, Store};
use std::path::Path;

/// See the module.
pub struct Ahead {
    /// For [`Session::with_index`](super::Session::with_index).
    pub index: IndexAhead,
    /// For [`Settings::past`](super::Settings::past).
    pub past: PastRun,
}

impl Ahead {
    /// Begins. `file` is the experiment file, absolute.
    pub fn begin(store: &Store, file: &Path) -> Ahead {
        let past = store.past_run(file);
        let reader = past.clone();
        // In the order in which a run asks.
        let then = move || {
            reader.history();
            // The system tells of its processors in hundreds of small files.
            super::platform();
        };
        Ahead { index: store.index_ahead(then), past }
    }
}
