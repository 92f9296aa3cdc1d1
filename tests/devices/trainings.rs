//! The smallest trainings that use all there is, on a given device.

use super::data::{BATCH, COUNT, Data, FINDINGS, LATENT, LOSS, Numbers, SIDE, WIDTHS, numbers};
use msx::data::Depth;
use msx::learn::checkpoint::Checkpoints;
use msx::learn::classifier::{
    self, Architecture, Augmentation, ClassifierConfig, Patience, TrainedClassifier, predict,
};
use msx::learn::device::Device;
use msx::learn::gan::{
    self, GanConfig, Growth, TrainedGan, Wanted, synthesise, train_cpd, train_prog,
};
use msx::learn::{LearnError, with_backend};
use msx::progress::Silent;
use safetensors::SafeTensors;
use std::io;
use std::sync::Mutex;

/// The last checkpoint, which holds all weights and moments.
#[derive(Default)]
struct Last(Mutex<Vec<u8>>);

impl Checkpoints for Last {
    fn latest(&self, _: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        Ok(None)
    }

    fn save(&self, _: u64, bytes: &[u8]) -> io::Result<()> {
        *self.0.lock().expect("no panic") = bytes.to_vec();
        Ok(())
    }
}

impl Last {
    fn arrays(&self) -> Vec<Numbers> {
        let bytes = self.0.lock().expect("no panic");
        let file = SafeTensors::deserialize(&bytes).expect("a checkpoint");
        let read = |name: &str| {
            let view = file.tensor(name).expect("its own name");
            let bytes = view.data().chunks_exact(4);
            bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
        };
        let mut names = file.names();
        names.sort();
        names.into_iter().map(|name| numbers(name, read(name))).collect()
    }
}

/// Which of the two.
#[derive(Clone, Copy)]
enum Gan {
    Cpd,
    Prog,
}

/// Weights, moments, losses and images after four steps of `cpd`. After eight, rounding alone moves
/// its gradients by 3e-3: the processor's do so when the learning rate is changed by 1e-4 of itself.
pub fn cpd(device: &Device) -> Vec<Numbers> {
    gan(Gan::Cpd, 4, device)
}

/// The same of `prog`: two steps at 8 px, then six while 16 px fade in.
pub fn prog(device: &Device) -> Vec<Numbers> {
    gan(Gan::Prog, 8, device)
}

fn gan(method: Gan, steps: u64, device: &Device) -> Vec<Numbers> {
    let (data, last) = (Data::new(SIDE), Last::default());
    let trained =
        train_gan(method, steps, Some(&WIDTHS), &data, device, &last).expect("a training");
    let mut found = last.arrays();
    for row in &trained.curves.rows {
        found.push(numbers("losses", row[1..4].iter().map(|value| *value as f32).collect()));
    }
    let images = generate(&trained.generator, &data, device);
    found.push(numbers("images", images.into_iter().map(f32::from).collect()));
    found
}

fn train_gan(
    method: Gan,
    steps: u64,
    widths: Option<&[usize]>,
    data: &Data,
    device: &Device,
    last: &Last,
) -> Result<TrainedGan, LearnError> {
    let batch = BATCH as u64;
    let config = GanConfig {
        length: steps * batch,
        learning_rate: 0.001,
        latent: LATENT,
        widths: widths.map(<[usize]>::to_vec),
        loss: LOSS,
        augment: gan::Augmentation::default(),
        generator_average: 0.9,
        seed: 5,
    };
    let images = data.for_gan();
    match method {
        Gan::Cpd => with_backend!(device, |B, handle| {
            train_cpd::<B>(&config, BATCH, &images, &handle, &Silent, last)
        }),
        Gan::Prog => {
            let (stable, fade, batches) = (2 * batch, 6 * batch + 1, vec![BATCH]);
            let growth = Growth { stable, fade, batches, size: None };
            let places: [&dyn Checkpoints; 2] = [last, last];
            with_backend!(device, |B, handle| {
                train_prog::<B>(&config, &growth, &images, &handle, &Silent, &places)
            })
        }
    }
}

