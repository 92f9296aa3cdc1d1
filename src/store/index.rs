//! A summary of all records and objects, so that a plan need not open thousands of files.
//!
//! The index is a convenience and never the truth: it is checked against the folders' time stamps
//! (one a shard, 256 shards), and what changed is read again. Deleted, damaged or written by two
//! processes at once, it costs time and nothing else.

use super::record::{Blob, Record};
use super::stamp::Stamp;
use super::{Store, StoreError, atomic};
use crate::graph::{Digest, OutputDigests};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::ops::Range;
use std::path::PathBuf;

/// Also the version of the layout: an index of another one is read as none.
const MAGIC: &[u8] = b"msx index 1\n";
const SHARDS: usize = 256;

/// What planning and scheduling ask of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The record file when it was read.
    stamp: Stamp,
    /// The digests of the outputs.
    pub outputs: OutputDigests,
    /// Every object that the record needs.
    blobs: Vec<Blob>,
    /// Wall time of the stage in seconds.
    pub seconds: f64,
}

/// One folder of records or objects. Without a stamp it is listed again next time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shard<T> {
    stamp: Option<Stamp>,
    entries: HashMap<Digest, T>,
}

impl<T> Default for Shard<T> {
    fn default() -> Shard<T> {
        Shard { stamp: None, entries: HashMap::new() }
    }
}

/// What is in the store, each shard looked at when it is first asked for.
#[derive(Debug)]
pub struct Index {
    store: Store,
    /// The file as it was read; a shard that is never asked for is copied from here.
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
    records: Vec<Option<Shard<Entry>>>,
    objects: Vec<Option<Shard<u64>>>,
    changed: bool,
}

impl Store {
    /// Opens the index.
    pub fn index(&self) -> Index {
        let bytes = fs::read(self.index_path()).unwrap_or_default();
        let places = places(&bytes).unwrap_or_else(|| vec![0..0; 2 * SHARDS]);
        Index {
            store: self.clone(),
            bytes,
            places,
            records: (0..SHARDS).map(|_| None).collect(),
            objects: (0..SHARDS).map(|_| None).collect(),
            changed: false,
        }
    }

    fn index_path(&self) -> PathBuf {
        self.root.join("index")
    }
}

impl Index {
    /// The record under a key. `None` when there is none or when one of its objects is gone; what
    /// happened inside an object's file is noticed when it is used.
    pub fn find(&mut self, key: &Digest) -> Option<&Entry> {
        let number = usize::from(key.shard());
        self.load_records(number);
        let blobs = self.records[number].as_ref()?.entries.get(key)?.blobs.clone();
        blobs.iter().all(|blob| self.has_object(blob)).then_some(())?;
        self.records[number].as_ref()?.entries.get(key)
    }

    /// Takes note of a record that this process wrote, which spares the next one reading it.
    pub fn note(&mut self, key: &Digest, record: &Record) {
        let path = super::sharded(&self.store.root.join("records"), key, ".json");
        let Ok(metadata) = fs::metadata(path) else { return };
        let number = usize::from(key.shard());
        self.load_records(number);
        if let Some(shard) = &mut self.records[number] {
            shard.entries.insert(*key, entry(Stamp::of(&metadata), record));
            shard.stamp = None;
            self.changed = true;
        }
        for blob in record.blobs() {
            let number = usize::from(blob.digest.shard());
            self.load_objects(number);
            if let Some(shard) = &mut self.objects[number] {
                shard.entries.insert(blob.digest, blob.size);
                shard.stamp = None;
            }
        }
    }

    /// Takes note of a record that this process removed.
    pub fn forget(&mut self, key: &Digest) {
        if let Some(shard) = &mut self.records[usize::from(key.shard())] {
            self.changed |= shard.entries.remove(key).is_some();
            shard.stamp = None;
        }
    }

    fn has_object(&mut self, blob: &Blob) -> bool {
        let number = usize::from(blob.digest.shard());
        self.load_objects(number);
        let shard = self.objects[number].as_ref();
        shard.and_then(|shard| shard.entries.get(&blob.digest)) == Some(&blob.size)
    }

    fn load_records(&mut self, number: usize) {
        if self.records[number].is_some() {
            return;
        }
        let known: Shard<Entry> = self.stored(number);
        let (shard, changed) =
            refresh(known, &self.store.root.join("records"), number, read_record);
        self.records[number] = Some(shard);
        self.changed |= changed;
    }

