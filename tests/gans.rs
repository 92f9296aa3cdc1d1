//! Both GANs against PyTorch (`tests/reference/gan.py`).

mod support;

use burn::backend::{Autodiff, Flex};
use burn::tensor::Tensor;
use msx::learn::gan::{
    CpdNetwork, LossWeights, Network, Phase, ProgNetwork, Shape, discriminator_loss,
    generator_loss, gradient_penalty,
};
use msx::learn::optimiser::{Adam, AdamConfig};
use msx::learn::parameters::{Layout, Parameters};
use std::sync::Arc;
use support::{Golden, assert_close};

const LOSS: LossWeights = LossWeights { gradient_penalty: 10.0, drift: 0.001, classes: 1.0 };
const ADAM: AdamConfig =
    AdamConfig { learning_rate: 0.003, beta1: 0.0, beta2: 0.99, epsilon: 1e-8 };

fn shape() -> Shape {
    Shape::new(16, 3, 4, Some(vec![6, 4, 4])).expect("a valid shape")
}

/// One network with its golden values.
struct Case<N> {
    network: N,
    phase: Phase,
    golden: Golden,
    labels: Tensor<Flex, 2>,
    latents: Tensor<Flex, 2>,
    real: Tensor<Flex, 4>,
    mixed: Tensor<Flex, 4>,
}

impl<N: Network> Case<N> {
    fn new(network: N, folder: &str, fade: f32) -> Case<N> {
        let golden = Golden::open(&format!("{folder}/batch.safetensors"));
        Case {
            network,
            phase: Phase { level: 2, fade },
            labels: golden.tensor("labels"),
            latents: golden.tensor("latents"),
            real: golden.tensor("real"),
            mixed: golden.tensor("mixed"),
            golden,
        }
    }

    fn values(&self, layout: &Layout, name: &str) -> Vec<f32> {
        layout.from_safetensors(&self.golden.beside(name)).expect("the layout of the reference")
    }

    fn weights(&self, layout: &Arc<Layout>, name: &str) -> Parameters<Flex> {
        Parameters::new(layout.clone(), &self.values(layout, name), &Default::default())
    }

    fn agrees(&self) {
        let _alone = msx::learn::alone();
        let generator = Arc::new(self.network.generator_layout());
        let discriminator = Arc::new(self.network.discriminator_layout());
        let generator_weights = self.weights(&generator, "generator");
        let discriminator_weights = self.weights(&discriminator, "discriminator");
        let images = self.network.generate(
            &generator_weights,
            self.latents.clone(),
            self.labels.clone(),
            self.phase,
        );
        self.golden.check("images", images.clone(), 1e-4);
        let gradients = self.discriminator_gradients(&discriminator_weights, images);
        self.check_step("discriminator", &discriminator, &discriminator_weights, gradients);
        let gradients = self.generator_gradients(&generator_weights, &discriminator_weights);
        self.check_step("generator", &generator, &generator_weights, gradients);
    }

    fn discriminator_gradients(
        &self,
        weights: &Parameters<Flex>,
        fake: Tensor<Flex, 4>,
    ) -> Vec<Tensor<Flex, 1>> {
        let weights = weights.lift::<Autodiff<Flex>>(true);
        let labels = Tensor::from_inner(self.labels.clone());
        let judge = |images: Tensor<Flex, 4>| {
            self.network.judge(&weights, Tensor::from_inner(images), labels.clone(), self.phase)
        };
        let (real, fake) = (judge(self.real.clone()), judge(fake));
        self.golden.check("real_score", real.score.clone().inner(), 1e-4);
        self.golden.check("fake_score", fake.score.clone().inner(), 1e-4);
        if let Some(classes) = &real.classes {
            self.golden.check("real_classes", classes.clone().inner(), 1e-4);
        }
        let loss = discriminator_loss(real, fake, &labels, LOSS);
        self.golden.check("loss_d", loss.clone().inner(), 1e-4);
        let penalty = gradient_penalty(
            &self.network,
            &weights,
            self.mixed.clone(),
            &self.labels,
            self.phase,
            LOSS.gradient_penalty,
        );
        self.golden.check("penalty", penalty.clone().inner(), 1e-4);
        weights.gradients(&(loss + penalty).backward())
    }

    fn generator_gradients(
        &self,
        weights: &Parameters<Flex>,
        judge: &Parameters<Flex>,
    ) -> Vec<Tensor<Flex, 1>> {
        let weights = weights.lift::<Autodiff<Flex>>(true);
        let judge = judge.lift::<Autodiff<Flex>>(false);
        let labels = Tensor::<Autodiff<Flex>, 2>::from_inner(self.labels.clone());
        let latents = Tensor::from_inner(self.latents.clone());
        let images = self.network.generate(&weights, latents, labels.clone(), self.phase);
        let verdict = self.network.judge(&judge, images, labels.clone(), self.phase);
        let loss = generator_loss(verdict, &labels, LOSS);
        self.golden.check("loss_g", loss.clone().inner(), 1e-4);
        weights.gradients(&loss.backward())
    }

    /// Every gradient, and every weight after one step of Adam.
    fn check_step(
        &self,
        name: &str,
        layout: &Arc<Layout>,
        weights: &Parameters<Flex>,
        gradients: Vec<Tensor<Flex, 1>>,
    ) {
        let flat: Vec<f32> = gradients.iter().flat_map(support::numbers).collect();
        let expected = self.values(layout, &format!("{name}_gradient"));
        assert_close(&format!("{name} gradient"), &flat, &expected, 1e-3);
        let after = Adam::new(layout, &Default::default()).step(weights, gradients, &ADAM).values();
        // The first step of Adam is the gradient's sign, which rounding decides near zero.
        let largest = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let clear = |values: &[f32]| -> Vec<f32> {
            let pairs = values.iter().zip(&expected);
            pairs.filter(|(_, slope)| slope.abs() > 1e-4 * largest).map(|(v, _)| *v).collect()
        };
        let expected_after = self.values(layout, &format!("{name}_after"));
        assert_close(&format!("{name} after"), &clear(&after), &clear(&expected_after), 1e-5);
        let moved = after.iter().zip(weights.values()).filter(|(new, old)| *new != old).count();
        assert!(moved * 2 > after.len(), "{name}: only {moved} of {} weights moved", after.len());
    }
}

#[test]
fn cpd_agrees_with_pytorch() {
    Case::new(CpdNetwork::new(shape()), "cpd", 1.0).agrees();
}

#[test]
fn prog_agrees_with_pytorch() {
    Case::new(ProgNetwork::new(shape()), "prog", 1.0).agrees();
}

#[test]
fn a_fading_prog_agrees_with_pytorch() {
    Case::new(ProgNetwork::new(shape()), "prog_fading", 0.3).agrees();
}