fn generate(generator: &[u8], data: &Data, device: &Device) -> Vec<u8> {
    with_backend!(device, |B, handle| {
        let wanted = Wanted { labels: &data.labels, findings: FINDINGS, depth: Depth::Eight };
        synthesise::<B>(generator, wanted, 9, &handle, &Silent)
    })
    .expect("images")
}

/// A small classifier; two of its blocks halve the side, the last has an odd one.
fn small() -> Architecture {
    Architecture::Cnn { widths: vec![8, 12, 12] }
}

/// Weights, moments, losses and scores after an epoch of `cnn`.
pub fn cnn(device: &Device) -> Vec<Numbers> {
    classifier(small(), COUNT, device)
}

/// The same of one step of `densenet121`; all but the running statistics and the losses, which one
/// forward pass gives, comes from gradients of a deep network.
pub fn densenet(device: &Device) -> Vec<Numbers> {
    let mut found = classifier(Architecture::DenseNet121 { input: 32 }, BATCH, device);
    for numbers in &mut found {
        let forward = numbers.name.ends_with("running") || numbers.name == "losses";
        let room = if forward { "pass" } else { "deep" };
        numbers.name = format!("{room}/{}", numbers.name);
    }
    found
}

/// Side of the images of classifiers.
const ODD_SIDE: usize = 12;

fn classifier(architecture: Architecture, samples: usize, device: &Device) -> Vec<Numbers> {
    let (data, last) = (Data::new(ODD_SIDE), Last::default());
    let trained =
        train_classifier(architecture, samples, &data, device, &last).expect("a training");
    let mut found = last.arrays();
    for row in &trained.curves.rows {
        found.push(numbers("losses", vec![row[1] as f32]));
    }
    found.push(numbers("scores", score(&trained.weights, &data, device)));
    found
}

fn train_classifier(
    architecture: Architecture,
    samples: usize,
    data: &Data,
    device: &Device,
    last: &Last,
) -> Result<TrainedClassifier, LearnError> {
    let config = ClassifierConfig {
        architecture,
        start: None,
        epochs: 1,
        batch: BATCH,
        learning_rate: 0.001,
        samples_per_epoch: samples,
        patience: Patience { reduce: 3, stop: 10 },
        mirror: true,
        augment: Augmentation::default(),
        seed: 5,
    };
    let images = data.for_classifier();
    // Whatever the scores are, the only epoch is the best.
    let score = |_: &[f32], _: &[u8], _: usize| Some(0.5);
    with_backend!(device, |B, handle| {
        classifier::train::<B>(&config, &images, &images, &score, &handle, &Silent, last)
    })
}

fn score(weights: &[u8], data: &Data, device: &Device) -> Vec<f32> {
    with_backend!(device, |B, handle| {
        predict::<B>(weights, data.for_classifier().images, &handle, &Silent)
    })
    .expect("scores")
}

/// Every network's training and use, the GANs also at the widths of the paper, because kernels are
/// made for shapes. A training may fail over what comes out, but not before its last step; what
/// comes after a training gets weights from the processor.
pub fn launch_everything(device: &Device) {
    let (cpu, last, data) = (Device::Cpu, Last::default(), Data::new(SIDE));
    for method in [Gan::Cpd, Gan::Prog] {
        for widths in [Some(&WIDTHS[..]), None] {
            let _ = train_gan(method, 4, widths, &data, device, &last);
        }
        let trained = train_gan(method, 4, Some(&WIDTHS), &data, &cpu, &last).expect("a training");
        generate(&trained.generator, &data, device);
    }
    let data = Data::new(ODD_SIDE);
    for architecture in [small(), Architecture::DenseNet121 { input: 32 }] {
        let _ = train_classifier(architecture.clone(), BATCH, &data, device, &last);
        let trained =
            train_classifier(architecture, BATCH, &data, &cpu, &last).expect("a training");
        score(&trained.weights, &data, device);
    }
}
