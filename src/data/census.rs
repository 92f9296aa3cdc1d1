//! What folds hold, in numbers: images by fold, finding and label set, and findings that come
//! together.

use super::channels::Channels;
use super::depth::Depth;
use super::error::DataError;
use super::fold::{Fold, Origin};
use super::label_set::LabelSet;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A fold with its name.
pub type NamedFold = (String, Fold);

/// See the module. Lists of counts have one number a fold, in the order of `folds`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Census {
    /// The folds.
    pub folds: Vec<FoldCount>,
    /// Images that show each finding, in the order of the label matrix' columns.
    pub findings: Vec<FindingCount>,
    /// Images of each label set, the most frequent over all folds first; equally frequent ones as
    /// [`super::label_set::ranking`] has them.
    pub label_sets: Vec<LabelSetCount>,
    /// `[findings, findings]`: images over all folds that show both findings; on the diagonal, those
    /// that show the one.
    pub together: Vec<Vec<usize>>,
    /// Patients with images in more than one fold.
    pub patients_in_several_folds: usize,
}

/// One fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldCount {
    /// Its name.
    pub name: String,
    /// Real or synthetic.
    pub origin: Origin,
    /// Side of its square images in pixels.
    pub side: usize,
    /// Bits of a pixel.
    pub depth: Depth,
    /// Channels of an image.
    pub channels: Channels,
    /// How many there are.
    pub images: usize,
    /// Distinct patients; absent where images belong to none.
    pub patients: Option<usize>,
    /// Distinct label sets.
    pub label_sets: usize,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingCount {
    /// Its name.
    pub name: String,
    /// Images that show it.
    pub images: Vec<usize>,
}

/// One label set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelSetCount {
    /// `Edema + Pleural Effusion`.
    pub name: String,
    /// Its findings, as positions in the list of findings.
    #[serde(skip)]
    pub set: LabelSet,
    /// Its findings by name.
    pub findings: Vec<String>,
    /// Images that show exactly these.
    pub images: Vec<usize>,
}

impl LabelSetCount {
    /// Images over all folds.
    pub fn total(&self) -> usize {
        self.images.iter().sum()
    }
}

impl Census {
    /// Counts what folds of one label vector hold.
    ///
    /// # Errors
    /// The folds have different findings.
    pub fn take(folds: &[NamedFold]) -> Result<Census, DataError> {
        let names: &[String] = folds.first().map_or(&[], |(_, fold)| &fold.info().findings);
        if let Some((name, _)) = folds.iter().find(|(_, fold)| fold.info().findings != names) {
            return Err(DataError::Subset(format!(
                "fold `{name}` has other findings than the first one; look at one fold at a time"
            )));
        }
        let mut sets: BTreeMap<LabelSet, Vec<usize>> = BTreeMap::new();
        for (position, (_, fold)) in folds.iter().enumerate() {
            for index in 0..fold.len() {
                let counts = sets.entry(fold.label_set(index));
                counts.or_insert_with(|| vec![0; folds.len()])[position] += 1;
            }
        }
        let mut findings: Vec<FindingCount> = names
            .iter()
            .map(|name| FindingCount { name: name.clone(), images: vec![0; folds.len()] })
            .collect();
        let mut together = vec![vec![0; names.len()]; names.len()];
        for (LabelSet(set), counts) in &sets {
            let total: usize = counts.iter().sum();
            for &row in set {
                set.iter().for_each(|&column| together[row][column] += total);
                findings[row].images.iter_mut().zip(counts).for_each(|(sum, one)| *sum += one);
            }
        }
        let folds_counted = folds.iter().enumerate().map(|(position, named)| {
            let with_images = sets.values().filter(|counts| counts[position] > 0);
            count_fold(named, with_images.count())
        });
        Ok(Census {
            folds: folds_counted.collect(),
            findings,
            label_sets: ranked(sets, names),
            together,
            patients_in_several_folds: shared_patients(folds),
        })
    }

    /// Images over all folds.
    pub fn images(&self) -> usize {
        self.folds.iter().map(|fold| fold.images).sum()
    }
}

fn ranked(sets: BTreeMap<LabelSet, Vec<usize>>, names: &[String]) -> Vec<LabelSetCount> {
    let count = |(set, images): (LabelSet, Vec<usize>)| LabelSetCount {
        name: set.name(names),
        findings: set.0.iter().map(|&finding| names[finding].clone()).collect(),
        set,
        images,
    };
    let mut ranked: Vec<LabelSetCount> = sets.into_iter().map(count).collect();
    // The sort keeps the order of equally frequent ones, which is that of their findings.
    ranked.sort_by_key(|set| std::cmp::Reverse(set.total()));
    ranked
}

fn count_fold((name, fold): &NamedFold, label_sets: usize) -> FoldCount {
    let info = fold.info();
    let patients: BTreeSet<&String> = info.patients.iter().collect();
    FoldCount {
        name: name.clone(),
        origin: info.origin,
        side: info.side,
        depth: info.depth,
        channels: info.channels,
        images: info.count,
        patients: (info.patients.len() == info.count && info.origin == Origin::Real)
            .then_some(patients.len()),
        label_sets,
    }
}

fn shared_patients(folds: &[NamedFold]) -> usize {
    let mut folds_of: BTreeMap<&String, usize> = BTreeMap::new();
    for (_, fold) in folds {
        let patients: BTreeSet<&String> = fold.info().patients.iter().collect();
        patients.into_iter().for_each(|patient| *folds_of.entry(patient).or_default() += 1);
    }
    folds_of.values().filter(|&&count| count > 1).count()
}

/// `wanted` of `count` positions at even distances, or all of them.
pub fn spread(count: usize, wanted: usize) -> Vec<usize> {
    let wanted = wanted.min(count);
    (0..wanted).map(|position| position * count / wanted).collect()
}
