//! Networks on images of several channels: each channel counts, and images of other channels are refused.

use crate::support::{Cpu, Kept, StopAfter, numbers, on_threads, tensor, uniform};
use burn::tensor::Tensor;
use msx::data::{Channels, Depth, Pixels, Raster};
use msx::learn::checkpoint::{Checkpoints, NoCheckpoints};
use msx::learn::classifier::{
    Architecture, Augmentation as ViewChanges, ClassifierConfig, Images, Model, Patience,
    TrainedClassifier, View, features, predict, train,
};
use msx::learn::gan::{
    Augmentation, Changes, GanConfig, Growth, LossWeights, TrainedGan, TrainingImages, Wanted,
    synthesise, train_cpd, train_prog,
};
use msx::learn::layers::Maps;
use msx::learn::parameters::metadata;
use msx::learn::{Curves, LearnError};
use msx::progress::{Monitor, Silent};
use safetensors::SafeTensors;

const SIDE: usize = 16;
const COUNT: usize = 12;
const SEVERAL: [Channels; 2] = [Channels::Two, Channels::Three];
const CHANGED: Augmentation =
    Augmentation { brightness: true, contrast: true, translation: true, cutout: true };

fn raster(channels: Channels) -> Raster {
    Raster { channels, ..Raster::eight(SIDE) }
}

/// Images of random bytes, and one of three label sets in turn.
struct Fold {
    raster: Raster,
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Fold {
    fn new(channels: Channels) -> Fold {
        let raster = raster(channels);
        let images = uniform(31, COUNT * raster.bytes());
        Fold {
            raster,
            images: images.iter().map(|value| (value * 127.0 + 128.0) as u8).collect(),
            labels: [[1, 0], [0, 1], [1, 1]].into_iter().cycle().take(COUNT).flatten().collect(),
        }
    }

    /// The same with another last channel.
    fn changed(mut self) -> Fold {
        let size = self.raster.bytes();
        let plane = self.raster.plane().bytes();
        for image in self.images.chunks_mut(size) {
            image[size - plane..].iter_mut().for_each(|byte| *byte = 255 - *byte);
        }
        self
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels::new(&self.images, self.raster)
    }

    fn training(&self) -> TrainingImages<'_> {
        let (images, labels) = (self.pixels(), self.labels.as_slice());
        TrainingImages { images, labels, side: SIDE, findings: 2 }
    }

    fn images(&self) -> Images<'_> {
        Images { images: self.pixels(), labels: &self.labels, side: SIDE, findings: 2 }
    }
}

const LOSS: LossWeights = LossWeights { gradient_penalty: 10.0, drift: 0.001, classes: 1.0 };

/// A training of a GAN on a fold, with what stops it and where its states go.
type Training = fn(&Fold, &dyn Monitor, &dyn Checkpoints) -> Result<TrainedGan, LearnError>;

fn config() -> GanConfig {
    GanConfig {
        length: 64,
        learning_rate: 0.003,
        latent: 4,
        widths: Some(vec![6, 4, 4]),
        loss: LOSS,
        augment: CHANGED,
        generator_average: 0.9,
        seed: 7,
    }
}

fn cpd(
    fold: &Fold,
    monitor: &dyn Monitor,
    kept: &dyn Checkpoints,
) -> Result<TrainedGan, LearnError> {
    train_cpd::<Cpu>(&config(), 4, &fold.training(), &Default::default(), monitor, kept)
}

/// From 8 px over the fade to 16 px.
fn prog(
    fold: &Fold,
    monitor: &dyn Monitor,
    kept: &dyn Checkpoints,
) -> Result<TrainedGan, LearnError> {
    let growth = Growth { stable: 16, fade: 24, batches: vec![8, 4], size: None };
    let (data, device) = (fold.training(), Default::default());
    train_prog::<Cpu>(&config(), &growth, &data, &device, monitor, &[kept, kept])
}

const TRAININGS: [Training; 2] = [cpd, prog];

fn are_finite(curves: &Curves) {
    assert!(!curves.rows.is_empty());
    assert!(curves.rows.iter().flatten().all(|value| value.is_finite()), "{curves:?}");
}

