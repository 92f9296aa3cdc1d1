//! Trainings of both GANs: where they may stop, how they go on, and what they refuse.

use crate::support::{Cpu, Kept, StopAfter, assert_close, numbers, on_threads, tensor, uniform};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use msx::data::{Pixels, Raster, random};
use msx::learn::LearnError;
use msx::learn::checkpoint::{Checkpoints, NoCheckpoints};
use msx::learn::gan::{
    Augmentation, CpdNetwork, GanConfig, Growth, LossWeights, Network, Phase, Shape, TrainedGan,
    TrainingImages, discriminator_loss, generator_loss, gradient_penalty, train_cpd, train_prog,
};
use msx::learn::optimiser::{Adam, AdamConfig, average};
use msx::learn::parameters::{Parameters, metadata};
use msx::progress::{Monitor, Silent};
use rand::Rng;
use rand_distr::StandardNormal;
use safetensors::SafeTensors;
use std::sync::Arc;

const LOSS: LossWeights = LossWeights { gradient_penalty: 10.0, drift: 0.001, classes: 1.0 };
const BATCH: usize = 4;
const LATENT: usize = 5;
const SEED: u64 = 7;

struct Fold {
    images: Vec<u8>,
    labels: Vec<u8>,
    side: usize,
}

impl Fold {
    fn new(side: usize) -> Fold {
        let images = uniform(5, 11 * side * side);
        Fold {
            images: images.iter().map(|value| (value * 127.0 + 128.0) as u8).collect(),
            labels: [[1, 0], [0, 1], [1, 1]].into_iter().cycle().take(11).flatten().collect(),
            side,
        }
    }

    fn view(&self) -> TrainingImages<'_> {
        let images = Pixels::new(&self.images, Raster::eight(self.side));
        TrainingImages { images, labels: &self.labels, side: self.side, findings: 2 }
    }
}

/// Of images that are as large as these widths have levels.
fn config(length: u64, widths: &[usize]) -> GanConfig {
    GanConfig {
        length,
        learning_rate: 0.003,
        latent: LATENT,
        widths: Some(widths.to_vec()),
        loss: LOSS,
        augment: Augmentation::default(),
        generator_average: 0.9,
        seed: SEED,
    }
}

fn small(length: u64) -> GanConfig {
    config(length, &[6, 4])
}

fn large(length: u64) -> GanConfig {
    config(length, &[6, 4, 4])
}

fn growth() -> Growth {
    Growth { stable: 12, fade: 16, batches: vec![8, 4], size: None }
}

type Outcome = Result<TrainedGan, LearnError>;

/// Trains to a length, with what stops it and where its states go.
type Training = fn(u64, &dyn Monitor, &Kept) -> Outcome;

fn run_cpd(length: u64, monitor: &dyn Monitor, kept: &Kept) -> Outcome {
    let fold = Fold::new(8);
    train_cpd::<Cpu>(&small(length), BATCH, &fold.view(), &Default::default(), monitor, kept)
}

fn run_prog(length: u64, monitor: &dyn Monitor, kept: &Kept) -> Outcome {
    let fold = Fold::new(16);
    let (config, device) = (large(length), Default::default());
    train_prog::<Cpu>(&config, &growth(), &fold.view(), &device, monitor, &[kept, kept])
}

/// A `prog` that grows to a size, with a place for the states of each.
fn grow(size: usize, monitor: &dyn Monitor, places: &[Kept; 2]) -> Outcome {
    let fold = Fold::new(16);
    let config = config(64, &[6, 4, 4][..size.ilog2() as usize - 1]);
    let (growth, device) = (Growth { size: Some(size), ..growth() }, Default::default());
    let places = [&places[0] as &dyn Checkpoints, &places[1]];
    train_prog::<Cpu>(&config, &growth, &fold.view(), &device, monitor, &places)
}

fn straight(training: Training, length: u64) -> TrainedGan {
    training(length, &Silent, &Kept::default()).expect("a straight run")
}

/// Every change of the augmentation.
const CHANGED: Augmentation =
    Augmentation { brightness: true, contrast: true, translation: true, cutout: true };

fn run_changed_cpd(length: u64, monitor: &dyn Monitor, kept: &Kept) -> Outcome {
    let fold = Fold::new(8);
    let config = GanConfig { augment: CHANGED, ..small(length) };
    train_cpd::<Cpu>(&config, BATCH, &fold.view(), &Default::default(), monitor, kept)
}

