//! Subsets as the seed system makes them: label sets by frequency, patients split first, nested
//! choices.
//!
//! 1. Label sets are ranked over the whole dataset ([`ranking`]); those that a [`Filter`] leaves out
//!    go, and of the others the wanted ones are kept ([`Classes`]).
//! 2. All patients of the dataset, sorted by id, get a rank from the seed; the first 80 % in the
//!    order of ranks are the training patients, the next 10 % validate, the rest test. The split
//!    does not depend on which classes are kept.
//! 3. Within a fold and class, images are taken in the order of a rank made from the seed and the
//!    image's own source, so a smaller number is contained in a larger one, and the validation
//!    and test folds do not change with the number of training images.
//!    A total for a whole fold is shared among its classes by their sizes ([`share_out`]).
//! 4. Findings that no longer occur are removed from the label vector.

use super::classes::{Chosen, choose_classes};
use super::depth::{Pixel, by_depth};
use super::error::DataError;
use super::fold::{Fold, FoldInfo, FoldWriter, Origin, write_part};
use super::image::shrink;
use super::label_set::{LabelSet, ranking};
use super::random::rank;
use super::split::Split;
use super::summary::{Dropped, Summary};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

pub use super::classes::{Classes, Filter};

/// Names of the folds, in the order of every array here.
pub const FOLDS: [&str; 3] = ["train", "valid", "test"];

/// Images that are shrunk before the next write.
const CHUNK: usize = 256;

