//! What tells a changed file or folder from an unchanged one without reading it.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Something changed this recently may change again within the clock's grain without a new time
/// stamp, so what is known of it is not remembered.
const DISTRUST_NANOSECONDS: i64 = 2_000_000_000;

/// Size, times and identity of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    modified_nanoseconds: i64,
    changed_nanoseconds: i64,
    inode: u64,
    device: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Stamp {
            size: metadata.len(),
            modified_nanoseconds: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_nanoseconds: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            device: metadata.dev(),
        }
    }

    /// Whether a later change would show. Times of the future, seen after a clock was set back, are
    /// never settled.
    pub(super) fn is_settled(&self) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX));
        now - self.changed_nanoseconds.max(self.modified_nanoseconds) > DISTRUST_NANOSECONDS
    }
}
