//! Images by label set, as they are laid out in a picture and in a terminal.

use super::super::folds::Opened;
use crate::data::census::{Census, LabelSetCount, spread};
use crate::data::{Depth, Fold, LabelSet, Raster};
use crate::report::sheet::{Row, Sheet, Tile};
use std::collections::HashMap;

/// The picture as a PNG.
pub(super) fn png(
    opened: &Opened,
    census: &Census,
    top: usize,
    per_class: usize,
) -> Result<Vec<u8>, String> {
    let names = census.folds.iter().map(|fold| (fold.name.clone(), per_class));
    let heading = vec![
        format!("{} · {} ({})", opened.experiment, opened.label, opened.kind),
        format!("{} images, {} label sets", census.images(), census.label_sets.len()),
    ];
    Sheet { heading, groups: names.collect(), rows: rows(opened, census, top, per_class) }.to_png()
}

/// A row for each of the most frequent label sets, with a group of images for each fold, taken at
/// even distances.
pub(super) fn rows<'a>(
    opened: &'a Opened,
    census: &Census,
    top: usize,
    per_class: usize,
) -> Vec<Row<'a>> {
    let members: Vec<HashMap<LabelSet, Vec<usize>>> =
        opened.folds.iter().map(|(_, fold)| members(fold)).collect();
    let row = |(rank, class): (usize, &LabelSetCount)| {
        let groups = opened.folds.iter().zip(&members).map(|((_, fold), members)| {
            let indices = members.get(&class.set).map_or(&[][..], Vec::as_slice);
            let chosen = spread(indices.len(), per_class).into_iter();
            let Raster { side, channels, .. } = fold.info().raster();
            let seen = |at: usize| fold.pixels().at_depth(indices[at], Depth::Eight);
            chosen.map(|at| Tile { pixels: seen(at), side, channels }).collect()
        });
        Row { caption: caption(rank + 1, class, census), groups: groups.collect() }
    };
    census.label_sets.iter().take(top).enumerate().map(row).collect()
}

/// `1  Edema + Pleural Effusion   train 40, valid 4, test 6`
fn caption(rank: usize, class: &LabelSetCount, census: &Census) -> String {
    let counts: Vec<String> = match class.images.as_slice() {
        [count] => vec![count.to_string()],
        counts => {
            let named = census.folds.iter().zip(counts);
            named.map(|(fold, count)| format!("{} {count}", fold.name)).collect()
        }
    };
    format!("{rank}  {}   {}", class.name, counts.join(", "))
}

fn members(fold: &Fold) -> HashMap<LabelSet, Vec<usize>> {
    let mut members: HashMap<LabelSet, Vec<usize>> = HashMap::new();
    (0..fold.len()).for_each(|index| members.entry(fold.label_set(index)).or_default().push(index));
    members
}