fn run_changed_prog(length: u64, monitor: &dyn Monitor, kept: &Kept) -> Outcome {
    let (fold, config) = (Fold::new(16), GanConfig { augment: CHANGED, ..large(length) });
    let device = Default::default();
    train_prog::<Cpu>(&config, &growth(), &fold.view(), &device, monitor, &[kept, kept])
}

/// Stops after each number of steps in turn and goes on.
fn resumes(training: Training, length: u64, steps: &[u64]) {
    let expected = straight(training, length);
    let mut positions = Vec::new();
    for &steps in steps {
        let kept = Kept::default();
        let stopped = training(length, &StopAfter::looks(steps), &kept);
        assert!(matches!(stopped, Err(LearnError::Stopped)), "{stopped:?}");
        let resumed = training(length, &Silent, &kept).expect("it goes on");
        positions.push(kept.resumed_from());
        assert!(resumed == expected, "another result after stopping at step {steps}");
    }
    assert!(positions.is_sorted_by(|a, b| 0 < *a && a < b), "resumed from {positions:?}");
}

#[test]
fn a_stopped_training_goes_on_to_the_bytes_of_a_straight_run() {
    resumes(run_cpd, 64, &[1, 7, 8, 15]);
    // Before the second level, in its fade, and when it is in.
    resumes(run_prog, 64, &[1, 2, 3, 5, 9]);
    resumes(run_changed_cpd, 64, &[1, 8]);
    resumes(run_changed_prog, 64, &[2, 5, 9]);
}

#[test]
fn a_killed_training_goes_on_from_the_last_state_on_the_way() {
    for training in [run_cpd as Training, run_prog] {
        let (expected, kept) = (straight(training, 64), Kept::eagerly());
        assert!(training(64, &Silent, &kept).expect("a straight run") == expected);
        let first = kept.positions()[0];
        assert!(first < 64, "{:?}", kept.positions());
        let left = kept.only(first, first);
        assert!(training(64, &Silent, &left).expect("it goes on") == expected);
        assert_eq!(left.resumed_from(), first);
    }
}

#[test]
fn a_longer_training_continues_a_shorter_one() {
    // `prog` keeps the end of each of its sizes besides, here after 16 and 40 images.
    let both: [(Training, &[u64]); 2] =
        [(run_cpd, &[24, 36, 60]), (run_prog, &[16, 24, 36, 40, 60])];
    for (training, positions) in both {
        let kept = Kept::default();
        let short = training(24, &Silent, &kept).expect("the short run");
        assert!(short == straight(training, 24));
        let long = training(60, &Silent, &kept).expect("the long run");
        assert_eq!(kept.resumed_from(), 24);
        assert!(long == straight(training, 60));
        assert!(long.generator != short.generator, "nothing was learned on the way");
        // One in between passes by the long one's end.
        assert!(training(36, &Silent, &kept).expect("in between") == straight(training, 36));
        assert_eq!(kept.resumed_from(), 24);
        assert_eq!(kept.positions(), positions);
    }
}

#[test]
fn changed_images_give_another_generator() {
    for (plain, changed) in
        [(run_cpd as Training, run_changed_cpd as Training), (run_prog, run_changed_prog)]
    {
        assert!(straight(plain, 32).generator != straight(changed, 32).generator);
    }
}

#[test]
fn trainings_to_different_sizes_train_the_sizes_in_common_once() {
    let straight = |size| grow(size, &Silent, &Default::default()).expect("a straight run");
    let expected = [straight(8), straight(16)];
    let small_first: [Kept; 2] = Default::default();
    assert!(grow(8, &Silent, &small_first).expect("to 8 px") == expected[0]);
    assert_eq!(small_first[0].positions(), [16, 64]);
    assert!(grow(16, &Silent, &small_first).expect("to 16 px") == expected[1]);
    assert_eq!(small_first[0].resumed_from(), 16, "where 16 px begin to fade in");
    assert_eq!(small_first[0].positions(), [16, 64], "nothing was trained there twice");

    let large_first: [Kept; 2] = Default::default();
    assert!(grow(16, &Silent, &large_first).expect("to 16 px") == expected[1]);
    assert_eq!(large_first[0].state(16), small_first[0].state(16));
    assert!(grow(8, &Silent, &large_first).expect("to 8 px") == expected[0]);
    assert_eq!(large_first[0].resumed_from(), 16);
}

