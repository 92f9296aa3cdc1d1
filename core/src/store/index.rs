//! A summary of all records and objects, so that a plan need not open thousands of files.
//!
//! The index is a convenience and never the truth: it is checked against the folders' time stamps
//! (one a shard, 256 shards), and what changed is read again. Deleted, damaged or written by two
//! processes at once, it costs time and nothing else.

use super::record::Record;
use super::stamp::Stamp;
use super::{Store, StoreError, atomic, checked};
use crate::graph::{Digest, OutputDigests};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

/// Also the version of the layout: an index of another one is read as none.
const MAGIC: &[u8] = b"msx index 2\n";
const SHARDS: usize = 256;
/// An index of which less than one in so many bytes has changed stays as it is: whoever opens it lists
/// a few folders again, which takes less time than to write it.
const WORTH_WRITING: usize = 32;
const FILE: &str = "index";
const RECORDS: &str = "records";
const OBJECTS: &str = "objects";

/// What planning and scheduling ask of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The record file when it was read.
    stamp: Stamp,
    /// The digests of the outputs.
    pub outputs: OutputDigests,
    /// Digest and size of every object that the record needs.
    blobs: Vec<(Digest, u64)>,
    /// Wall time of the stage in seconds.
    pub seconds: f64,
    /// Most memory in bytes that its process held, where that is known.
    pub peak_memory: Option<u64>,
}

/// One folder of records or objects. Without a stamp it is listed again next time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shard<T> {
    stamp: Option<Stamp>,
    entries: Entries<T>,
}

type Entries<T> = HashMap<Digest, T, BuildHasherDefault<DigestHasher>>;

/// Eight bytes of a digest serve as its hash: they are as good as random.
#[derive(Debug, Clone, Copy, Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<T> Default for Shard<T> {
    fn default() -> Shard<T> {
        Shard { stamp: None, entries: HashMap::default() }
    }
}

/// The shards of one folder, each read when it is first asked for, by several threads at once.
#[derive(Debug)]
struct Shards<T> {
    folder: PathBuf,
    /// The whole file as it was written last, and where in it each shard lies; one that is never asked
    /// for is copied from there.
    file: Arc<Vec<u8>>,
    stored: Vec<Range<usize>>,
    /// Shards as they were written, decoded before anybody asked for them.
    decoded: Vec<Mutex<Option<Shard<T>>>>,
    loaded: Vec<OnceLock<Loaded<T>>>,
}

/// A shard as it is on disk.
#[derive(Debug)]
struct Loaded<T> {
    shard: Shard<T>,
    /// Whether it is no longer as it was written.
    changed: bool,
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned> Shards<T> {
    fn new(folder: PathBuf, file: Arc<Vec<u8>>, stored: Vec<Range<usize>>) -> Shards<T> {
        let decoded = (0..SHARDS).map(|_| Mutex::default()).collect();
        let loaded = (0..SHARDS).map(|_| OnceLock::new()).collect();
        Shards { folder, file, stored, decoded, loaded }
    }

    /// The bytes of a shard as they were written last.
    fn written(&self, number: usize) -> &[u8] {
        &self.file[self.stored[number].clone()]
    }

    fn decode(&self, number: usize) -> Shard<T> {
        postcard::from_bytes(self.written(number)).unwrap_or_default()
    }

    fn decode_all(&mut self) {
        self.decoded = (0..SHARDS).map(|number| Mutex::new(Some(self.decode(number)))).collect();
    }

    /// The shard as it is on disk.
    fn shard(&self, digest: &Digest, read: ReadFile<T>) -> &Shard<T> {
        let number = usize::from(digest.shard());
        let load = || {
            let decoded =
                self.decoded[number].lock().unwrap_or_else(PoisonError::into_inner).take();
            let known = decoded.unwrap_or_else(|| self.decode(number));
            let (shard, changed) = refresh(known, &self.folder, number, read);
            Loaded { shard, changed }
        };
        &self.loaded[number].get_or_init(load).shard
    }

    /// The entries of the digest's shard, about to be changed by this process as the folder was.
    fn change(&mut self, digest: &Digest, read: ReadFile<T>) -> &mut Entries<T> {
        self.shard(digest, read);
        let loaded = self.loaded[usize::from(digest.shard())].get_mut();
        let Loaded { shard, changed } = loaded.expect("the line before has loaded it");
        (shard.stamp, *changed) = (None, true);
        &mut shard.entries
    }

    fn encode(&self, number: usize) -> Result<Cow<'_, [u8]>, postcard::Error> {
        match self.loaded[number].get() {
            Some(Loaded { shard, changed: true }) => postcard::to_stdvec(shard).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(self.written(number))),
        }
    }

    fn is_changed(&self) -> bool {
        self.loaded.iter().filter_map(OnceLock::get).any(|loaded| loaded.changed)
    }

    /// The folders that were asked, as they were then; nothing where one has no stamp to trust.
    fn stamps(&self) -> Option<Vec<(u8, Stamp)>> {
        let loaded = (0..=u8::MAX).zip(&self.loaded);
        let asked = loaded.filter_map(|(number, loaded)| Some((number, loaded.get()?.shard.stamp)));
        asked.map(|(number, stamp)| Some((number, stamp?))).collect()
    }
}

