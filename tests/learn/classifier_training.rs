//! Trainings of a classifier: where they may stop, how they go on, and what they refuse.

use crate::support::{Cpu, Kept, StopAfter, on_threads, uniform};
use msx::data::{Pixels, Raster};
use msx::learn::LearnError;
use msx::learn::checkpoint::{Checkpoints, NoCheckpoints};
use msx::learn::classifier::{
    Architecture, Augmentation, ClassifierConfig, Images, Patience, TrainedClassifier, predict,
    train,
};
use msx::progress::{Monitor, Silent};

const SIDE: usize = 8;
const COUNT: usize = 22;
/// Images an epoch.
const SAMPLES: usize = 18;
/// Places of an epoch that a checkpoint can be filed under.
const EPOCH: u64 = SAMPLES as u64 + 1;

fn config(epochs: u64) -> ClassifierConfig {
    ClassifierConfig {
        architecture: Architecture::Cnn { widths: vec![4, 6] },
        start: None,
        epochs,
        batch: 4,
        learning_rate: 0.01,
        samples_per_epoch: SAMPLES,
        patience: Patience { reduce: 20, stop: 20 },
        mirror: true,
        augment: Augmentation::default(),
        seed: 3,
    }
}

struct Fold {
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Fold {
    /// Images that are brighter where they have the first finding.
    fn new(stream: u64) -> Fold {
        let labels: Vec<u8> =
            [[1, 0], [0, 1], [0, 0]].into_iter().cycle().take(COUNT).flatten().collect();
        let noise = uniform(stream, COUNT * SIDE * SIDE);
        let images = noise.iter().enumerate().map(|(position, value)| {
            let bright = f32::from(labels[position / (SIDE * SIDE) * 2]) * 20.0;
            (value * 100.0 + 110.0 + bright) as u8
        });
        Fold { images: images.collect(), labels }
    }

    fn view(&self) -> Images<'_> {
        let images = Pixels::new(&self.images, Raster::eight(SIDE));
        Images { images, labels: &self.labels, side: SIDE, findings: 2 }
    }
}

/// The nearer scores are to labels, the larger: stands in for an AUROC.
fn nearness(scores: &[f32], labels: &[u8], _: usize) -> Option<f64> {
    let misses = scores.iter().zip(labels).map(|(score, &label)| (score - f32::from(label)).abs());
    Some(1.0 - misses.map(f64::from).sum::<f64>() / labels.len() as f64)
}

fn run(
    config: &ClassifierConfig,
    monitor: &dyn Monitor,
    kept: &dyn Checkpoints,
) -> Result<TrainedClassifier, LearnError> {
    let (fold, valid) = (Fold::new(8), Fold::new(9));
    let device = Default::default();
    train::<Cpu>(config, &fold.view(), &valid.view(), &nearness, &device, monitor, kept)
}

fn straight(config: &ClassifierConfig) -> TrainedClassifier {
    run(config, &Silent, &NoCheckpoints).expect("a straight run")
}

#[test]
fn a_stopped_training_goes_on_to_the_bytes_of_a_straight_run() {
    let expected = straight(&config(4));
    // Before anything, within an epoch, in its validation, and between two: six looks an epoch.
    let stops = [(1, 0), (3, 8), (6, 18), (7, EPOCH), (12, EPOCH + 18), (15, 2 * EPOCH + 8)];
    for (looks, place) in stops {
        let kept = Kept::default();
        let stopped = run(&config(4), &StopAfter::looks(looks), &kept);
        assert!(matches!(stopped, Err(LearnError::Stopped)), "{stopped:?}");
        let resumed = run(&config(4), &Silent, &kept).expect("it goes on");
        assert_eq!(kept.resumed_from(), place);
        assert!(resumed == expected, "another result after {looks} looks");
    }
}

/// Every change of the images.
fn changed(epochs: u64) -> ClassifierConfig {
    let augment = Augmentation { shift: 0.2, rotation: 20.0, brightness: 0.3, mixup: 0.4 };
    ClassifierConfig { augment, ..config(epochs) }
}

#[test]
fn a_training_on_changed_images_is_another_one_and_goes_on_to_its_bytes() {
    let expected = straight(&changed(3));
    assert!(expected.weights != straight(&config(3)).weights);
    for looks in [3, 6, 12] {
        let kept = Kept::default();
        let stopped = run(&changed(3), &StopAfter::looks(looks), &kept);
        assert!(matches!(stopped, Err(LearnError::Stopped)), "{stopped:?}");
        let resumed = run(&changed(3), &Silent, &kept).expect("it goes on");
        assert!(resumed == expected, "another result after {looks} looks");
    }
    for threads in [1, 2] {
        assert!(on_threads(threads, || straight(&changed(3))) == expected);
    }
}

#[test]
fn a_stop_that_comes_again_and_again_loses_nothing() {
    let (expected, kept) = (straight(&config(3)), Kept::default());
    // One batch a time, and a validation between two epochs: eighteen steps and a last look.
    for _ in 0..18 {
        let stopped = run(&config(3), &StopAfter::looks(2), &kept);
        assert!(matches!(stopped, Ok(_) | Err(LearnError::Stopped)), "{stopped:?}");
    }
    assert!(run(&config(3), &StopAfter::looks(1), &kept).expect("nothing is left") == expected);
}

