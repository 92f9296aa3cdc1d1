//! Large files that go to the disk while they are still written.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::panic;
use std::thread::{self, JoinHandle};

/// Bytes that are written before the disk is told to take them.
const SHARE: usize = 16 << 20;

/// A file that whoever publishes it will synchronise when it is whole, and would have to wait for all of
/// it. So the disk takes every share on another thread while the next one is made.
pub(super) struct WrittenBehind {
    file: BufWriter<File>,
    /// Bytes since the disk was told last.
    new: usize,
    under_way: Option<JoinHandle<io::Result<()>>>,
}

impl WrittenBehind {
    pub(super) fn new(file: File) -> WrittenBehind {
        WrittenBehind { file: BufWriter::new(file), new: 0, under_way: None }
    }

    /// Waits for what is under way. The system tells an error of the disk once, so it must be heard.
    pub(super) fn wait(&mut self) -> io::Result<()> {
        let ended = self.under_way.take().map(JoinHandle::join);
        ended.map_or(Ok(()), |ended| ended.unwrap_or_else(|panic| panic::resume_unwind(panic)))
    }

    /// Tells the disk to take what there is, unless it is still busy with the last share.
    fn hand_over(&mut self) -> io::Result<()> {
        if self.under_way.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        self.wait()?;
        self.file.flush()?;
        let file = self.file.get_ref().try_clone()?;
        // Where the system has no thread for it, the end takes longer.
        self.under_way = thread::Builder::new().spawn(move || file.sync_data()).ok();
        self.new = 0;
        Ok(())
    }
}

impl Write for WrittenBehind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.new += written;
        if self.new >= SHARE {
            self.hand_over()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for WrittenBehind {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}
