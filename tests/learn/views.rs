//! How a classifier's training images are changed: exactly what is said, and the same in every run.

use crate::support::{Cpu, assert_close, numbers, uniform};
use msx::data::{Channels, Depth, Pixels, Raster};
use msx::learn::classifier::{
    Architecture, Augmentation, ClassifierConfig, Images, Model, Patience, Shown, View, batch,
    epoch,
};
use std::collections::BTreeSet;

const SIDE: usize = 9;
const SIZE: usize = SIDE * SIDE;
const COUNT: usize = 40;

/// Images of random bytes, and one of three label sets in turn.
struct Fold {
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Fold {
    fn new() -> Fold {
        let images = uniform(21, COUNT * SIZE);
        Fold {
            images: images.iter().map(|value| (value * 127.0 + 128.0) as u8).collect(),
            labels: [[1, 0], [0, 1], [1, 1]].into_iter().cycle().take(COUNT).flatten().collect(),
        }
    }

    fn view(&self) -> Images<'_> {
        let images = Pixels::new(&self.images, Raster::eight(SIDE));
        Images { images, labels: &self.labels, side: SIDE, findings: 2 }
    }

    fn image(&self, at: usize) -> &[u8] {
        &self.images[at * SIZE..(at + 1) * SIZE]
    }
}

fn config(augment: Augmentation) -> ClassifierConfig {
    ClassifierConfig {
        architecture: Architecture::Cnn { widths: vec![2] },
        start: None,
        epochs: 3,
        batch: 4,
        learning_rate: 0.01,
        samples_per_epoch: 30,
        patience: Patience { reduce: 20, stop: 20 },
        mirror: true,
        augment,
        seed: 5,
    }
}

fn shown(augment: Augmentation, number: u64) -> Vec<Shown> {
    epoch(&config(augment), &Fold::new().view(), number).expect("an epoch")
}

/// The pixels of a view, by the place that each comes from.
fn by_place(pixels: &[u8], from: impl Fn(usize, usize) -> (usize, usize)) -> Vec<u8> {
    (0..SIZE)
        .map(|place| {
            let (row, column) = from(place / SIDE, place % SIDE);
            pixels[row * SIDE + column]
        })
        .collect()
}

#[test]
fn a_shift_moves_whole_pixels_and_repeats_the_edge() {
    let fold = Fold::new();
    for [right, down] in [[3, 0], [0, -2], [-4, 1], [8, 8]] {
        let view = View { shift: [right, down], ..View::plain(0) };
        let expected = by_place(fold.image(0), |row, column| {
            let moved = |place: usize, by: i32| (place as i32 - by).clamp(0, SIDE as i32 - 1);
            (moved(row, down) as usize, moved(column, right) as usize)
        });
        assert_eq!(view.of(fold.image(0), Raster::eight(SIDE)), expected, "by {right}, {down}");
    }
}

#[test]
fn a_quarter_turn_is_against_the_clock_and_exact() {
    let fold = Fold::new();
    let image = fold.image(1);
    let last = SIDE - 1;
    let turned = |angle| View { angle, ..View::plain(1) }.of(image, Raster::eight(SIDE));
    assert_eq!(turned(90.0), by_place(image, |row, column| (column, last - row)));
    assert_eq!(turned(180.0), by_place(image, |row, column| (last - row, last - column)));
    assert_eq!(turned(-90.0), by_place(image, |row, column| (last - column, row)));
    // The middle stays where it is, whatever the angle.
    assert_eq!(turned(33.0)[SIZE / 2], image[SIZE / 2]);
    // The upper left pixel leaves the picture: the nearest pixels inside take its place.
    assert_ne!(turned(45.0), image);
}

