//! Receipts: how a run in which nothing changed is told from any other without planning it.
//!
//! What a run finds follows from the program, what it is asked, the texts of the language, the user's
//! files and what is in the cache. A receipt holds each of these as a run that found everything saw
//! it, and answers for another run that sees the same.

use super::event::{Event, Observer};
use super::schedule::{Ending, Outcome};
use super::session::{Session, digests};
use crate::graph::Digest;
use crate::language::{Source, Sources};
use crate::learn::device::Device;
use crate::project::Imported;
use crate::stages::{ByName, Method, Parameters};
use crate::store::{self, FileMemo, LastRun, ReadFiles, ReadText, Receipt, Store};
use std::path::Path;
use std::time::Instant;

const ASKED_DOMAIN: &str = "msx 2026 run asked";
const TEXT_DOMAIN: &str = "msx 2026 text";

/// All that is asked of a run beside the text of files, as one digest: `words` as they were given, and
/// the program and machine that answer. Nothing where the program cannot be told from another.
pub fn asked(device: Device, words: &[String]) -> Option<Digest> {
    let program = Path::new("/proc/self/exe");
    let program = match program.exists() {
        true => store::identity(program)?,
        false => store::identity(&std::env::current_exe().ok()?)?,
    };
    let around = [program.hex(), super::platform(), device.to_string()];
    Some(of_parts(ASKED_DOMAIN, around.iter().chain(words)))
}

/// A run that is about to begin.
pub struct Question<'a> {
    /// The experiment file, absolute.
    pub file: &'a Path,
    /// See [`asked`].
    pub asked: &'a dyn Fn() -> Option<Digest>,
    /// The text of the experiment.
    pub source: &'a Source,
    /// What it may import.
    pub sources: &'a dyn Sources,
    /// The cache.
    pub store: &'a Store,
    /// Whether the user's files are read again even where they look unchanged.
    pub verify_files: bool,
}

impl Question<'_> {
    /// The receipt of an earlier run that saw all of it as it is now.
    pub fn answer(&self, methods: &[Box<dyn Method>]) -> Option<Receipt> {
        let receipt = self.store.receipt(self.file)?;
        // What changes most often and is looked at soonest comes first.
        let holds = self.has_texts(&receipt.texts)
            && (self.asked)() == Some(receipt.asked)
            && self.store.is_standing(&receipt.standing)
            && self.has_files(&receipt.files, methods);
        holds.then_some(receipt)
    }

    fn has_texts(&self, texts: &[ReadText]) -> bool {
        let Some((experiment, imported)) = texts.split_first() else { return false };
        experiment.digest == of_text(self.source)
            && imported.iter().all(|text| {
                let from = Source::new(&text.from, "");
                let found = self.sources.resolve(&from, &text.path);
                found.is_ok_and(|found| of_text(&found) == text.digest)
            })
    }

    fn has_files(&self, files: &[ReadFiles], methods: &[Box<dyn Method>]) -> bool {
        if files.is_empty() {
            return true;
        }
        let named = ByName::of(methods);
        let mut memo = self.store.file_memo(self.verify_files);
        let base = self.file.parent().unwrap_or(Path::new("/"));
        let is_same = |read: &ReadFiles| {
            let Some(method) = named.get(&read.kind, &read.method) else { return false };
            let found = digests(method, Parameters(&read.parameters), base, &mut |source| {
                memo.digest(&source.base, &source.files).map_err(|error| error.to_string())
            });
            found.as_ref() == Ok(&read.digests)
        };
        let same = files.iter().all(is_same);
        // What it does not keep is read again by the next run.
        let _ = FileMemo::save(&memo);
        same
    }
}

/// What a run saw and what it left beside its results.
pub struct Trace<'a> {
    /// The experiment file, absolute.
    pub file: &'a Path,
    /// See [`asked`].
    pub asked: Digest,
    /// The text of the experiment.
    pub source: &'a Source,
    /// What its imports gave.
    pub imported: &'a [Imported],
    /// The seal of its history.
    pub history: Digest,
    /// Its pages, by name, with their text.
    pub pages: &'a [(String, String)],
    /// What it noted as the last run.
    pub last: LastRun,
}

/// Keeps a receipt of a run that found everything; none where something of it might change without a
/// sign, or where the cache cannot be written.
pub fn keep(session: &Session<'_>, outcome: &Outcome, trace: Trace<'_>) {
    if outcome.endings.iter().any(|ending| *ending != Ending::Cached) {
        return;
    }
    let Some(standing) = session.standing() else { return };
    let experiment =
        ReadText { from: String::new(), path: String::new(), digest: of_text(trace.source) };
    let imported = trace.imported.iter().map(|Imported { from, path, source }| ReadText {
        from: from.clone(),
        path: path.clone(),
        digest: of_text(source),
    });
    let digest = |text: &String| Digest::derive(TEXT_DOMAIN, text.as_bytes());
    let receipt = Receipt {
        asked: trace.asked,
        texts: std::iter::once(experiment).chain(imported).collect(),
        files: session.read_files(),
        standing,
        pages: trace.pages.iter().map(|(name, text)| (name.clone(), digest(text))).collect(),
        history: trace.history,
        stages: outcome.endings.len(),
        last: trace.last,
    };
    let _ = session.store.save_receipt(trace.file, &receipt);
}

/// Whether the pages that a run published below `folder` are there as it wrote them.
pub fn has_pages(receipt: &Receipt, folder: &Path) -> bool {
    receipt.pages.iter().all(|(name, digest)| {
        let found = std::fs::read(folder.join(name));
        found.is_ok_and(|bytes| Digest::derive(TEXT_DOMAIN, &bytes) == *digest)
    })
}

/// Tells what a run tells that finds everything.
pub fn tell(
    receipt: &Receipt,
    threads: usize,
    device: Device,
    began: Instant,
    observer: &dyn Observer,
) {
    let (stages, cached) = (receipt.stages, receipt.stages);
    observer.observe(&Event::Planned { stages, cached, threads, device: device.to_string() });
    let seconds = began.elapsed().as_secs_f64();
    observer.observe(&Event::Ended { executed: 0, cached, failed: 0, skipped: 0, seconds });
}

/// Name, folder and text of a file of the language.
fn of_text(source: &Source) -> Digest {
    of_parts(TEXT_DOMAIN, [&source.name, &source.folder, &source.text])
}

/// Texts one behind the other, each after its length, so that no other parts make the same bytes.
fn of_parts<'a>(domain: &'static str, parts: impl IntoIterator<Item = &'a String>) -> Digest {
    let parts = parts.into_iter().flat_map(|part| {
        let length = part.len() as u64;
        length.to_le_bytes().into_iter().chain(part.bytes())
    });
    Digest::derive(domain, &parts.collect::<Vec<u8>>())
}