/// Makes an entry of a file; nothing for one that does not belong there or cannot be read.
type ReadFile<T> = fn(&DirEntry, &Shard<T>) -> Option<(Digest, T)>;

/// An index that another thread reads; see [`Store::index_ahead`].
#[derive(Debug)]
pub struct IndexAhead {
    store: Store,
    reader: Receiver<Index>,
}

impl IndexAhead {
    /// The index, once it is read.
    pub fn wait(self) -> Index {
        // Where the system had no thread for it, it is opened now.
        self.reader.recv().unwrap_or_else(|_| self.store.index())
    }
}

/// What is in the store.
#[derive(Debug)]
pub struct Index {
    store: Store,
    records: Shards<Entry>,
    objects: Shards<u64>,
}

impl Store {
    /// Opens the index.
    pub fn index(&self) -> Index {
        let file = Arc::new(fs::read(self.root.join(FILE)).unwrap_or_default());
        let mut records = shards(&file).unwrap_or_else(|| vec![0..0; 2 * SHARDS]);
        let objects = records.split_off(SHARDS);
        Index {
            store: self.clone(),
            records: Shards::new(self.root.join(RECORDS), file.clone(), records),
            objects: Shards::new(self.root.join(OBJECTS), file, objects),
        }
    }

    /// Begins to open the index, for those who will ask for most of it and have other work until then.
    /// What it says is held against the folders when it is asked, as ever. The thread that opens it does
    /// `then` what is needed later: a second one would take time from those who wait.
    pub fn index_ahead(&self, then: impl FnOnce() + Send + 'static) -> IndexAhead {
        let (sender, reader) = mpsc::channel();
        let store = self.clone();
        let read = move || {
            let mut index = store.index();
            index.records.decode_all();
            index.objects.decode_all();
            // Who asked may have ended meanwhile.
            let _ = sender.send(index);
            then();
        };
        let _ = thread::Builder::new().spawn(read);
        IndexAhead { store: self.clone(), reader }
    }
}

impl Index {
    /// The record under a key. `None` when there is none or when one of its objects is gone; what
    /// happened inside an object's file is noticed when it is used.
    pub fn find(&self, key: &Digest) -> Option<&Entry> {
        let Index { records, objects, .. } = self;
        let entry = records.shard(key, read_record).entries.get(key)?;
        let is_there = |(digest, size): &(Digest, u64)| {
            objects.shard(digest, read_object).entries.get(digest) == Some(size)
        };
        entry.blobs.iter().all(is_there).then_some(entry)
    }

    /// Takes note of a record that this process wrote, which spares the next one reading it.
    pub fn note(&mut self, key: &Digest, record: &Record) {
        let path = super::sharded(&self.store.root.join(RECORDS), key, ".json");
        let Ok(metadata) = fs::metadata(path) else { return };
        let entry = entry(Stamp::of(&metadata), record);
        self.records.change(key, read_record).insert(*key, entry);
        for blob in record.blobs() {
            self.objects.change(&blob.digest, read_object).insert(blob.digest, blob.size);
        }
    }

    /// Takes note of a record that this process removed.
    pub fn forget(&mut self, key: &Digest) {
        self.records.change(key, read_record).remove(key);
    }

