//! Differentiable augmentation against loops in double precision that know no derivative.

use crate::support::{Cpu, assert_close, differences, double, numbers, single, tensor, uniform};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use msx::learn::gan::{Augmentation, Changes};

const SIDE: usize = 8;
const SIZE: usize = SIDE * SIDE;
const COUNT: usize = 3;
const ALL: Augmentation =
    Augmentation { brightness: true, contrast: true, translation: true, cutout: true };

fn draw(augmentation: Augmentation, position: u64) -> Changes {
    augmentation.draw(3, "test", position, COUNT, SIDE)
}

/// Each change alone, and all of them.
fn kinds() -> [Augmentation; 5] {
    let none = Augmentation::default();
    [
        Augmentation { brightness: true, ..none },
        Augmentation { contrast: true, ..none },
        Augmentation { translation: true, ..none },
        Augmentation { cutout: true, ..none },
        ALL,
    ]
}

/// The changes of one image by their description.
fn changed(changes: &Changes, image: usize, pixels: &[f64]) -> Vec<f64> {
    let mut pixels = pixels.to_vec();
    if let Some(&added) = changes.brightness.get(image) {
        pixels.iter_mut().for_each(|pixel| *pixel += f64::from(added));
    }
    if let Some(&factor) = changes.contrast.get(image) {
        let mean = pixels.iter().sum::<f64>() / SIZE as f64;
        pixels.iter_mut().for_each(|pixel| *pixel = (*pixel - mean) * f64::from(factor) + mean);
    }
    if let Some(&[right, down]) = changes.translation.get(image) {
        let before = pixels.clone();
        let at = |row: i32, column: i32| {
            let inside = (0..SIDE as i32).contains(&row) && (0..SIDE as i32).contains(&column);
            if inside { before[row as usize * SIDE + column as usize] } else { 0.0 }
        };
        for (place, pixel) in pixels.iter_mut().enumerate() {
            *pixel = at((place / SIDE) as i32 - down, (place % SIDE) as i32 - right);
        }
    }
    if let Some(&[[left, right], [top, bottom]]) = changes.cutout.get(image) {
        for row in top..bottom {
            pixels[row * SIDE + left..row * SIDE + right].fill(0.0);
        }
    }
    pixels
}

fn images() -> Vec<f32> {
    uniform(11, COUNT * SIZE)
}

/// The sum of cubes of the changed images, each number with a weight of its own.
fn cubes<B: Backend>(changes: &Changes, images: Tensor<B, 4>) -> Tensor<B, 1> {
    let weights = Tensor::from_data(
        burn::tensor::TensorData::new(uniform(12, COUNT * SIZE), [COUNT, 1, SIDE, SIDE]),
        &images.device(),
    );
    let changed = changes.apply(images);
    (changed.clone() * changed.clone() * changed * weights).sum()
}

/// The same by loops.
fn cubes_of(changes: &Changes, images: &[f64]) -> f64 {
    let changed = images.chunks(SIZE).enumerate().flat_map(|(at, one)| changed(changes, at, one));
    changed.zip(double(&uniform(12, COUNT * SIZE))).map(|(x, weight)| x * x * x * weight).sum()
}

#[test]
fn images_are_changed_as_it_is_said() {
    for kind in kinds() {
        for position in 0..20 {
            let changes = draw(kind, position);
            let found = changes.apply(tensor(&images(), [COUNT, 1, SIDE, SIDE]));
            assert_eq!(found.dims(), [COUNT, 1, SIDE, SIDE]);
            let before = double(&images());
            let expected: Vec<f64> = before
                .chunks(SIZE)
                .enumerate()
                .flat_map(|(at, one)| changed(&changes, at, one))
                .collect();
            assert_close(&format!("{kind:?}"), &numbers(found), &single(&expected), 1e-6);
            assert_ne!(expected, before, "{kind:?} did nothing");
        }
    }
    let plain = draw(Augmentation::default(), 0);
    assert_eq!(numbers(plain.apply(tensor(&images(), [COUNT, 1, SIDE, SIDE]))), images());
}