    fn load_objects(&mut self, number: usize) {
        if self.objects[number].is_some() {
            return;
        }
        let known: Shard<u64> = self.stored(SHARDS + number);
        let (shard, changed) =
            refresh(known, &self.store.root.join("objects"), number, |entry, _| {
                let digest = entry.file_name().to_str()?.parse().ok()?;
                Some((digest, entry.metadata().ok()?.len()))
            });
        self.objects[number] = Some(shard);
        self.changed |= changed;
    }

    fn stored<T: DeserializeOwned>(&self, position: usize) -> Shard<T> {
        let bytes = &self.bytes[self.places[position].clone()];
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    /// Writes the index back if it has learned anything. It is not synchronised with the disk: one
    /// that is lost or cut short by a crash is told by its checksum and made again.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save(&self) -> Result<(), StoreError> {
        if !self.changed {
            return Ok(());
        }
        let mut body = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::with_capacity(2 * SHARDS);
        for number in 0..SHARDS {
            self.encode(number, self.records[number].as_ref(), &mut body)?;
            ends.push(body.len() as u64);
        }
        for number in 0..SHARDS {
            self.encode(SHARDS + number, self.objects[number].as_ref(), &mut body)?;
            ends.push(body.len() as u64);
        }
        let mut bytes: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        bytes.extend_from_slice(&body);
        let checksum = blake3::hash(&bytes);
        let whole = [MAGIC, checksum.as_bytes(), &bytes].concat();
        let _passage = self.store.pass()?;
        atomic::replace_hastily(&self.store.index_path(), &whole)
    }

    fn encode<T: Serialize>(
        &self,
        position: usize,
        shard: Option<&Shard<T>>,
        body: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        match shard {
            None => body.extend_from_slice(&self.bytes[self.places[position].clone()]),
            Some(shard) => {
                let encoded = postcard::to_stdvec(shard).map_err(|error| {
                    StoreError::io("write", &self.store.root)(std::io::Error::other(error))
                })?;
                body.extend_from_slice(&encoded);
            }
        }
        Ok(())
    }
}

/// Where each shard lies in the file; nothing where the file is none or is damaged.
fn places(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    let checked = bytes.strip_prefix(MAGIC)?;
    let (checksum, body) = checked.split_at_checked(32)?;
    if blake3::hash(body).as_bytes() != checksum {
        return None;
    }
    let (ends, _) = body.split_at_checked(2 * SHARDS * 8)?;
    let begin = bytes.len() - body.len() + ends.len();
    let mut last = begin;
    ends.chunks_exact(8)
        .map(|end| {
            let end = begin
                .checked_add(usize::try_from(u64::from_le_bytes(end.try_into().ok()?)).ok()?)?;
            let place = std::mem::replace(&mut last, end)..end;
            (place.start <= end && end <= bytes.len()).then_some(place)
        })
        .collect()
}

/// The shard as it is on disk, and whether that differs from what was known.
fn refresh<T: PartialEq>(
    known: Shard<T>,
    folder: &std::path::Path,
    number: usize,
    read: impl Fn(&DirEntry, &HashMap<Digest, T>) -> Option<(Digest, T)>,
) -> (Shard<T>, bool) {
    let folder = folder.join(format!("{number:02x}"));
    // Before the listing, so that what comes during it shows next time.
    let Ok(metadata) = fs::metadata(&folder) else {
        let changed = known.stamp.is_some() || !known.entries.is_empty();
        return (Shard::default(), changed);
    };
    let stamp = Stamp::of(&metadata);
    if known.stamp == Some(stamp) {
        return (known, false);
    }
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let entries = entries.filter_map(|entry| read(&entry, &known.entries)).collect();
    let shard = Shard { stamp: stamp.is_settled().then_some(stamp), entries };
    let changed = shard != known;
    (shard, changed)
}

/// A record that is known already is not read again. One that cannot be read counts as none.
fn read_record(file: &DirEntry, known: &HashMap<Digest, Entry>) -> Option<(Digest, Entry)> {
    let key: Digest = file.file_name().to_str()?.strip_suffix(".json")?.parse().ok()?;
    let stamp = Stamp::of(&file.metadata().ok()?);
    if let Some(entry) = known.get(&key).filter(|entry| entry.stamp == stamp) {
        return Some((key, entry.clone()));
    }
    let record = Record::from_bytes(&fs::read(file.path()).ok()?)?;
    Some((key, entry(stamp, &record)))
}

fn entry(stamp: Stamp, record: &Record) -> Entry {
    Entry {
        stamp,
        outputs: record.output_digests(),
        blobs: record.blobs().cloned().collect(),
        seconds: record.provenance.seconds,
    }
}