    /// Writes the index back if it has learned enough. It is not synchronised with the disk: one
    /// that is lost or cut short by a crash is told by its checksum and made again.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save(&self) -> Result<(), StoreError> {
        if !self.records.is_changed() && !self.objects.is_changed() {
            return Ok(());
        }
        let path = self.store.root.join(FILE);
        let refuse = |error| StoreError::io("write", &path)(io::Error::other(error));
        let mut shards = Vec::with_capacity(2 * SHARDS);
        for number in 0..SHARDS {
            shards.push(self.records.encode(number).map_err(refuse)?);
        }
        for number in 0..SHARDS {
            shards.push(self.objects.encode(number).map_err(refuse)?);
        }
        let is_owned = |shard: &&Cow<'_, [u8]>| matches!(shard, Cow::Owned(_));
        let changed: usize = shards.iter().filter(is_owned).map(|shard| shard.len()).sum();
        if changed * WORTH_WRITING < shards.iter().map(|shard| shard.len()).sum() {
            return Ok(());
        }
        let lengths = shards.iter().flat_map(|shard| (shard.len() as u64).to_le_bytes());
        let lengths: Vec<u8> = lengths.collect();
        let mut parts: Vec<&[u8]> = vec![&lengths];
        parts.extend(shards.iter().map(AsRef::as_ref));
        let head = checked::head(MAGIC, &parts);
        parts.insert(0, &head);
        let _passage = self.store.pass()?;
        atomic::replace_hastily(&path, &parts)
    }
}

/// The folders that answers came from, each as it was when it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    records: Vec<(u8, Stamp)>,
    objects: Vec<(u8, Stamp)>,
}

impl Index {
    /// What all answers so far came from. Nothing where a change of it might not show: a folder is too
    /// young, or this process changed it itself.
    pub fn standing(&self) -> Option<Standing> {
        Some(Standing { records: self.records.stamps()?, objects: self.objects.stamps()? })
    }
}

impl Store {
    /// Whether all folders still are as they were, so that an index would answer the same.
    pub fn is_standing(&self, standing: &Standing) -> bool {
        let is_same = |part: &str, (number, stamp): &(u8, Stamp)| {
            let folder = shard_folder(&self.root.join(part), usize::from(*number));
            fs::metadata(folder).is_ok_and(|found| Stamp::of(&found) == *stamp)
        };
        standing.records.iter().all(|shard| is_same(RECORDS, shard))
            && standing.objects.iter().all(|shard| is_same(OBJECTS, shard))
    }
}

/// Where the shards lie in the file; nothing where it is none or is damaged.
fn shards(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    let body = checked::body(MAGIC, bytes)?;
    let (lengths, shards) = body.split_at_checked(2 * SHARDS * 8)?;
    let mut begin = bytes.len() - shards.len();
    lengths
        .chunks_exact(8)
        .map(|length| {
            let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
            let end = begin.checked_add(length).filter(|end| *end <= bytes.len())?;
            Some(std::mem::replace(&mut begin, end)..end)
        })
        .collect()
}

/// The shard as it is on disk, and whether that differs from what was known.
fn refresh<T: PartialEq>(
    known: Shard<T>,
    folder: &Path,
    number: usize,
    read: ReadFile<T>,
) -> (Shard<T>, bool) {
    let folder = shard_folder(folder, number);
    // Before the listing, so that what comes during it shows next time.
    let Ok(metadata) = fs::metadata(&folder) else {
        let changed = known != Shard::default();
        return (Shard::default(), changed);
    };
    let stamp = Stamp::of(&metadata);
    if known.stamp == Some(stamp) {
        return (known, false);
    }
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let entries = files.filter_map(|file| read(&file, &known)).collect();
    let shard = Shard { stamp: stamp.is_settled().then_some(stamp), entries };
    let changed = shard != known;
    (shard, changed)
}

fn shard_folder(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number:02x}"))
}

fn read_object(file: &DirEntry, _: &Shard<u64>) -> Option<(Digest, u64)> {
    Some((file.file_name().to_str()?.parse().ok()?, file.metadata().ok()?.len()))
}

/// A record that is known already is not read again. One that cannot be read counts as none.
fn read_record(file: &DirEntry, known: &Shard<Entry>) -> Option<(Digest, Entry)> {
    let key: Digest = file.file_name().to_str()?.strip_suffix(".json")?.parse().ok()?;
    let stamp = Stamp::of(&file.metadata().ok()?);
    if let Some(entry) = known.entries.get(&key).filter(|entry| entry.stamp == stamp) {
        return Some((key, entry.clone()));
    }
    let record = Record::from_bytes(&key, &fs::read(file.path()).ok()?)?;
    Some((key, entry(stamp, &record)))
}

fn entry(stamp: Stamp, record: &Record) -> Entry {
    Entry {
        stamp,
        outputs: record.output_digests(),
        blobs: record.blobs().map(|blob| (blob.digest, blob.size)).collect(),
        seconds: record.provenance.seconds,
        peak_memory: record.provenance.peak_memory,
    }
}