#[test]
fn a_training_goes_on_from_what_one_to_another_size_had_when_it_was_stopped() {
    let straight = |size| grow(size, &Silent, &Default::default()).expect("a straight run");
    for (stopped, other) in [(8, 16), (16, 8)] {
        let places: [Kept; 2] = Default::default();
        let outcome = grow(stopped, &StopAfter::looks(1), &places);
        assert!(matches!(outcome, Err(LearnError::Stopped)), "{outcome:?}");
        assert!(grow(other, &Silent, &places).expect("it goes on") == straight(other));
        assert_eq!(places[0].resumed_from(), 8);
        assert!(grow(stopped, &Silent, &places).expect("it goes on") == straight(stopped));
    }
}

#[test]
fn a_size_that_the_images_cannot_be_halved_to_is_refused() {
    let fold = Fold::new(8);
    let (config, growth) = (large(8), Growth { size: Some(16), ..growth() });
    let device = Default::default();
    let places = [&NoCheckpoints as &dyn Checkpoints; 2];
    let outcome = train_prog::<Cpu>(&config, &growth, &fold.view(), &device, &Silent, &places);
    assert!(refusal(outcome).contains("images of 8 px, which cannot be halved to 16 px"));
}

#[test]
fn threads_do_not_show() {
    let fold = Fold::new(16);
    let config = GanConfig { augment: CHANGED, ..config(32, &[32, 32, 32]) };
    let train = || {
        train_cpd::<Cpu>(&config, 16, &fold.view(), &Default::default(), &Silent, &NoCheckpoints)
            .expect("a training")
    };
    assert!(on_threads(1, train) == on_threads(2, train));
}