/// Sixteen bits are seen as eight are, and more finely.
#[test]
fn deep_images_are_changed_and_seen_like_others() {
    let fold = Fold::new();
    let deep = Raster { depth: Depth::Sixteen, ..Raster::eight(SIDE) };
    let wide = |image: &[u8]| Depth::Sixteen.convert(image, Depth::Eight).into_owned();
    let level =
        |image: &[u8], at: usize| f64::from(u16::from_le_bytes([image[2 * at], image[2 * at + 1]]));
    for view in [
        View { mirrored: true, shift: [2, -1], ..View::plain(0) },
        View { angle: 20.0, ..View::plain(0) },
        View { brightness: 0.8, ..View::plain(0) },
    ] {
        let (narrow, seen) =
            (view.of(fold.image(0), Raster::eight(SIDE)), view.of(&wide(fold.image(0)), deep));
        let far = (0..SIZE).map(|at| (level(&seen, at) - 257.0 * f64::from(narrow[at])).abs());
        let far = far.fold(0.0, f64::max);
        // Half a level of eight bits is what these are rounded by.
        assert!(far <= 129.0, "{view:?}: {far}");
        let is_whole = view.angle == 0.0 && view.brightness == 1.0;
        assert_eq!(far == 0.0, is_whole, "{view:?}: {far}");
    }
    for architecture in
        [Architecture::Cnn { widths: vec![2] }, Architecture::DenseNet121 { input: 32 }]
    {
        let model = Model::new(architecture, 2, Channels::One).expect("a network");
        let of = |image: &[u8], raster| {
            let _alone = msx::learn::alone();
            numbers(model.prepare::<Cpu>(image, raster, &Default::default()).values)
        };
        let narrow = of(fold.image(1), Raster::eight(SIDE));
        assert_close("deep", &of(&wide(fold.image(1)), deep), &narrow, 1e-5);
        let mut brighter = wide(fold.image(1));
        brighter[0] ^= 1;
        assert_ne!(of(&brighter, deep), of(&wide(fold.image(1)), deep), "one level of 65535");
    }
}

/// Along a slope of grey, linear interpolation is exact.
#[test]
fn a_turned_slope_of_grey_is_a_slope_of_grey() {
    let slope: Vec<u8> = (0..SIZE).map(|place| (20 * (place % SIDE) + 40) as u8).collect();
    let turned = View { angle: 30.0, ..View::plain(0) }.of(&slope, Raster::eight(SIDE));
    let centre = (SIDE / 2) as f64;
    let (sine, cosine) = 30.0_f64.to_radians().sin_cos();
    for (place, &pixel) in turned.iter().enumerate() {
        let (x, y) = ((place % SIDE) as f64 - centre, (place / SIDE) as f64 - centre);
        let from = (x * cosine - y * sine + centre).clamp(0.0, SIDE as f64 - 1.0);
        let expected = (20.0 * from + 40.0).round();
        assert!((f64::from(pixel) - expected).abs() <= 1.0, "place {place}");
    }
}

#[test]
fn brightness_multiplies_rounds_and_ends_at_white() {
    let bytes = [0, 1, 50, 101, 200, 255, 3, 7, 9];
    let of = |factor| View { brightness: factor, ..View::plain(0) }.of(&bytes, Raster::eight(3));
    assert_eq!(of(1.5), [0, 2, 75, 152, 255, 255, 5, 11, 14]);
    assert_eq!(of(0.5), [0, 1, 25, 51, 100, 128, 2, 4, 5]);
    assert_eq!(of(1.0), bytes);
}

#[test]
fn views_are_mirrored_then_turned_then_moved_then_brightened() {
    let fold = Fold::new();
    let all = View { image: 2, mirrored: true, angle: 90.0, shift: [2, -1], brightness: 0.75 };
    let mut pixels = fold.image(2).to_vec();
    for step in [
        View { mirrored: true, ..View::plain(2) },
        View { angle: 90.0, ..View::plain(2) },
        View { shift: [2, -1], ..View::plain(2) },
        View { brightness: 0.75, ..View::plain(2) },
    ] {
        pixels = step.of(&pixels, Raster::eight(SIDE));
    }
    assert_eq!(all.of(fold.image(2), Raster::eight(SIDE)), pixels);
}

const ALL: Augmentation = Augmentation { shift: 0.2, rotation: 15.0, brightness: 0.3, mixup: 0.4 };