/// Penalties of both orders of the gradient go through every channel.
#[test]
fn gans_train_on_several_channels_and_give_the_same_bytes_in_any_way() {
    for training in TRAININGS {
        let narrow = training(&Fold::new(Channels::One), &Silent, &NoCheckpoints).expect("one");
        let text = metadata(&narrow.generator).expect("a description");
        assert!(!text.contains("channels"), "{text}");
        for channels in SEVERAL {
            let fold = Fold::new(channels);
            let straight = || training(&fold, &Silent, &NoCheckpoints).expect("a training");
            let expected = straight();
            are_finite(&expected.curves);
            let text = metadata(&expected.generator).expect("a description");
            assert!(text.contains(&format!("\"channels\":{}", channels.count())), "{text}");
            assert!(on_threads(1, straight) == on_threads(2, straight));
            let kept = Kept::default();
            let stopped = training(&fold, &StopAfter::looks(5), &kept);
            assert!(matches!(stopped, Err(LearnError::Stopped)), "{stopped:?}");
            assert!(training(&fold, &Silent, &kept).expect("it goes on") == expected);
            assert!(kept.resumed_from() > 0);
            let other = training(&Fold::new(channels).changed(), &Silent, &NoCheckpoints);
            assert!(other.expect("a training") != expected, "the last channel is not looked at");
        }
    }
}

#[test]
fn generators_make_as_many_channels_as_they_saw() {
    for training in TRAININGS {
        let fold = Fold::new(Channels::Three);
        let generator = training(&fold, &Silent, &NoCheckpoints).expect("a training").generator;
        for depth in Depth::EVERY {
            let wanted = Wanted { labels: &fold.labels, findings: 2, depth };
            let made = synthesise::<Cpu>(&generator, wanted, 3, &Default::default(), &Silent)
                .expect("images");
            let raster = Raster { depth, ..fold.raster };
            assert_eq!(made.len(), COUNT * raster.bytes());
            let [red, green, blue] = raster.planes(&made).collect::<Vec<_>>()[..3] else {
                panic!("an image of three channels")
            };
            assert!(red != green && green != blue, "channels are copies of each other");
        }
    }
}

#[test]
fn maps_hold_images_of_any_channels() {
    let images = uniform(3, 2 * 3 * 16);
    for channels in [1, 2, 3] {
        let values = &images[..2 * channels * 16];
        let tensor: Tensor<Cpu, 4> = tensor(values, [2, channels, 4, 4]);
        let maps = Maps::of_images(tensor);
        assert_eq!((maps.channels(), maps.batch, maps.side), (channels, 2, 4));
        let rows = numbers(maps.values.clone());
        for (channel, row) in rows.chunks(2 * 16).enumerate() {
            for (image, plane) in row.chunks(16).enumerate() {
                assert_eq!(plane, &values[(image * channels + channel) * 16..][..16]);
            }
        }
        assert_eq!(numbers(maps.into_images()), values);
    }
}

/// Places change alike in all channels, and values by what the whole image says.
#[test]
fn all_channels_of_an_image_are_changed_alike() {
    let (count, side, size) = (3, 4, 16);
    let values = uniform(4, count * 2 * size);
    let apply = |changes: &Changes, values: &[f32], channels: usize| {
        numbers(changes.apply(tensor::<4>(values, [count, channels, side, side])))
    };
    let plane = |values: &[f32], channel: usize| -> Vec<f32> {
        values.chunks(size).skip(channel).step_by(2).flatten().copied().collect()
    };
    let places = Changes {
        brightness: vec![0.25, -0.5, 0.125],
        translation: vec![[1, 0], [0, -1], [2, 1]],
        cutout: vec![[[0, 2], [1, 3]]; count],
        ..Changes::default()
    };
    let both = apply(&places, &values, 2);
    for channel in 0..2 {
        assert_eq!(plane(&both, channel), apply(&places, &plane(&values, channel), 1), "{channel}");
    }
    let contrast = Changes { contrast: vec![0.5, 1.0, 1.5], ..Changes::default() };
    let found = apply(&contrast, &values, 2);
    for (image, factor) in [0.5, 1.0, 1.5].into_iter().enumerate() {
        let before = &values[image * 2 * size..][..2 * size];
        let mean = before.iter().sum::<f32>() / before.len() as f32;
        for (found, before) in found[image * 2 * size..].iter().zip(before) {
            assert!((found - ((before - mean) * factor + mean)).abs() < 1e-5);
        }
    }
}

#[test]
fn a_view_is_that_of_each_channel() {
    let fold = Fold::new(Channels::Three);
    let image = fold.pixels().image(1);
    for view in [
        View { mirrored: true, shift: [3, -2], ..View::plain(0) },
        View { angle: 25.0, ..View::plain(0) },
        View { brightness: 1.2, ..View::plain(0) },
    ] {
        let alone = |plane: &[u8]| view.of(plane, fold.raster.plane());
        let expected: Vec<u8> = fold.raster.planes(image).flat_map(alone).collect();
        assert_eq!(view.of(image, fold.raster), expected, "{view:?}");
    }
}

