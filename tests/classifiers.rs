//! Both classifiers against PyTorch and torchvision (`tests/reference/classifier.py`).

#[allow(dead_code, reason = "only its draws are needed here")]
#[path = "learn/support.rs"]
mod draws;
mod support;

use burn::backend::{Autodiff, Flex};
use burn::tensor::{Tensor, TensorData};
use msx::data::{Channels, Pixels, Raster};
use msx::learn::checkpoint::NoCheckpoints;
use msx::learn::classifier::{
    Architecture, Augmentation, ClassWeights, ClassifierConfig, Images, Mode, Model, Patience,
    Running, train, weighted_cross_entropy,
};
use msx::learn::parameters::Parameters;
use msx::progress::Silent;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use support::{Golden, assert_close, numbers};

const FINDINGS: usize = 3;
const RATE: f64 = 0.001;

/// A tensor of the start: name, shape, values.
type Named = (String, Vec<usize>, Vec<f32>);

/// Weights under PyTorch's names, as a user would give them.
fn safetensors(tensors: &[Named]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("sizes that fit");
        (name.as_str(), view)
    });
    serialize(views, &None).expect("tensors of numbers")
}

/// A network with its golden values, at the weights that the reference began with.
struct Case {
    golden: Golden,
    architecture: Architecture,
    model: Model,
    start: Vec<u8>,
    side: usize,
}

impl Case {
    fn new(golden: Golden, architecture: Architecture, start: &[Named], side: usize) -> Case {
        let model = Model::new(architecture.clone(), FINDINGS, Channels::One).expect("a network");
        Case { golden, architecture, model, start: safetensors(start), side }
    }

    fn weights(&self) -> Parameters<Flex> {
        let values = self.model.weights.from_safetensors(&self.start).expect("every weight");
        Parameters::new(self.model.weights.clone(), &values, &Default::default())
    }

    fn running(&self) -> Running<Flex> {
        let values = self.model.running.from_safetensors(&self.start).expect("every statistic");
        Running(Parameters::new(self.model.running.clone(), &values, &Default::default()))
    }

    /// Logits `[count, findings]` without training.
    fn evaluates(&self, images: &str, logits: &str, tolerance: f32) {
        let (weights, running) = (self.weights(), self.running());
        let bytes = self.golden.raw(images);
        let x = self.model.prepare(&bytes, Raster::eight(self.side), &Default::default());
        let features = self.model.features(&weights, &mut Mode::Evaluate(&running), x);
        self.golden.check(logits, self.model.head(&weights, features).swap_dims(0, 1), tolerance);
    }

    /// Logits, loss and the gradient of every weight in one step on the whole batch.
    fn gradients(&self, tolerance: f32) -> Vec<Vec<f32>> {
        let _alone = msx::learn::alone();
        let device = Default::default();
        let labels = self.golden.raw("labels");
        let count = labels.len() / FINDINGS;
        let by_image: Vec<f32> = labels.iter().map(|&label| f32::from(label)).collect();
        let by_image =
            Tensor::<Flex, 2>::from_data(TensorData::new(by_image, [count, FINDINGS]), &device);
        let weights = self.weights().lift::<Autodiff<Flex>>(true);
        let x = self.model.prepare(&self.golden.raw("images"), Raster::eight(self.side), &device);
        let features = self.model.features(&weights, &mut Mode::Train(Vec::new()), x);
        let logits = self.model.head(&weights, features);
        let seen = logits.clone().inner().swap_dims(0, 1);
        self.golden.check("train_logits", seen, tolerance);
        let balance = ClassWeights::of(&labels, FINDINGS);
        let loss =
            weighted_cross_entropy(logits, Tensor::from_inner(by_image.swap_dims(0, 1)), &balance);
        self.golden.check("loss", loss.clone().inner(), tolerance);
        weights.gradients(&loss.backward()).iter().map(numbers).collect()
    }

