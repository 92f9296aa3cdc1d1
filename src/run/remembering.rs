//! Images that were decoded before, as data sets ask for them and the store remembers them.

use crate::data::BACKING_FILES;
use crate::data::memory::{Known, Memory, Recalled};
use crate::graph::Digest;
use crate::store::{Decoded, Record, Scratch, Store, write_decoded};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const RECIPE_DOMAIN: &str = "msx 2026 decoding recipe";
const FILE_DOMAIN: &str = "msx 2026 decoded file";

/// The store's memory of decoded images, for one running stage.
pub(super) struct FiledMemory<'a> {
    store: &'a Store,
    asked: Mutex<Asked>,
}

/// What the stage asked for, and what it decoded.
#[derive(Default)]
struct Asked {
    recipe: Option<Digest>,
    /// Each file [as it is read](as_read); none for one that cannot be.
    files: Vec<Option<Digest>>,
    objects: Vec<Digest>,
    decoded: Vec<Decoded>,
    linked: Vec<Linked>,
}

/// A file of a scratch folder that is a link to an object.
#[derive(Debug, Serialize, Deserialize)]
struct Linked {
    #[serde(with = "crate::any_path")]
    path: PathBuf,
    object: Digest,
}

/// What a stage, here or in a process of its own, has to say of images that it decoded or shared.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// How images were decoded, where word of them is in the scratch folder.
    recipe: Option<Digest>,
    linked: Vec<Linked>,
}

impl FiledMemory<'_> {
    pub(super) fn new(store: &Store) -> FiledMemory<'_> {
        FiledMemory { store, asked: Mutex::default() }
    }

    /// Leaves word of what was decoded at `written`. What cannot be written is decoded again by whoever
    /// misses it.
    pub(super) fn into_remembered(self, written: &Path) -> Remembered {
        let Asked { recipe, decoded, linked, .. } =
            self.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_written = !decoded.is_empty() && write_decoded(written, &decoded).is_ok();
        Remembered { recipe: recipe.filter(|_| is_written), linked }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    /// Spares reading what the stage linked.
    pub(super) fn note_links(&self, scratch: &Scratch) {
        self.linked.iter().for_each(|linked| scratch.note_link(&linked.path, &linked.object));
    }

    /// Remembers what was decoded for a result that is in the store.
    pub(super) fn keep(&self, store: &Store, scratch: &Scratch, record: &Record) {
        let [images, _] = BACKING_FILES;
        let files = record.outputs.values().find_map(|files| files.0.get(images));
        if let (Some(recipe), Some(images)) = (&self.recipe, files) {
            let _ = store.keep_decoded(recipe, &images.digest, &scratch.decoded());
        }
    }
}

/// Content and ending of a file: the ending may say what the content is taken for.
fn as_read(content: &Digest, path: &Path) -> Digest {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    Digest::derive(FILE_DOMAIN, &[content.as_bytes(), ending.as_encoded_bytes()].concat())
}

impl Memory for FiledMemory<'_> {
    fn recall(&self, recipe: &str, files: &[&Path]) -> Recalled {
        let recipe = Digest::derive(RECIPE_DOMAIN, recipe.as_bytes());
        let contents = self.store.file_memo(false).contents(files);
        let named = contents.into_iter().zip(files);
        let contents: Vec<Option<Digest>> =
            named.map(|(content, path)| Some(as_read(&content?, path))).collect();
        let objects = self.store.decoded(&recipe).into_iter();
        let mut objects: Vec<(Digest, HashMap<Digest, Decoded>)> = objects
            .map(|(object, all)| (object, all.into_iter().map(|one| (one.file, one)).collect()))
            .collect();
        // The one that has most comes first, so that all may be found in one.
        let is_in = |known: &HashMap<Digest, Decoded>, content: &Option<Digest>| {
            content.is_some_and(|content| known.contains_key(&content))
        };
        objects.sort_by_cached_key(|(_, known)| {
            std::cmp::Reverse(contents.iter().filter(|content| is_in(known, content)).count())
        });
        let find = |content: &Option<Digest>| {
            let content = (*content)?;
            objects.iter().enumerate().find_map(|(array, (_, known))| {
                let one = known.get(&content)?;
                let images = one.images.iter().map(|digest| *digest.as_bytes()).collect();
                Some(Known { array, row: one.row as usize, images })
            })
        };
        let known = contents.iter().map(find).collect();
        let arrays = objects.iter().map(|(object, _)| self.store.object_path(object)).collect();
        let objects = objects.into_iter().map(|(object, _)| object).collect();
        let mut asked = self.asked();
        let linked = std::mem::take(&mut asked.linked);
        let decoded = Vec::new();
        *asked = Asked { recipe: Some(recipe), files: contents, objects, decoded, linked };
        Recalled { arrays, known }
    }

    fn link(&self, array: usize, target: &Path) -> io::Result<()> {
        let mut asked = self.asked();
        let object = asked.objects.get(array).copied().ok_or(io::ErrorKind::NotFound)?;
        self.store.link_object(&object, target).map_err(io::Error::other)?;
        asked.linked.push(Linked { path: target.to_owned(), object });
        Ok(())
    }

    fn note(&self, images: Vec<(usize, Known)>) {
        let mut asked = self.asked();
        let decoded = images.into_iter().filter_map(|(position, known)| {
            Some(Decoded {
                file: (*asked.files.get(position)?)?,
                row: u32::try_from(known.row).ok()?,
                images: known
                    .images
                    .into_iter()
                    .map(|digest| blake3::Hash::from(digest).into())
                    .collect(),
            })
        });
        let decoded = decoded.collect();
        asked.decoded = decoded;
    }
}