fn classify(fold: &Fold, valid: &Fold) -> Result<TrainedClassifier, LearnError> {
    let config = ClassifierConfig {
        architecture: Architecture::Cnn { widths: vec![4, 6] },
        start: None,
        epochs: 2,
        batch: 4,
        learning_rate: 0.01,
        samples_per_epoch: COUNT,
        patience: Patience { reduce: 20, stop: 20 },
        mirror: true,
        augment: ViewChanges { shift: 0.2, rotation: 20.0, brightness: 0.3, mixup: 0.4 },
        seed: 3,
    };
    let (images, valid, device) = (fold.images(), valid.images(), Default::default());
    let score = |_: &[f32], _: &[u8], _: usize| Some(0.5);
    train::<Cpu>(&config, &images, &valid, &score, &device, &Silent, &NoCheckpoints)
}

#[test]
fn a_classifier_learns_from_every_channel_and_takes_no_others() {
    for channels in SEVERAL {
        let fold = Fold::new(channels);
        let straight = || classify(&fold, &fold).expect("a training");
        let trained = straight();
        are_finite(&trained.curves);
        assert!(on_threads(1, straight) == on_threads(2, straight));
        let other = Fold::new(channels).changed();
        assert!(classify(&other, &other).expect("a training") != trained);
        let file = SafeTensors::deserialize(&trained.weights).expect("safetensors");
        let first = file.tensor("block0.conv.weight").expect("the first layer");
        assert_eq!(first.shape(), [4, channels.count(), 3, 3]);
        let score = |fold: &Fold| {
            predict::<Cpu>(&trained.weights, fold.pixels(), &Default::default(), &Silent)
        };
        assert_eq!(score(&fold).expect("scores").len(), COUNT * 2);
        let one = Fold::new(Channels::One);
        let embedded =
            features::<Cpu>(&trained.weights, one.pixels(), &Default::default(), &Silent);
        for refused in [score(&one).err(), embedded.err(), classify(&fold, &one).err()] {
            let Some(LearnError::Configuration(text)) = refused else { panic!("{refused:?}") };
            assert!(text.contains("channel"), "{text}");
        }
    }
}

/// What earlier versions stored says nothing of channels, and neither does what has one now.
#[test]
fn a_classifier_of_one_channel_is_stored_as_ever() {
    let fold = Fold::new(Channels::One);
    let weights = classify(&fold, &fold).expect("a training").weights;
    let text = metadata(&weights).expect("a description");
    assert_eq!(text, r#"{"architecture":{"cnn":{"widths":[4,6]}},"findings":2}"#);
    let outcome = predict::<Cpu>(&weights, fold.pixels(), &Default::default(), &Silent);
    assert_eq!(outcome.expect("scores").len(), COUNT * 2);
    let three = Fold::new(Channels::Three);
    let outcome = predict::<Cpu>(&weights, three.pixels(), &Default::default(), &Silent);
    let Err(LearnError::Configuration(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("trained on images of 1 channel, these have 3 channels"), "{text}");
}

/// Three channels are ImageNet's, each with its own mean and deviation; one is all of them.
#[test]
fn densenet_takes_one_channel_or_three() {
    let _alone = msx::learn::alone();
    let architecture = Architecture::DenseNet121 { input: 32 };
    let model = |channels| Model::new(architecture.clone(), 2, channels);
    let fold = Fold::new(Channels::Three);
    let image = fold.pixels().image(0);
    let rows = |image: &[u8], channels| {
        let maps = model(channels).expect("a network").prepare::<Cpu>(
            image,
            raster(channels),
            &Default::default(),
        );
        assert_eq!((maps.channels(), maps.batch, maps.side), (3, 1, 32));
        numbers(maps.values)
    };
    let all = rows(image, Channels::Three);
    for (channel, plane) in fold.raster.planes(image).enumerate() {
        let repeated = rows(plane, Channels::One);
        let part = channel * 32 * 32..(channel + 1) * 32 * 32;
        assert_eq!(all[part.clone()], repeated[part], "channel {channel}");
    }
    let Err(LearnError::Configuration(text)) = model(Channels::Two) else {
        panic!("two channels are taken")
    };
    for part in ["1 or 3 channels", "these have 2", "one `window` or three"] {
        assert!(text.contains(part), "{text}");
    }
}
