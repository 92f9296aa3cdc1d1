//! Images in a terminal: each character shows two pixels, one above the other.

use super::super::console::{self, Styled};
use super::super::errors::Failure;
use super::super::folds::Opened;
use super::grid::rows;
use crate::data::census::Census;
use crate::data::image::resized;
use crate::report::sheet::Tile;
use anstyle::{Ansi256Color, Color, RgbColor, Style};

/// Columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;
/// Columns that an image takes at most; it takes half as many lines.
const WIDEST: usize = 24;
/// Columns that an image takes where many stand side by side.
const NARROWEST: usize = 16;
/// Columns between two images, and between those of two folds.
const GAP: usize = 1;
const GROUP_GAP: usize = 3;
/// The upper half of a character in the colour of the text, the lower in that of the background.
const HALVES: &str = "▀";

/// A terminal that can show images.
pub(super) struct Screen {
    columns: usize,
    has_all_colours: bool,
}

impl Screen {
    /// The terminal behind standard output.
    pub(super) fn find() -> Result<Screen, Failure> {
        if !console::has_colours() {
            return Err(Failure::Message(
                "images cannot be shown here: standard output is no terminal with colours (or \
                 NO_COLOR is set); write them to a file with --grid FILE.png"
                    .to_owned(),
            ));
        }
        let size = terminal_size::terminal_size();
        let colours = std::env::var("COLORTERM").unwrap_or_default();
        Ok(Screen {
            columns: size.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0)),
            has_all_colours: matches!(colours.as_str(), "truecolor" | "24bit"),
        })
    }

    /// Prints a row of images for each of the most frequent label sets.
    pub(super) fn show(
        &self,
        opened: &Opened,
        census: &Census,
        top: usize,
        per_class: usize,
    ) -> Result<(), String> {
        let side = census.folds.iter().map(|fold| fold.side).max().unwrap_or(1);
        let (per_class, width) = self.fit(census.folds.len(), per_class, side);
        let names: Vec<&str> = census.folds.iter().map(|fold| fold.name.as_str()).collect();
        out!("");
        out!("images by label set, up to {per_class} of each {}", names.join(", "));
        for row in rows(opened, census, top, per_class) {
            out!("");
            out!("{}", row.caption);
            let mut lines = vec![Styled::default(); width.div_ceil(2)];
            for tiles in &row.groups {
                self.add_group(&mut lines, tiles, per_class, width)?;
            }
            lines.iter().for_each(Styled::out);
        }
        Ok(())
    }

    /// How many images of each fold stand side by side, and how many columns each takes.
    fn fit(&self, folds: usize, per_class: usize, side: usize) -> (usize, usize) {
        let gaps = folds.saturating_sub(1) * GROUP_GAP;
        let room = self.columns.saturating_sub(gaps) / folds.max(1);
        let fitting = (room / (NARROWEST + GAP)).clamp(1, per_class);
        let width = (room / fitting).saturating_sub(GAP).clamp(1, WIDEST).min(side);
        // Two pixels stand in a line.
        (fitting, (width - width % 2).max(2))
    }

    fn add_group(
        &self,
        lines: &mut [Styled],
        tiles: &[Tile<'_>],
        places: usize,
        width: usize,
    ) -> Result<(), String> {
        if lines.iter().any(|line| !line.is_empty()) {
            lines.iter_mut().for_each(|line| line.push(&" ".repeat(GROUP_GAP)));
        }
        for tile in tiles.iter().take(places) {
            let samples = tile.channels.samples();
            let small = tile.shown(width, resized)?;
            for (line, pair) in lines.iter_mut().zip(small.chunks(2 * width * samples)) {
                let (upper, lower) = pair.split_at((width * samples).min(pair.len()));
                let mut below = lower.chunks(samples);
                for above in upper.chunks(samples) {
                    let style = self.style(colour(above), colour(below.next().unwrap_or(&[])));
                    line.push_styled(style, HALVES);
                }
                line.push(&" ".repeat(GAP));
            }
        }
        let missing = places.saturating_sub(tiles.len()) * (width + GAP);
        lines.iter_mut().for_each(|line| line.push(&" ".repeat(missing)));
        Ok(())
    }

    fn style(&self, above: [u8; 3], below: [u8; 3]) -> Style {
        let colour = |[red, green, blue]: [u8; 3]| match self.has_all_colours {
            true => Color::Rgb(RgbColor(red, green, blue)),
            false => Color::Ansi256(Ansi256Color(nearest([red, green, blue]))),
        };
        Style::new().fg_color(Some(colour(above))).bg_color(Some(colour(below)))
    }
}

/// Red, green and blue of a pixel of one sample or three; black of none.
fn colour(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [grey] => [grey; 3],
        [red, green, blue] => [red, green, blue],
        _ => [0; 3],
    }
}

/// The nearest of 256 colours: greys, and a cube of 0, 95, 135, 175, 215 and 255.
fn nearest([red, green, blue]: [u8; 3]) -> u8 {
    if red == green && green == blue {
        return nearest_grey(red);
    }
    let step = |shade: u8| match shade {
        0..48 => 0,
        48..115 => 1,
        _ => (shade - 35) / 40,
    };
    16 + 36 * step(red) + 6 * step(green) + step(blue)
}

/// The nearest of the 24 greys and black and white that 256 colours have: 8, 18, … 238, 0, 255.
fn nearest_grey(grey: u8) -> u8 {
    match grey {
        0..4 => 16,
        247.. => 231,
        _ => 232 + (grey.saturating_sub(3) / 10).min(23),
    }
}
