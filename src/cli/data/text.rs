//! What a stage's images are, in words and tables.

use super::super::count;
use super::super::folds::{LeftOut, Opened};
use crate::data::Origin;
use crate::data::census::Census;
use crate::data::duplicates::{Duplicates, Place};

/// Groups and pairs of duplicates that are listed.
const MOST_LISTED: usize = 5;
/// Unreadable files that are listed.
const MOST_FILES: usize = 5;

/// Prints everything, with at most `top` label sets and findings.
pub(super) fn print(opened: &Opened, census: &Census, duplicates: &Duplicates, top: usize) {
    let Opened { experiment, label, kind, method, .. } = opened;
    let method = if method.is_empty() { String::new() } else { format!(" {method}") };
    out!("{label}: {kind}{method} of {experiment}");
    folds(census);
    findings(census, top);
    label_sets(census, top);
    opened.left_out.iter().for_each(left_out);
    together(census, top);
    self::duplicates(duplicates);
}

fn folds(census: &Census) {
    let mut rows = vec![cells([
        "",
        "images",
        "patients",
        "label sets",
        "side",
        "depth",
        "channels",
        "origin",
    ])];
    for fold in &census.folds {
        let origin = match fold.origin {
            Origin::Real => "real",
            Origin::Synthetic => "synthetic",
        };
        rows.push(vec![
            fold.name.clone(),
            fold.images.to_string(),
            fold.patients.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            fold.label_sets.to_string(),
            format!("{} px", fold.side),
            format!("{} bits", fold.depth.bits()),
            fold.channels.count().to_string(),
            origin.to_owned(),
        ]);
    }
    table(&rows);
}

fn findings(census: &Census, top: usize) {
    out!("");
    out!("findings");
    let mut rows = vec![head(census)];
    let mut order: Vec<usize> = (0..census.findings.len()).collect();
    let total = |finding: usize| census.findings[finding].images.iter().sum::<usize>();
    order.sort_by_key(|&finding| std::cmp::Reverse(total(finding)));
    for &finding in order.iter().take(top) {
        let finding = &census.findings[finding];
        rows.push(row(&finding.name, &finding.images));
    }
    table(&rows);
    rest(order.len(), top, "findings");
}

fn label_sets(census: &Census, top: usize) {
    out!("");
    out!("label sets, the most frequent first");
    let mut rows = vec![head(census)];
    let shown = census.label_sets.iter().take(top).enumerate();
    rows.extend(
        shown.map(|(rank, set)| row(&format!("{:>3}  {}", rank + 1, set.name), &set.images)),
    );
    table(&rows);
    rest(census.label_sets.len(), top, "label sets");
}

/// Names of the columns of counts.
fn head(census: &Census) -> Vec<String> {
    let folds = census.folds.iter().map(|fold| fold.name.clone());
    std::iter::once(String::new()).chain(folds).collect()
}

fn row(name: &str, counts: &[usize]) -> Vec<String> {
    let counts = counts.iter().map(ToString::to_string);
    std::iter::once(name.to_owned()).chain(counts).collect()
}

fn rest(all: usize, top: usize, what: &str) {
    if all > top {
        out!("  {} more {what} with --top {all}", all - top);
    }
}

fn left_out(left_out: &LeftOut) {
    let LeftOut { stage, kind, account } = left_out;
    let numbers = match (account.read, account.kept) {
        (Some(read), Some(kept)) => format!(": {read} read, {kept} kept"),
        _ => String::new(),
    };
    out!("");
    out!("left out by {stage} ({kind}){numbers}");
    let dropped: Vec<Vec<String>> = account
        .dropped
        .iter()
        .filter(|dropped| dropped.count > 0)
        .map(|dropped| vec![format!("  {:>7}", dropped.count), dropped.reason.clone()])
        .collect();
    dropped.iter().for_each(|line| out!("{}", line.join("  ")));
    if dropped.is_empty() {
        out!("  nothing");
    }
    if account.repeated_rows > 0 {
        out!("  {:>7}  rows of the table that repeat others", account.repeated_rows);
    }
    for skipped in account.skipped.iter().take(MOST_FILES) {
        out!("           {}: {}", skipped.file, skipped.reason);
    }
    if account.skipped.len() > MOST_FILES {
        out!("           {} more with --json", account.skipped.len() - MOST_FILES);
    }
}

/// The matrix of the most frequent findings; columns are numbers, because names are long.
fn together(census: &Census, top: usize) {
    let matrix = &census.together;
    let mut shown: Vec<usize> = (0..matrix.len()).filter(|&at| matrix[at][at] > 0).collect();
    shown.sort_by_key(|&finding| std::cmp::Reverse(matrix[finding][finding]));
    shown.truncate(top);
    let pairs = |&row: &usize| shown.iter().any(|&column| row != column && matrix[row][column] > 0);
    if !shown.iter().any(pairs) {
        out!("");
        out!("no image shows two findings");
        return;
    }
    out!("");
    out!("images that show both findings");
    let numbers = (1..=shown.len()).map(|number| number.to_string());
    let mut rows: Vec<Vec<String>> = vec![std::iter::once(String::new()).chain(numbers).collect()];
    for (number, &finding) in shown.iter().enumerate() {
        let name = format!("{:>3}  {}", number + 1, census.findings[finding].name);
        let counts = shown.iter().map(|&other| match matrix[finding][other] {
            0 => "·".to_owned(),
            count => count.to_string(),
        });
        rows.push(std::iter::once(name).chain(counts).collect());
    }
    table(&rows);
}

fn duplicates(found: &Duplicates) {
    out!("");
    out!("duplicates");
    out!(
        "  {} of images with the same pixels, {} across folds",
        count(found.exact.len(), "group"),
        found.exact_across_folds
    );
    for copies in found.exact.iter().take(MOST_LISTED) {
        let places: Vec<String> = copies.images.iter().take(MOST_LISTED).map(place).collect();
        let more = match copies.images.len().saturating_sub(MOST_LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let labels = if copies.same_labels { "" } else { "; different labels" };
        out!("    {}{more}{labels}", places.join(" = "));
    }
    more_with_json(found.exact.len());
    out!(
        "  {} of images that look alike, {} across folds (hashes at most {} of 64 bits apart, \
         correlation at least {})",
        count(found.near.len(), "pair"),
        found.near_across_folds,
        found.distance,
        found.correlation
    );
    for pair in found.near.iter().take(MOST_LISTED) {
        let (first, second) = (place(&pair.first), place(&pair.second));
        let (bits, correlation) = (pair.distance, pair.correlation);
        out!("    {first} ~ {second}; {bits} bits, {correlation:.3}");
    }
    more_with_json(found.near.len());
    if found.blank > 0 {
        out!("  {} of one grey everywhere", count(found.blank, "image"));
    }
}

fn more_with_json(all: usize) {
    if all > MOST_LISTED {
        out!("    {} more with --json", all - MOST_LISTED);
    }
}

/// `train 12 (patient1/view1.jpg)`
fn place(place: &Place) -> String {
    let Place { fold, image, source } = place;
    match source {
        Some(source) => format!("{fold} {image} ({source})"),
        None => format!("{fold} {image}"),
    }
}

fn cells<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Prints rows in columns: the first flush left, the others flush right.
fn table(rows: &[Vec<String>]) {
    let width_of = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = width_of(column);
            line.push_str(&match column {
                0 => format!(" {cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            });
        }
        out!("{}", line.trim_end());
    }
}
