//! Means of pixels from the coefficients of their block (ITU-T T.81, A.3.3).

use super::header::Component;
use super::huffman::Bits;

/// Cosines of 0 to 8 sixteenths of a half turn; written down, because libraries differ in last digits.
const COSINES: [f64; 9] = [
    1.0,
    0.980_785_280_403_230_4,
    0.923_879_532_511_286_7,
    0.831_469_612_302_545_2,
    0.707_106_781_186_547_5,
    0.555_570_233_019_602_2,
    0.382_683_432_365_089_8,
    0.195_090_322_016_128_27,
    0.0,
];

/// The column of each coefficient in the order in which they are stored; rows are those of the mirrored
/// way.
const COLUMNS: [u8; 64] = [
    0, 1, 0, 0, 1, 2, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4,
    3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 5, 6, 7, 7, 6, 7,
];

/// Its row.
const ROWS: [u8; 64] = [
    0, 0, 1, 2, 1, 0, 0, 1, 2, 3, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3,
    4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 4, 5, 6, 7, 7, 6, 5, 6, 7, 7,
];

/// How much a coefficient of this frequency adds to the pixel at this place.
fn wave(frequency: usize, place: usize) -> f64 {
    let sixteenths = (2 * place + 1) * frequency % 32;
    let sixteenths = sixteenths.min(32 - sixteenths);
    let cosine = match sixteenths {
        0..=8 => COSINES[sixteenths],
        _ => -COSINES[16 - sixteenths],
    };
    if frequency == 0 { COSINES[4] / 2.0 } else { cosine / 2.0 }
}

/// How the coefficients of a component become averages, `N` of them in a block.
pub(super) struct Averages<const N: usize> {
    /// What each coefficient adds to each average.
    weights: [[f32; N]; 64],
    /// What it adds to any pixel at most.
    most: [f32; 64],
    scales: [f32; 64],
    /// The waves of each frequency.
    waves: [[f32; 8]; 8],
    factor: usize,
    /// What is added to pixels so that they begin at 0.
    middle: f32,
    /// The largest pixel.
    white: f32,
}

impl<const N: usize> Averages<N> {
    /// For pixels of so many bits.
    pub(super) fn new(scales: &[u16; 64], factor: usize, bits: u8) -> Averages<N> {
        let along = 8 / factor;
        let mean = |frequency: u8, place: usize| {
            let pixels = place * factor..(place + 1) * factor;
            pixels.map(|pixel| wave(frequency.into(), pixel)).sum::<f64>() / factor as f64
        };
        let highest = |frequency: u8| {
            (0..8).map(|pixel| wave(frequency.into(), pixel).abs()).fold(0.0, f64::max)
        };
        let (mut weights, mut most) = ([[0.0; N]; 64], [0.0; 64]);
        for (place, &scale) in scales.iter().enumerate() {
            let (row, column, scale) = (ROWS[place], COLUMNS[place], f64::from(scale));
            most[place] = (highest(row) * highest(column) * scale) as f32;
            for (average, weight) in weights[place].iter_mut().enumerate() {
                let share = mean(row, average / along) * mean(column, average % along);
                *weight = (share * scale) as f32;
            }
        }
        let scales = scales.map(f32::from);
        let waves = std::array::from_fn(|frequency| {
            std::array::from_fn(|pixel| wave(frequency, pixel) as f32)
        });
        let range = (1_u32 << bits) as f32;
        let (middle, white) = (range / 2.0, range - 1.0);
        Averages { weights, most, scales, waves, factor, middle, white }
    }

    /// The averages of the next block, values from 0 to white.
    #[inline(always)]
    pub(super) fn block<const STEPS: usize>(
        &self,
        bits: &mut Bits<'_>,
        component: &Component,
        level: &mut i32,
    ) -> Option<[f32; N]> {
        let (begin, before) = (bits.clone(), *level);
        let (mut means, mut reach) = ([self.middle; N], 0.0);
        bits.block::<STEPS>(&component.first, &component.others, level, |place, value| {
            let value = value as f32;
            for (mean, weight) in means.iter_mut().zip(&self.weights[place]) {
                *mean += weight * value;
            }
            reach += self.most[place] * value.abs();
        })?;
        let centre = self.most[0] * f32::from(*level as i16);
        let reach = reach - centre.abs();
        let centre = self.middle + centre;
        if centre - reach >= -0.5 && centre + reach <= self.white + 0.5 {
            return Some(means);
        }
        self.of_pixels::<STEPS>(begin, component, before)
    }

    /// The averages of pixels of which some would be below black or above white; `level` is that of the
    /// block before.
    #[inline(never)]
    fn of_pixels<const STEPS: usize>(
        &self,
        mut bits: Bits<'_>,
        component: &Component,
        mut level: i32,
    ) -> Option<[f32; N]> {
        let mut rows = [[0.0_f32; 8]; 8];
        bits.block::<STEPS>(&component.first, &component.others, &mut level, |place, value| {
            let value = value as f32 * self.scales[place];
            let wave = &self.waves[usize::from(COLUMNS[place])];
            let row = &mut rows[usize::from(ROWS[place])];
            row.iter_mut().zip(wave).for_each(|(sum, wave)| *sum += wave * value);
        })?;
        let along = 8 / self.factor;
        let mut sums = [0.0; N];
        for line in 0..8 {
            let mut pixels = [self.middle; 8];
            for (row, waves) in rows.iter().zip(&self.waves) {
                pixels.iter_mut().zip(row).for_each(|(pixel, sum)| *pixel += waves[line] * sum);
            }
            for (column, pixel) in pixels.iter().enumerate() {
                let average = line / self.factor * along + column / self.factor;
                sums[average] += pixel.clamp(0.0, self.white);
            }
        }
        let count = (self.factor * self.factor) as f32;
        Some(sums.map(|sum| sum / count))
    }
}