fn refusal(outcome: Outcome) -> String {
    match outcome {
        Err(LearnError::Configuration(text)) => text,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn cpd_refuses_images_without_findings_and_prog_takes_them() {
    let mut fold = Fold::new(8);
    fold.labels[6..8].fill(0);
    let (config, device) = (small(8), Default::default());
    let outcome = train_cpd::<Cpu>(&config, BATCH, &fold.view(), &device, &Silent, &NoCheckpoints);
    assert!(refusal(outcome).contains("image 3 of the training fold has none"));
    let places = [&NoCheckpoints as &dyn Checkpoints];
    train_prog::<Cpu>(&config, &growth(), &fold.view(), &device, &Silent, &places).expect("taken");
}

#[test]
fn batches_that_are_no_multiple_of_a_group_are_refused() {
    let fold = Fold::new(8);
    let (config, device) = (small(8), Default::default());
    let places = [&NoCheckpoints as &dyn Checkpoints];
    for batch in [6, 0] {
        let view = fold.view();
        let outcome = train_cpd::<Cpu>(&config, batch, &view, &device, &Silent, &NoCheckpoints);
        assert!(refusal(outcome).contains("multiple of 4"));
        let growth = Growth { batches: vec![8, batch], ..growth() };
        let outcome = train_prog::<Cpu>(&config, &growth, &view, &device, &Silent, &places);
        assert!(refusal(outcome).contains("multiple of 4"));
    }
}

#[test]
fn a_training_that_diverges_is_an_error() {
    let fold = Fold::new(8);
    // Before and after the first look at the losses.
    for length in [8, 64] {
        let (config, device) =
            (GanConfig { learning_rate: 1e30, ..small(length) }, Default::default());
        let outcome =
            train_cpd::<Cpu>(&config, BATCH, &fold.view(), &device, &Silent, &NoCheckpoints);
        match outcome {
            Err(LearnError::Diverged { position, unit: "images" }) => assert!(position <= length),
            other => panic!("{other:?}"),
        }
    }
}

/// The second level would begin inside the second step, so no step has trained it.
#[test]
fn a_generator_is_stored_with_the_level_of_its_last_step() {
    let fold = Fold::new(16);
    let growth = Growth { fade: 0, batches: vec![8], ..growth() };
    let trained = train_prog::<Cpu>(
        &large(16),
        &growth,
        &fold.view(),
        &Default::default(),
        &Silent,
        &[&NoCheckpoints, &NoCheckpoints],
    )
    .expect("a training");
    let stored: serde_json::Value =
        serde_json::from_str(&metadata(&trained.generator).expect("a description")).expect("JSON");
    assert_eq!((&stored["level"], &stored["fade"]), (&1.into(), &1.0.into()));
}

/// What the trainer draws in its first step, from the published streams.
fn drawn(purpose: &str) -> Tensor<Cpu, 2> {
    let mut stream = random::stream(SEED, purpose);
    stream.set_stream(0);
    let values: Vec<f32> = (0..BATCH * LATENT).map(|_| stream.sample(StandardNormal)).collect();
    tensor(&values, [BATCH, LATENT])
}

fn begin(layout: msx::learn::parameters::Layout, purpose: &str) -> Parameters<Cpu> {
    let values = layout.draw(&mut random::stream(SEED, purpose));
    Parameters::new(Arc::new(layout), &values, &Default::default())
}

fn descended(
    weights: &Parameters<Cpu>,
    loss: impl Fn(&Parameters<Autodiff<Cpu>>) -> Tensor<Autodiff<Cpu>, 1>,
) -> Parameters<Cpu> {
    let adam = AdamConfig { learning_rate: 0.003, beta1: 0.0, beta2: 0.99, epsilon: 1e-8 };
    let lifted = weights.lift(true);
    let gradients = lifted.gradients(&loss(&lifted).backward());
    Adam::new(weights.layout(), &Default::default()).step(weights, gradients, &adam)
}

/// Generator, discriminator and average after one step on four times the same image, by the
/// published parts.
fn composed(pixels: &[u8], augment: Augmentation) -> [Vec<f32>; 3] {
    let _alone = msx::learn::alone();
    let shape = Shape::new(8, 2, LATENT, Some(vec![6, 4])).expect("a shape");
    let (network, phase) = (CpdNetwork::new(shape), Phase::complete(2));
    let generator = begin(network.generator_layout(), "gan/generator");
    let discriminator = begin(network.discriminator_layout(), "gan/discriminator");
    let pixels: Vec<f32> = pixels.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect();
    let real = tensor(&pixels.repeat(BATCH), [BATCH, 1, 8, 8]);
    let labels = tensor(&[1.0, 0.0].repeat(BATCH), [BATCH, 2]);
    let above = Tensor::<Autodiff<Cpu>, 2>::from_inner(labels.clone());

    let fake =
        network.generate(&generator, drawn("gan/latents/discriminator"), labels.clone(), phase);
    let mut stream = random::stream(SEED, "gan/mixing");
    let mixing: Vec<f32> = (0..BATCH).map(|_| stream.random()).collect();
    let mixing = tensor(&mixing, [BATCH, 1, 1, 1]);
    let change = |purpose: &str| augment.draw(SEED, purpose, 0, BATCH, 8);
    let real = change("gan/augment/real").apply(real);
    let fake = change("gan/augment/fake").apply(fake);
    let mixed = real.clone() * (mixing.clone().neg() + 1.0) + fake.clone() * mixing;
    let judged = descended(&discriminator, |weights| {
        let judge = |images: &Tensor<Cpu, 4>| {
            network.judge(weights, Tensor::from_inner(images.clone()), above.clone(), phase)
        };
        discriminator_loss(judge(&real), judge(&fake), &above, LOSS)
            + gradient_penalty(&network, weights, mixed.clone(), &labels, phase, 10.0)
    });
    let made = descended(&generator, |weights| {
        let latents = Tensor::from_inner(drawn("gan/latents/generator"));
        let images = network.generate(weights, latents, above.clone(), phase);
        let images = change("gan/augment/generator").apply(images);
        generator_loss(
            network.judge(&judged.lift(false), images, above.clone(), phase),
            &above,
            LOSS,
        )
    });
    let averaged = average(&generator, &made, usize::MAX, 0.9).values();
    [made.values(), judged.values(), averaged]
}

#[test]
fn a_step_is_made_of_the_parts_that_are_checked_elsewhere() {
    let image = Fold::new(8).images[..64].to_vec();
    let (images, labels) = (image.repeat(BATCH), [1, 0].repeat(BATCH));
    let images = Pixels::new(&images, Raster::eight(8));
    let fold = TrainingImages { images, labels: &labels, side: 8, findings: 2 };
    for augment in [Augmentation::default(), CHANGED] {
        let config = GanConfig { augment, ..small(BATCH as u64) };
        let (kept, device) = (Kept::default(), Default::default());
        train_cpd::<Cpu>(&config, BATCH, &fold, &device, &Silent, &kept).expect("one step");
        let state = kept.state(BATCH as u64);
        let state = SafeTensors::deserialize(&state).expect("safetensors");
        let expected = composed(&image, augment);
        for (name, expected) in ["generator", "discriminator", "averaged"].iter().zip(expected) {
            let bytes = state.tensor(name).expect("in the checkpoint").data();
            let found: Vec<f32> = bytes
                .chunks_exact(4)
                .map(|four| f32::from_le_bytes(four.try_into().expect("four")))
                .collect();
            let tensor = tensor(&found, [found.len()]);
            assert_close(name, &numbers(tensor), &expected, 1e-6);
        }
    }
}