#[test]
fn a_killed_training_goes_on_from_within_an_epoch() {
    let (expected, kept) = (straight(&config(3)), Kept::eagerly());
    assert!(run(&config(3), &Silent, &kept).expect("a straight run") == expected);
    let positions = kept.positions();
    assert!(positions.contains(&4) && positions.contains(&EPOCH), "{positions:?}");
    for position in positions {
        let left = kept.only(position, position);
        assert!(run(&config(3), &Silent, &left).expect("it goes on") == expected, "{position}");
        assert_eq!(left.resumed_from(), position);
    }
}

/// Earlier versions counted epochs and not images.
#[test]
fn checkpoints_of_earlier_versions_are_gone_on_from() {
    let kept = Kept::default();
    run(&config(3), &Silent, &kept).expect("three epochs");
    let (old, beyond) = (kept.only(2 * EPOCH, 2), kept.only(3 * EPOCH, 3));
    assert!(run(&config(3), &Silent, &old).expect("it goes on") == straight(&config(3)));
    assert_eq!(old.resumed_from(), 2);
    assert!(run(&config(2), &Silent, &beyond).expect("a training") == straight(&config(2)));
    assert_eq!(beyond.resumed_from(), 0);
}

#[test]
fn more_epochs_continue_fewer_ones() {
    let kept = Kept::default();
    let few = run(&config(2), &Silent, &kept).expect("two epochs");
    assert!(few == straight(&config(2)));
    let more = run(&config(5), &Silent, &kept).expect("five epochs");
    assert_eq!(kept.resumed_from(), 2 * EPOCH);
    assert!(more == straight(&config(5)));
    assert!(more.weights != few.weights, "nothing was learned on the way");
}

#[test]
fn another_patience_gives_what_it_would_have_given_alone() {
    let with = |stop| ClassifierConfig {
        patience: Patience { reduce: 1, stop },
        learning_rate: 0.5,
        ..config(30)
    };
    let ends = [1, 2, 4].map(|stop| straight(&with(stop)).curves.rows.len());
    assert!(ends[0] < ends[2] && ends[2] < 30, "patience never decides: {ends:?}");
    for order in [[1, 2, 4], [4, 2, 1]] {
        let kept = Kept::default();
        for stop in order {
            let found = run(&with(stop), &Silent, &kept).expect("a training");
            assert!(found == straight(&with(stop)), "stop {stop} in the order {order:?}");
        }
    }
}

#[test]
fn threads_do_not_show() {
    let architecture = Architecture::Cnn { widths: vec![64, 64] };
    let config = ClassifierConfig { architecture, batch: 16, ..config(2) };
    let images = uniform(10, COUNT * 32 * 32);
    let images: Vec<u8> = images.iter().map(|value| (value * 127.0 + 128.0) as u8).collect();
    let labels = Fold::new(8).labels;
    let images = Pixels::new(&images, Raster::eight(32));
    let fold = Images { images, labels: &labels, side: 32, findings: 2 };
    let outcome = || {
        let device = Default::default();
        train::<Cpu>(&config, &fold, &fold, &nearness, &device, &Silent, &NoCheckpoints)
            .expect("a training")
    };
    assert!(on_threads(1, outcome) == on_threads(2, outcome));
}

#[test]
fn a_training_that_diverges_is_an_error() {
    // One step an epoch: its loss is still that of the weights it began with.
    for batch in [4, COUNT] {
        let config =
            ClassifierConfig { learning_rate: 1e38, batch, samples_per_epoch: COUNT, ..config(1) };
        match run(&config, &Silent, &NoCheckpoints) {
            Err(LearnError::Diverged { unit: "epochs", .. }) => {}
            other => panic!("batch {batch}: {other:?}"),
        }
    }
}

#[test]
fn folds_that_do_not_fit_are_refused() {
    let (fold, device) = (Fold::new(8), Default::default());
    let good = fold.view();
    let empty = Images { images: Pixels::new(&[], Raster::eight(SIDE)), labels: &[], ..good };
    let other = Images { labels: &fold.labels[..COUNT], findings: 1, ..good };
    for (training, valid) in [(good, empty), (empty, good), (good, other)] {
        let outcome = train::<Cpu>(
            &config(1),
            &training,
            &valid,
            &nearness,
            &device,
            &Silent,
            &NoCheckpoints,
        );
        assert!(matches!(outcome, Err(LearnError::Configuration(_))), "{outcome:?}");
    }
}

#[test]
fn the_weights_of_the_best_epoch_are_kept() {
    let trained = straight(&ClassifierConfig { learning_rate: 0.5, ..config(5) });
    let scores: Vec<f64> = trained.curves.rows.iter().map(|row| row[2]).collect();
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(scores[4] < best, "the last epoch is the best: {scores:?}");
    let valid = Fold::new(9);
    let images = valid.view().images;
    let found = predict::<Cpu>(&trained.weights, images, &Default::default(), &Silent)
        .expect("probabilities");
    assert_eq!(nearness(&found, &valid.labels, 2), Some(best));
}