#[test]
fn draws_are_within_their_bounds_and_differ_between_epochs() {
    let all: Vec<Shown> = (0..40).flat_map(|number| shown(ALL, number)).collect();
    let views: Vec<View> = all.iter().map(|shown| shown.view).collect();
    // A fifth of nine pixels is two, rounded.
    let shifts: BTreeSet<i32> = views.iter().flat_map(|view| view.shift).collect();
    assert_eq!(shifts.into_iter().collect::<Vec<i32>>(), [-2, -1, 0, 1, 2]);
    let most = |of: fn(&View) -> f64| views.iter().map(of).map(f64::abs).fold(0.0, f64::max);
    let (angle, light) = (most(|view| view.angle), most(|view| view.brightness - 1.0));
    assert!((14.5..=15.0).contains(&angle) && (0.29..=0.3).contains(&light), "{angle}, {light}");
    assert_eq!(shown(ALL, 3), shown(ALL, 3));
    assert_ne!(shown(ALL, 3), shown(ALL, 4));
    // One kind of change leaves the draws of the others where they are, and the order too.
    let plain = shown(Augmentation::default(), 3);
    let turned = shown(Augmentation { rotation: 15.0, ..Augmentation::default() }, 3);
    for ((plain, turned), all) in plain.iter().zip(&turned).zip(&shown(ALL, 3)) {
        assert_eq!(plain.view, View { angle: 0.0, ..turned.view });
        assert_eq!(turned.view.angle, all.view.angle);
        assert_eq!((plain.view.image, plain.view.mirrored), (all.view.image, all.view.mirrored));
        assert!(plain.mixed.is_none() && turned.mixed.is_none());
    }
}

/// Beta(α, α) has the mean 1/2 and the variance 1 / (8 α + 4).
#[test]
fn mixing_factors_are_of_a_beta_distribution_and_partners_of_the_same_epoch() {
    for alpha in [0.2, 1.0, 4.0] {
        let augment = Augmentation { mixup: alpha, ..Augmentation::default() };
        let mut factors = Vec::new();
        for number in 0..200 {
            let shown = shown(augment, number);
            let key = |view: &View| (view.image, view.mirrored);
            let mut firsts: Vec<_> = shown.iter().map(|one| key(&one.view)).collect();
            let pairs: Vec<(View, f32)> = shown.iter().filter_map(|one| one.mixed).collect();
            let mut seconds: Vec<_> = pairs.iter().map(|(view, _)| key(view)).collect();
            firsts.sort_unstable();
            seconds.sort_unstable();
            assert_eq!(firsts, seconds, "every view is a partner once");
            factors.extend(pairs.iter().map(|(_, factor)| f64::from(*factor)));
        }
        let count = factors.len() as f64;
        let mean = factors.iter().sum::<f64>() / count;
        let variance = factors.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / count;
        let expected = 1.0 / (8.0 * alpha + 4.0);
        assert!((mean - 0.5).abs() < 0.02, "α {alpha}: mean {mean}");
        assert!((variance / expected - 1.0).abs() < 0.06, "α {alpha}: variance {variance}");
    }
}

#[test]
fn an_image_and_its_labels_are_mixed_in_one_share() {
    let fold = Fold::new();
    let architectures =
        [Architecture::Cnn { widths: vec![2] }, Architecture::DenseNet121 { input: 32 }];
    for architecture in architectures {
        let model = Model::new(architecture, 2, Channels::One).expect("a network");
        let device = Default::default();
        let of = |part: &[Shown]| {
            let (images, labels) = batch::<Cpu>(&model, &fold.view(), part, &device);
            (images.channels(), numbers(images.values), numbers(labels))
        };
        let alone = |view| Shown { view, mixed: None };
        let (one, other) =
            (View { mirrored: true, ..View::plain(4) }, View { shift: [1, 2], ..View::plain(8) });
        let part = [
            Shown { view: one, mixed: Some((other, 0.75)) },
            Shown { view: other, mixed: Some((View::plain(6), 0.1)) },
        ];
        let (channels, images, labels) = of(&part);
        let (_, first, first_labels) = of(&[alone(one), alone(other)]);
        let (_, second, second_labels) = of(&[alone(other), alone(View::plain(6))]);
        let pixels = images.len() / channels / 2;
        let expected: Vec<f32> = (0..images.len())
            .map(|at| {
                let share = [0.75, 0.1][at / pixels % 2];
                first[at] * share + second[at] * (1.0 - share)
            })
            .collect();
        assert_close("images", &images, &expected, 1e-6);
        // Findings first, images second; the labels of 4, 8 and 6 are 01, 11 and 10.
        assert_close("labels", &first_labels, &[0.0, 1.0, 1.0, 1.0], 0.0);
        assert_close("labels", &second_labels, &[1.0, 1.0, 1.0, 0.0], 0.0);
        assert_close("labels", &labels, &[0.25, 1.0, 1.0, 0.1], 1e-6);
    }
}