#[test]
fn changes_are_within_their_bounds_and_reach_them() {
    let all: Vec<Changes> = (0..400).map(|position| draw(ALL, position)).collect();
    let within = |of: fn(&Changes) -> &Vec<f32>, low: f32, high: f32| {
        let values: Vec<f32> = all.iter().flat_map(|changes| of(changes).clone()).collect();
        let least = values.iter().copied().fold(f32::MAX, f32::min);
        let most = values.iter().copied().fold(f32::MIN, f32::max);
        assert!(low <= least && least < low + 0.01, "{least}");
        assert!(high - 0.01 < most && most <= high, "{most}");
    };
    within(|changes| &changes.brightness, -0.5, 0.5);
    within(|changes| &changes.contrast, 0.5, 1.5);
    let shifts = all.iter().flat_map(|changes| changes.translation.clone()).flatten();
    let shifts: std::collections::BTreeSet<i32> = shifts.collect();
    assert_eq!(shifts.into_iter().collect::<Vec<i32>>(), [-1, 0, 1]);
    let squares = all.iter().flat_map(|changes| changes.cutout.clone()).flatten();
    let squares: std::collections::BTreeSet<[usize; 2]> = squares.collect();
    let mut expected = vec![[0, 2], [0, 3], [0, 4], [1, 5], [2, 6], [3, 7], [4, 8], [5, 8], [6, 8]];
    expected.sort_unstable();
    assert_eq!(squares.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn changes_are_a_function_of_seed_purpose_and_position() {
    assert_eq!(draw(ALL, 5), draw(ALL, 5));
    assert_ne!(draw(ALL, 5), draw(ALL, 6));
    assert_ne!(draw(ALL, 5), ALL.draw(4, "test", 5, COUNT, SIDE));
    assert_ne!(draw(ALL, 5), ALL.draw(3, "other", 5, COUNT, SIDE));
    // Another kind of change does not move the draws of the first.
    let one = draw(Augmentation { translation: true, ..Augmentation::default() }, 5);
    assert_eq!(one.translation, draw(ALL, 5).translation);
}

#[test]
fn gradients_are_those_of_central_differences() {
    let _alone = msx::learn::alone();
    for kind in kinds() {
        let changes = draw(kind, 7);
        let images = tensor(&images(), [COUNT, 1, SIDE, SIDE]);
        let images = Tensor::<Autodiff<Cpu>, 4>::from_inner(images).require_grad();
        let gradients = cubes(&changes, images.clone()).backward();
        let found = numbers(images.grad(&gradients).expect("the images were used"));
        let expected =
            differences(&double(&numbers(images)), 1e-4, |images| cubes_of(&changes, images));
        assert_close(&format!("{kind:?}"), &found, &single(&expected), 1e-4);
    }
}

/// What a gradient penalty does: the gradient of the square of a gradient.
#[test]
fn gradients_of_gradients_are_those_of_central_differences() {
    let _alone = msx::learn::alone();
    let changes = draw(ALL, 7);
    let below = tensor(&images(), [COUNT, 1, SIDE, SIDE]);
    let below = Tensor::<Autodiff<Cpu>, 4>::from_inner(below).require_grad();
    let above = Tensor::<Autodiff<Autodiff<Cpu>>, 4>::from_inner(below.clone()).require_grad();
    let inner = above.grad(&cubes(&changes, above.clone()).backward()).expect("they were used");
    let square = (inner.clone() * inner).sum();
    let found = numbers(below.grad(&square.backward()).expect("the gradient depends on them"));
    let square_of = |images: &[f64]| {
        let slope = differences(images, 1e-3, |images| cubes_of(&changes, images));
        slope.iter().map(|value| value * value).sum::<f64>()
    };
    let expected = differences(&double(&images()), 1e-3, square_of);
    assert_close("gradient of the gradient", &found, &single(&expected), 1e-3);
}
