//! Images that are in a collection twice: the same pixels, or nearly the same picture.

use super::census::NamedFold;
use super::channels::Channels;
use super::perceptual::{alike, correlation, distance, hash, thumbnail};
use crate::progress::{Monitor, Progress, Stopped};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How far hashes of near duplicates may be apart where nobody says otherwise. Of 200 chest radiographs
/// (256 pixels) and 200 images of MedNIST (64 pixels), compressed again as JPEG at 75 %, made darker by
/// a fifth or halved in size, 95 % moved by at most 2; among 337,431 pairs of different radiographs,
/// one is as near by chance at 6, and 18 at 8.
pub const DISTANCE: u32 = 4;
/// How well thumbnails of near duplicates correlate.
pub const CORRELATION: f64 = 0.98;
/// Pairs beyond which no more are looked for: nobody reads them, and a collection of images that are
/// all alike has more than fit into memory.
const MOST_PAIRS: usize = 1_000_000;
/// Images that are looked at before the next word of progress.
const CHUNK: usize = 1024;

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Its fold.
    pub fold: String,
    /// Its position there, from zero.
    pub image: usize,
    /// The file that it was read from; absent for synthetic ones.
    pub source: Option<String>,
}

/// Two images that look alike and are not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearPair {
    /// The one that comes first.
    pub first: Place,
    /// The other.
    pub second: Place,
    /// Bits in which their hashes differ.
    pub distance: u32,
    /// The correlation of their thumbnails.
    pub correlation: f64,
}

/// Images with the same pixels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Copies {
    /// Where they are, at least two.
    pub images: Vec<Place>,
    /// Whether they have the same labels.
    pub same_labels: bool,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicates {
    /// Bits in which hashes of near duplicates differ at most.
    pub distance: u32,
    /// The least correlation of their thumbnails.
    pub correlation: f64,
    /// Images that are the same everywhere and look like nothing; they are near none.
    pub blank: usize,
    /// Images with the same pixels, in the order of their first one.
    pub exact: Vec<Copies>,
    /// Pairs that look alike, the nearest first. Of images with the same pixels the first stands for
    /// all.
    pub near: Vec<NearPair>,
    /// Groups of `exact` with images in different folds.
    pub exact_across_folds: usize,
    /// Pairs of `near` in different folds.
    pub near_across_folds: usize,
    /// Whether `near` has every pair; a collection of images that are all alike has too many.
    pub is_complete: bool,
}

impl NearPair {
    /// Whether the two are in different folds.
    pub fn is_across_folds(&self) -> bool {
        self.first.fold != self.second.fold
    }
}

impl Copies {
    /// Whether they are in different folds.
    pub fn is_across_folds(&self) -> bool {
        self.images.iter().any(|place| place.fold != self.images[0].fold)
    }
}

/// One image of one of the folds, as positions.
type At = (usize, usize);

impl Duplicates {
    /// Looks through folds for images with the same pixels, and for pairs whose hashes differ in at
    /// most `most_bits` bits and whose thumbnails correlate by at least [`CORRELATION`].
    ///
    /// # Errors
    /// A stop on request.
    pub fn find(
        folds: &[NamedFold],
        most_bits: u32,
        monitor: &dyn Monitor,
    ) -> Result<Duplicates, Stopped> {
        let (same, blank) = group(folds, monitor)?;
        let name = |&(fold, image): &At| Place {
            fold: folds[fold].0.clone(),
            image,
            source: folds[fold].1.info().sources.get(image).cloned(),
        };
        let mut exact: Vec<Copies> = Vec::new();
        for members in same.iter().map(|group| &group.members).filter(|all| all.len() > 1) {
            let labels = |&(fold, image): &At| folds[fold].1.labels(image);
            exact.push(Copies {
                images: members.iter().map(name).collect(),
                same_labels: members.iter().all(|one| labels(one) == labels(&members[0])),
            });
        }
        let hashes: Vec<Option<u64>> = same.iter().map(|group| group.hash).collect();
        let found = alike(&hashes, most_bits, MOST_PAIRS);
        let first = |position: usize| same[position].members[0];
        let near = confirmed(folds, &found.pairs, &first);
        let near = near.into_iter().map(|(one, other, correlation)| NearPair {
            first: name(&first(one)),
            second: name(&first(other)),
            distance: hashes[one].zip(hashes[other]).map_or(0, |(a, b)| distance(a, b)),
            correlation,
        });
        let mut near: Vec<NearPair> = near.collect();
        near.sort_by(|a, b| {
            let order = a.distance.cmp(&b.distance);
            let order = order.then_with(|| b.correlation.total_cmp(&a.correlation));
            order.then_with(|| (&a.first, &a.second).cmp(&(&b.first, &b.second)))
        });
        Ok(Duplicates {
            distance: most_bits,
            correlation: CORRELATION,
            blank,
            exact_across_folds: exact.iter().filter(|copies| copies.is_across_folds()).count(),
            near_across_folds: near.iter().filter(|pair| pair.is_across_folds()).count(),
            exact,
            near,
            is_complete: found.is_complete,
        })
    }
}

/// Images with the same pixels.
struct Group {
    members: Vec<At>,
    hash: Option<u64>,
}

/// Groups images by their pixels, in the order of their first ones, and counts the blank ones.
fn group(folds: &[NamedFold], monitor: &dyn Monitor) -> Result<(Vec<Group>, usize), Stopped> {
    let all: Vec<At> = folds
        .iter()
        .enumerate()
        .flat_map(|(fold, (_, images))| (0..images.len()).map(move |image| (fold, image)))
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: BTreeMap<(usize, Channels, &[u8]), usize> = BTreeMap::new();
    let (mut blank, mut done) = (0, 0);
    for chunk in all.chunks(CHUNK) {
        if monitor.stop_requested() {
            return Err(Stopped);
        }
        let look = |&(fold, image): &At| {
            let fold = &folds[fold].1;
            thumbnail(fold.image(image), fold.info().raster()).map(|thumbnail| hash(&thumbnail))
        };
        let looked: Vec<Option<u64>> = chunk.par_iter().map(look).collect();
        for (&at, hash) in chunk.iter().zip(looked) {
            blank += usize::from(hash.is_none());
            let fold = &folds[at.0].1;
            let content = (fold.info().side, fold.info().channels, fold.digest(at.1));
            let position = *group_of.entry(content).or_insert(groups.len());
            match groups.get_mut(position) {
                Some(group) => group.members.push(at),
                None => groups.push(Group { members: vec![at], hash }),
            }
        }
        done += chunk.len();
        monitor.report(&Progress::counted("looking for duplicates", done, all.len(), "images"));
    }
    Ok((groups, blank))
}

/// Those pairs whose thumbnails correlate, with how well.
fn confirmed(
    folds: &[NamedFold],
    pairs: &[(usize, usize)],
    first: &(dyn Fn(usize) -> At + Sync),
) -> Vec<(usize, usize, f64)> {
    let wanted: BTreeSet<usize> = pairs.iter().flat_map(|&(one, other)| [one, other]).collect();
    let thumbnails: BTreeMap<usize, Vec<f32>> = wanted
        .into_par_iter()
        .filter_map(|position| {
            let (fold, image) = first(position);
            let fold = &folds[fold].1;
            Some((position, thumbnail(fold.image(image), fold.info().raster())?))
        })
        .collect();
    let compare = |&(one, other): &(usize, usize)| {
        let correlation = correlation(thumbnails.get(&one)?, thumbnails.get(&other)?);
        (correlation >= CORRELATION).then_some((one, other, correlation))
    };
    pairs.par_iter().filter_map(compare).collect()
}