    /// What a training of one step leaves: weights and running statistics as safetensors.
    fn trained(&self) -> Vec<u8> {
        let (images, labels) = (self.golden.raw("images"), self.golden.raw("labels"));
        let count = labels.len() / FINDINGS;
        let config = ClassifierConfig {
            architecture: self.architecture.clone(),
            start: Some(self.start.clone()),
            epochs: 1,
            batch: count,
            learning_rate: RATE,
            samples_per_epoch: count,
            patience: Patience { reduce: 2, stop: 3 },
            mirror: false,
            augment: Augmentation::default(),
            seed: 1,
        };
        let images = Pixels::new(&images, Raster::eight(self.side));
        let fold = Images { images, labels: &labels, side: self.side, findings: FINDINGS };
        let score = |_: &[f32], _: &[u8], _: usize| Some(0.5);
        let device = Default::default();
        let trained =
            train::<Flex>(&config, &fold, &fold, &score, &device, &Silent, &NoCheckpoints);
        trained.expect("one step").weights
    }

    /// Compares what a training left with every `after/…` of the reference. Adam's first step is
    /// the gradient's sign, which rounding decides near zero; `clear` tells where it does not.
    fn leaves(&self, tolerance: f32, clear: impl Fn(&str, usize) -> bool) {
        let trained = self.trained();
        let file = SafeTensors::deserialize(&trained).expect("safetensors");
        let names = self.golden.names("after/");
        assert!(names.len() >= 8, "only {} values to compare", names.len());
        for name in names {
            let expected = self.golden.array(&format!("after/{name}")).1;
            let bytes = file.tensor(&name).expect("a name of PyTorch's").data().chunks_exact(4);
            let found: Vec<f32> =
                bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let kept = |values: &[f32]| -> Vec<f32> {
                let numbered = values.iter().enumerate();
                numbered.filter(|(at, _)| clear(&name, *at)).map(|(_, value)| *value).collect()
            };
            assert_close(&name, &kept(&found), &kept(&expected), tolerance);
        }
    }
}

#[test]
fn cnn_agrees_with_pytorch() {
    let golden = Golden::open("cnn.safetensors");
    let start: Vec<Named> = golden
        .names("before/")
        .into_iter()
        .map(|name| {
            let (shape, values) = golden.array(&format!("before/{name}"));
            (name, shape, values)
        })
        .collect();
    let case = Case::new(golden, Architecture::Cnn { widths: vec![4, 6] }, &start, 8);
    case.evaluates("images", "eval_logits", 1e-5);
    let found: Vec<f32> = case.gradients(1e-5).concat();
    let names = ["block0.conv.weight", "block0.norm.weight", "block0.norm.bias"]
        .into_iter()
        .chain(["block1.conv.weight", "block1.norm.weight", "block1.norm.bias"])
        .chain(["classifier.weight", "classifier.bias"]);
    let expected: Vec<f32> =
        names.flat_map(|name| case.golden.array(&format!("gradient/{name}")).1).collect();
    assert_close("gradient", &found, &expected, 1e-5);
    case.leaves(1e-5, |name, at| {
        let is_learned = !name.contains("running");
        !is_learned || case.golden.array(&format!("gradient/{name}")).1[at].abs() > 1e-5
    });
}

#[test]
fn densenet121_agrees_with_torchvision() {
    let golden = Golden::open("densenet121.safetensors");
    // Name, shape, stream, scale and offset of every tensor, as the script drew them.
    let recipe: Vec<(String, Vec<usize>, u64, f32, f32)> =
        serde_json::from_str(&golden.metadata("recipe")).expect("the script's own form");
    let start: Vec<Named> = recipe
        .iter()
        .map(|(name, shape, stream, scale, offset)| {
            let values = draws::uniform(*stream, shape.iter().product());
            let values = values.iter().map(|value| value * scale + offset).collect();
            (name.clone(), shape.clone(), values)
        })
        .collect();
    let case = Case::new(golden, Architecture::DenseNet121 { input: 64 }, &start, 64);
    case.evaluates("images", "eval_logits", 1e-4);
    let lengths: Vec<f32> = case
        .gradients(1e-3)
        .iter()
        .map(|values| values.iter().map(|value| value * value).sum::<f32>().sqrt())
        .collect();
    let expected = case.golden.array("gradient_lengths").1;
    assert_eq!(lengths.len(), expected.len());
    for (position, (found, expected)) in lengths.iter().zip(&expected).enumerate() {
        let apart = (found - expected).abs() / expected;
        assert!(apart < 0.01, "gradient {position} is {found} long, the reference's {expected}");
    }
    case.leaves(1e-3, |_, _| true);
    // A side that is odd where it is halved.
    let odd = Case::new(case.golden, Architecture::DenseNet121 { input: 72 }, &start, 72);
    odd.evaluates("odd_images", "odd_logits", 1e-4);
}
