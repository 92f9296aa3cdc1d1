//! The operations with gradients, on top of any backend that has them.

use super::{Geometry, Kernels};
use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::tensor::ops::FloatTensor;

#[derive(Debug)]
struct Unfold;
#[derive(Debug)]
struct Fold;
#[derive(Debug)]
struct Gate;

impl<B: Kernels> Backward<B, 1> for Unfold {
    type State = Geometry;

    fn backward(self, ops: Ops<Geometry, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| B::fold(grad, ops.state));
    }
}

impl<B: Kernels> Backward<B, 1> for Fold {
    type State = Geometry;

    fn backward(self, ops: Ops<Geometry, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| B::unfold(grad, ops.state));
    }
}

impl<B: Kernels> Backward<B, 1> for Gate {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| B::gate(ops.state, grad));
    }
}

impl<B: Kernels, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    const NATIVE: bool = B::NATIVE;

    fn unfold(images: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(Unfold, [images.node.clone()]);
        let output = B::unfold(images.primitive, geometry);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(geometry, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn fold(patches: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(Fold, [patches.node.clone()]);
        let output = B::fold(patches.primitive, geometry);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(geometry, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn gate(source: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(Gate, [value.node.clone()]);
        let output = B::gate(source.primitive.clone(), value.primitive);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(source.primitive, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
