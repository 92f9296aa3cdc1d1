//! Changes of real files that keep enough of their structure to get past the first line.

use msx::language::syntax::tokens::tokens;
use rand::Rng;
use rand::seq::IndexedRandom;
use std::ops::Range;

/// Pieces that are long, strange, or mean something in the wrong place.
const PIECES: [&str; 36] = [
    "\0",
    "\u{feff}",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "é",
    "🫁",
    "\u{202e}",
    "#",
    "\"",
    "\\",
    "\"{",
    "}\"",
    "...",
    "..",
    ".",
    ",",
    ":",
    "=",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "*",
    "- ",
    " not ",
    " if ",
    " by ",
    "99999999999999999999",
    "1e999",
    "0.0000000000000000001 kimg",
    "-9223372036854775808",
    "for k in 1..99999999 ",
];

/// A text made from those at hand by a few changes.
pub fn mutated(corpus: &[String], random: &mut impl Rng) -> Vec<u8> {
    let pick = |random: &mut _| corpus.choose(random).cloned().unwrap_or_default();
    let mut text = pick(random);
    for _ in 0..random.random_range(1..6) {
        change(&mut text, &pick(random), random);
    }
    let mut bytes = text.into_bytes();
    if random.random_ratio(1, 20) {
        for _ in 0..random.random_range(1..8) {
            let place = random.random_range(0..=bytes.len());
            bytes.insert(place, random.random());
        }
    }
    bytes
}

/// Bytes without any structure.
pub fn noise(random: &mut impl Rng) -> Vec<u8> {
    (0..random.random_range(0..400)).map(|_| random.random()).collect()
}

/// The places of all tokens; a text without any counts as one.
fn places(text: &str) -> Vec<Range<usize>> {
    let places: Vec<Range<usize>> = tokens(text).into_iter().map(|token| token.span).collect();
    if places.is_empty() { std::iter::once(0..text.len()).collect() } else { places }
}

fn place(text: &str, random: &mut impl Rng) -> Range<usize> {
    places(text).choose(random).cloned().unwrap_or_default()
}

/// From the beginning of one token to the end of one that is not far behind it.
fn stretch(text: &str, random: &mut impl Rng) -> Range<usize> {
    let places = places(text);
    let first = random.random_range(0..places.len());
    let last = (first + random.random_range(0..12)).min(places.len() - 1);
    places[first].start..places[last].end
}

fn change(text: &mut String, other: &str, random: &mut impl Rng) {
    match random.random_range(0..10) {
        0 => text.replace_range(place(text, random), ""),
        1 => {
            let stretch = stretch(text, random);
            let copy = text[stretch.clone()].to_owned();
            text.insert_str(stretch.end, &copy);
        }
        2 => {
            let (one, two) = (place(text, random), place(text, random));
            let (one, two) = if one.start < two.start { (one, two) } else { (two, one) };
            if one.end <= two.start {
                let (first, second) = (text[one.clone()].to_owned(), text[two.clone()].to_owned());
                text.replace_range(two, &first);
                text.replace_range(one, &second);
            }
        }
        3 => {
            let given = place(other, random);
            text.replace_range(place(text, random), &other[given]);
        }
        4 => {
            let tail = place(other, random).start;
            text.truncate(place(text, random).end);
            text.push_str(&other[tail..]);
        }
        5 => {
            let given = stretch(other, random);
            text.insert_str(place(text, random).start, &other[given]);
        }
        6 => nest(text, random),
        7 => *text = text.replace('\n', if random.random() { "\r\n" } else { "\r" }),
        8 => text.replace_range(stretch(text, random), ""),
        _ => {
            let piece = PIECES.choose(random).copied().unwrap_or_default();
            text.insert_str(place(text, random).start, piece);
        }
    }
}

/// Puts a token into many brackets, or half of them.
fn nest(text: &mut String, random: &mut impl Rng) {
    let place = place(text, random);
    let (open, close) =
        *[("(", ")"), ("[", "]"), ("{ a: ", " }"), ("for k in [1] { ", " }"), ("not ", "")]
            .choose(random)
            .unwrap_or(&("(", ")"));
    let times = random.random_range(1..80);
    if random.random_ratio(3, 4) {
        text.insert_str(place.end, &close.repeat(times));
    }
    text.insert_str(place.start, &open.repeat(times));
}