/// What to take.
#[derive(Debug, Clone, PartialEq)]
pub struct SubsetConfig {
    /// Which label sets come into question.
    pub filter: Filter,
    /// Which of these are kept.
    pub classes: Classes,
    /// Images of each class in train, valid and test; `None` for all there are.
    pub per_class: [Option<usize>; 3],
    /// Images of all classes together in train, valid and test; `None` where `per_class` decides.
    pub total: [Option<usize>; 3],
    /// Shares of the patients in train, valid and test; they sum to 1.
    pub split: [f64; 3],
    /// Side of the images, the dataset's own divided by a power of two.
    pub side: usize,
    /// Seed of split and choice.
    pub seed: u64,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct SubsetPlan {
    /// The label sets kept, most frequent first.
    pub classes: Vec<LabelSet>,
    /// Positions of the findings that still occur.
    pub findings: Vec<usize>,
    /// Image indices of train, valid and test, ascending.
    pub folds: [Vec<usize>; 3],
    /// Images left out, with reasons.
    pub dropped: Vec<Dropped>,
}

/// Chooses without touching pixels. `labels` is `[count, findings]`.
///
/// # Errors
/// There are fewer label sets or images than asked for, with what there is.
pub fn plan(
    info: &FoldInfo,
    labels: &[u8],
    config: &SubsetConfig,
) -> Result<SubsetPlan, DataError> {
    plan_in(info, labels, config, &split_patients(info, config))
}

/// The same in the folds that the data set was published with, one for each image.
///
/// # Errors
/// As for [`plan`]; or a patient has images in two folds.
pub fn plan_published(
    info: &FoldInfo,
    labels: &[u8],
    config: &SubsetConfig,
    splits: &[Split],
) -> Result<SubsetPlan, DataError> {
    let mut fold_of: HashMap<&String, Split> = HashMap::new();
    for (patient, &split) in info.patients.iter().zip(splits) {
        let before = *fold_of.entry(patient).or_insert(split);
        if before != split {
            return Err(DataError::Subset(format!(
                "the published folds have images of patient {patient} in {} and in {}; draw folds \
                 with `folds: drawn`, so that no patient is in two",
                FOLDS[before as usize], FOLDS[split as usize]
            )));
        }
    }
    let folds: Vec<usize> = splits.iter().map(|&split| split as usize).collect();
    plan_in(info, labels, config, &folds)
}

/// Chooses where the fold of each image is known.
fn plan_in(
    info: &FoldInfo,
    labels: &[u8],
    config: &SubsetConfig,
    fold_of: &[usize],
) -> Result<SubsetPlan, DataError> {
    let rows = || labels.chunks(info.findings.len().max(1));
    let Chosen { classes, filtered } =
        choose_classes(&info.findings, &ranking(rows()), &config.classes, &config.filter)?;
    let mut of_classes: Vec<[Vec<usize>; 3]> = vec![Default::default(); classes.len()];
    // There are few sets and many rows, so that a set is made for each distinct row only.
    let mut class_of: HashMap<&[u8], Option<usize>> = HashMap::new();
    let mut of_kept = 0;
    for (index, row) in rows().enumerate() {
        let class = *class_of.entry(row).or_insert_with(|| {
            let set = LabelSet::from_row(row);
            classes.iter().position(|class| *class == set)
        });
        if let Some(class) = class {
            of_classes[class][fold_of[index]].push(index);
            of_kept += 1;
        }
    }
    let members: BTreeMap<&LabelSet, [Vec<usize>; 3]> = classes.iter().zip(of_classes).collect();
    let mut folds: [Vec<usize>; 3] = Default::default();
    let mut thinned = 0;
    check_counts(info, &classes, &members, config)?;
    for (fold, chosen) in folds.iter_mut().enumerate() {
        let of_class = |class: &LabelSet| members[class][fold].as_slice();
        let sizes: Vec<usize> = classes.iter().map(|class| of_class(class).len()).collect();
        let wanted = match config.total[fold] {
            Some(total) => share_out(total, &sizes).into_iter().map(Some).collect(),
            None => vec![config.per_class[fold]; classes.len()],
        };
        for (class, wanted) in classes.iter().zip(wanted) {
            chosen.extend(choose(info, of_class(class), wanted, config.seed));
        }
        thinned += sizes.iter().sum::<usize>() - chosen.len();
        chosen.sort_unstable();
    }
    let kept: BTreeSet<usize> = classes.iter().flat_map(|class| class.0.iter().copied()).collect();
    let mut dropped = Vec::new();
    let mut left_out =
        |reason: &str, count| dropped.push(Dropped { reason: reason.to_owned(), count });
    if config.filter != Filter::default() {
        left_out("label set with other findings than asked for", filtered);
    }
    left_out("label set not among the classes", fold_of.len() - of_kept - filtered);
    left_out("more images than asked for", thinned);
    Ok(SubsetPlan { findings: kept.into_iter().collect(), folds, dropped, classes })
}

/// The fold of each image, by its patient.
fn split_patients(info: &FoldInfo, config: &SubsetConfig) -> Vec<usize> {
    let mut numbers: HashMap<&String, usize> = HashMap::new();
    let mut number_of = Vec::with_capacity(info.patients.len());
    // A patient's images mostly stand side by side, and looking one up costs more than anything else.
    for run in info.patients.chunk_by(|one, next| one == next) {
        let next = numbers.len();
        let number = *numbers.entry(&run[0]).or_insert(next);
        number_of.extend(std::iter::repeat_n(number, run.len()));
    }
    let mut ranked: Vec<(u64, &String, usize)> = numbers
        .into_iter()
        .map(|(patient, number)| (rank(config.seed, "subset/patients", patient), patient, number))
        .collect();
    ranked.sort_unstable();
    let count = ranked.len() as f64;
    let train_end = (count * config.split[0]).round() as usize;
    let valid_end = (count * (config.split[0] + config.split[1])).round() as usize;
    let mut fold_of = vec![0; ranked.len()];
    for (position, (_, _, number)) in ranked.into_iter().enumerate() {
        fold_of[number] = usize::from(position >= train_end) + usize::from(position >= valid_end);
    }
    number_of.into_iter().map(|number| fold_of[number]).collect()
}

/// Shares `total` images out to classes in proportion to their sizes, by the method of
/// Sainte-Laguë (Webster): one image after the other goes to the class with the largest
/// size / (2 × images it has + 1), of equal ones to the first. So every share is the proportional
/// one rounded to the nearest, as nearly as their sum allows, none exceeds its class, and a smaller
/// total gives no class more. `total` is at most the sum of the sizes.
pub fn share_out(total: usize, sizes: &[usize]) -> Vec<usize> {
    let mut shares = vec![0; sizes.len()];
    // Whether the first has the larger quotient, without a division.
    let is_ahead = |(size, share): (usize, usize), (other_size, other_share): (usize, usize)| {
        size as u128 * (2 * other_share as u128 + 1) > other_size as u128 * (2 * share as u128 + 1)
    };
    for _ in 0..total {
        let first = (0..sizes.len()).reduce(|best, next| {
            if is_ahead((sizes[next], shares[next]), (sizes[best], shares[best])) {
                next
            } else {
                best
            }
        });
        if let Some(first) = first {
            shares[first] += 1;
        }
    }
    shares
}

/// Says what there is for each class where any has too little.
fn check_counts(
    info: &FoldInfo,
    classes: &[LabelSet],
    members: &BTreeMap<&LabelSet, [Vec<usize>; 3]>,
    config: &SubsetConfig,
) -> Result<(), DataError> {
    for (fold, total) in config.total.into_iter().enumerate() {
        let there: usize = classes.iter().map(|class| members[class][fold].len()).sum();
        if let Some(total) = total.filter(|&total| total > there) {
            let name = FOLDS[fold];
            return Err(DataError::Subset(format!(
                "`total` asks for {total} images in {name}; after the split by patients there are \
                 {there} of the chosen label sets; ask for fewer, or give {name} a larger share in \
                 `split`"
            )));
        }
    }
    let short = classes.iter().any(|class| {
        (0..FOLDS.len()).any(|fold| {
            let least = match config.total[fold] {
                Some(_) => 0,
                None => config.per_class[fold].unwrap_or(1),
            };
            members[class][fold].len() < least
        })
    });
    if !short {
        return Ok(());
    }
    let wanted = config.per_class.map(|count| count.map_or("all".to_owned(), |n| n.to_string()));
    let lines: Vec<String> = classes
        .iter()
        .map(|class| {
            let [train, valid, test] = members[class].each_ref().map(Vec::len);
            format!("  {}: train {train}, valid {valid}, test {test}", class.name(&info.findings))
        })
        .collect();
    Err(DataError::Subset(format!(
        "a class has too few images for `per_class` (train {}, valid {}, test {}); after the \
         split by patients there are\n{}\nask for fewer images a class, or for fewer classes",
        wanted[0],
        wanted[1],
        wanted[2],
        lines.join("\n")
    )))
}

/// The first `wanted` images in the order of their ranks.
fn choose(info: &FoldInfo, indices: &[usize], wanted: Option<usize>, seed: u64) -> Vec<usize> {
    if wanted.is_none_or(|wanted| wanted >= indices.len()) {
        return indices.to_vec();
    }
    let mut ranked: Vec<(u64, usize)> = indices
        .iter()
        .map(|&index| (rank(seed, "subset/images", &info.sources[index]), index))
        .collect();
    ranked.sort_unstable();
    ranked.truncate(wanted.unwrap_or(usize::MAX));
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// Writes one fold of a plan, as deep as the dataset and with its channels. At the dataset's own side it
/// shares the dataset's pixels; at a smaller one it has its own.
///
/// # Errors
/// The side cannot be reached by halving, an image of the dataset is damaged, or the disk refuses.
pub fn write(
    dataset: &Fold,
    plan: &SubsetPlan,
    fold: usize,
    side: usize,
    target: &Path,
) -> Result<Summary, DataError> {
    let info = dataset.info();
    let indices = &plan.folds[fold];
    let pick = |values: &[String]| -> Vec<String> {
        indices.iter().map(|&index| values[index].clone()).collect()
    };
    let labels: Vec<u8> = indices
        .iter()
        .flat_map(|&index| {
            let row = dataset.labels(index);
            plan.findings.iter().map(|&finding| row[finding])
        })
        .collect();
    let written = FoldInfo {
        findings: plan.findings.iter().map(|&finding| info.findings[finding].clone()).collect(),
        side,
        depth: info.depth,
        channels: info.channels,
        count: indices.len(),
        origin: Origin::Real,
        patients: pick(&info.patients),
        sources: pick(&info.sources),
    };
    if side == info.side {
        write_part(target, dataset, indices, &written, &labels)?;
    } else {
        write_shrunk(target, dataset, indices, &written, &labels)?;
    }
    Ok(Summary::count(indices.len(), &written.findings, &labels, &written.patients, Vec::new()))
}

fn write_shrunk(
    target: &Path,
    dataset: &Fold,
    indices: &[usize],
    info: &FoldInfo,
    labels: &[u8],
) -> Result<(), DataError> {
    let (from, side) = (dataset.info().side, info.side);
    let out_of_reach = || {
        DataError::Subset(format!(
            "`size` {side}px cannot be reached by halving the dataset's {from}px; keep the dataset \
             at {side}px times a power of two"
        ))
    };
    let mut writer = FoldWriter::create(target, info.raster(), indices.len())?;
    for chunk in indices.chunks(CHUNK) {
        dataset.check(chunk)?;
        let shrunk = |&index: &usize| {
            let planes = dataset.info().raster().planes(dataset.image(index));
            let shrunk: Option<Vec<Vec<u8>>> = by_depth!(info.depth, P => planes
                .map(|plane| shrink(P::of_bytes(plane), from, side).map(P::into_bytes))
                .collect());
            shrunk.map(|planes| planes.concat())
        };
        let images: Option<Vec<Vec<u8>>> = chunk.par_iter().map(shrunk).collect();
        writer.append(&images.ok_or_else(out_of_reach)?.concat())?;
    }
    writer.finish(info, labels)
}
