//! The processor's own kernels against the definition, against burn's operations, and against
//! each other.

use crate::support::{Cpu, assert_close, numbers, tensor, uniform};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorPrimitive};
use msx::learn::kernels::{
    Geometry, Kernels, LEAK, fold_by_padding, gate_by_mask, processor, unfold_by_slices,
};

fn native_unfold<B: Kernels>(images: Tensor<B, 2>, geometry: Geometry) -> Tensor<B, 2> {
    let patches = B::unfold(images.into_primitive().tensor(), geometry);
    Tensor::new(TensorPrimitive::Float(patches))
}

fn native_fold<B: Kernels>(patches: Tensor<B, 2>, geometry: Geometry) -> Tensor<B, 2> {
    let images = B::fold(patches.into_primitive().tensor(), geometry);
    Tensor::new(TensorPrimitive::Float(images))
}

fn native_gate<B: Kernels>(source: Tensor<B, 2>, value: Tensor<B, 2>) -> Tensor<B, 2> {
    let gated = B::gate(source.into_primitive().tensor(), value.into_primitive().tensor());
    Tensor::new(TensorPrimitive::Float(gated))
}

/// Every small geometry that leaves room for a patch, and one large enough for several threads.
fn geometries() -> Vec<Geometry> {
    let mut found =
        vec![Geometry { kernel: 4, stride: 2, padding: 1, channels: 16, batch: 8, side: 32 }];
    for (kernel, stride, padding, side) in choices() {
        for (channels, batch) in [(1, 1), (3, 2)] {
            if side + 2 * padding >= kernel {
                found.push(Geometry { kernel, stride, padding, channels, batch, side });
            }
        }
    }
    found
}

fn choices() -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let sides = [1, 2, 3, 5, 8];
    (1..=7).flat_map(move |kernel| {
        (1..=3).flat_map(move |stride| {
            (0..=3).flat_map(move |padding| sides.map(|side| (kernel, stride, padding, side)))
        })
    })
}

/// Where the definition takes each number of the patches from: a pixel, or padding.
fn origins(geometry: Geometry) -> Vec<Option<usize>> {
    let Geometry { kernel, stride, padding, channels, batch, side } = geometry;
    let patches = geometry.patches();
    let pixel = |position: usize, offset: usize| {
        (position * stride + offset).checked_sub(padding).filter(|pixel| *pixel < side)
    };
    let mut origins = Vec::with_capacity(geometry.rows() * geometry.columns());
    for row in 0..channels * kernel * kernel {
        let (channel, down, right) = (row / (kernel * kernel), row / kernel % kernel, row % kernel);
        for column in 0..batch * patches * patches {
            let (image, y, x) =
                (column / (patches * patches), column / patches % patches, column % patches);
            let place = pixel(y, down).zip(pixel(x, right));
            origins.push(place.map(|(y, x)| ((channel * batch + image) * side + y) * side + x));
        }
    }
    origins
}

fn images(geometry: Geometry) -> Tensor<Cpu, 2> {
    let shape = [geometry.channels, geometry.pixels()];
    tensor(&uniform(1, shape[0] * shape[1]), shape)
}

fn patches(geometry: Geometry) -> Tensor<Cpu, 2> {
    let shape = [geometry.rows(), geometry.columns()];
    tensor(&uniform(2, shape[0] * shape[1]), shape)
}

#[test]
fn unfolding_takes_every_patch_from_its_place() {
    for geometry in geometries() {
        let source = numbers(images(geometry));
        let expected: Vec<f32> = origins(geometry)
            .into_iter()
            .map(|origin| origin.map_or(0.0, |pixel| source[pixel]))
            .collect();
        let found = numbers(native_unfold(images(geometry), geometry));
        assert!(found == expected, "unfold at {geometry:?}");
        let generic = numbers(unfold_by_slices(images(geometry), geometry));
        assert!(generic == expected, "unfold_by_slices at {geometry:?}");
    }
}

#[test]
fn folding_adds_every_patch_to_its_place() {
    for geometry in geometries() {
        let mut expected = vec![0.0; geometry.channels * geometry.pixels()];
        for (origin, value) in origins(geometry).into_iter().zip(numbers(patches(geometry))) {
            if let Some(pixel) = origin {
                expected[pixel] += value;
            }
        }
        let what = format!("fold at {geometry:?}");
        let found = numbers(native_fold(patches(geometry), geometry));
        assert_close(&what, &found, &expected, 1e-6);
        let generic = numbers(fold_by_padding(patches(geometry), geometry));
        assert_close(&what, &found, &generic, 1e-6);
    }
}

/// `⟨unfold x, y⟩ = ⟨x, fold y⟩`: what makes each the other's gradient.
#[test]
fn unfolding_and_folding_are_adjoint() {
    let dot = |a: Tensor<Cpu, 2>, b: Tensor<Cpu, 2>| -> f64 {
        let products = numbers(a).into_iter().zip(numbers(b));
        products.map(|(a, b)| f64::from(a) * f64::from(b)).sum()
    };
    for geometry in geometries() {
        let (x, y) = (images(geometry), patches(geometry));
        let unfolded = dot(native_unfold(x.clone(), geometry), y.clone());
        let folded = dot(x, native_fold(y, geometry));
        let difference = (unfolded - folded).abs();
        assert!(difference <= 1e-4 * unfolded.abs().max(1.0), "{geometry:?}: {difference}");
    }
}

#[test]
fn gating_leaks_where_the_source_is_negative() {
    let source = tensor(&[-2.0, -0.0, 0.0, 3.0, -1e-20, 1e-20], [2, 3]);
    let value = tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    let found = numbers(native_gate(source.clone(), value.clone()));
    assert_eq!(found, [LEAK, 2.0, 3.0, 4.0, LEAK * 5.0, 6.0]);
    assert_close("gate", &found, &numbers(gate_by_mask(source, value)), 1e-7);
}

/// A tensor whose rows do not lie one behind the other in memory.
#[test]
fn kernels_read_transposed_tensors() {
    let geometry = Geometry { kernel: 3, stride: 1, padding: 1, channels: 3, batch: 2, side: 4 };
    let turned = |x: Tensor<Cpu, 2>| {
        let [rows, columns] = x.dims();
        let values = numbers(x.transpose());
        tensor(&values, [columns, rows]).transpose()
    };
    let found = numbers(native_unfold(turned(images(geometry)), geometry));
    assert_eq!(found, numbers(native_unfold(images(geometry), geometry)));
    let found = numbers(native_fold(turned(patches(geometry)), geometry));
    assert_eq!(found, numbers(native_fold(patches(geometry), geometry)));
    let plain = images(geometry);
    let found = numbers(native_gate(turned(plain.clone()), plain.clone()));
    assert_eq!(found, numbers(native_gate(plain.clone(), plain)));
}

/// The gradient of `⟨unfold x, y⟩` by `x` is `fold y`, that of `⟨fold y, x⟩` by `y` is `unfold x`,
/// and that of `⟨gate(s, v), w⟩` by `v` is `gate(s, w)`.
#[test]
fn gradients_are_the_adjoint_kernels() {
    let _alone = msx::learn::alone();
    type Tracked = Autodiff<Cpu>;
    let geometry = Geometry { kernel: 4, stride: 2, padding: 1, channels: 3, batch: 2, side: 8 };
    let (x, y) = (images(geometry), patches(geometry));

    let tracked = Tensor::<Tracked, 2>::from_inner(x.clone()).require_grad();
    let product = native_unfold(tracked.clone(), geometry) * Tensor::from_inner(y.clone());
    let gradient = tracked.grad(&product.sum().backward()).expect("x was used");
    assert_eq!(numbers(gradient), numbers(native_fold(y.clone(), geometry)));

    let tracked = Tensor::<Tracked, 2>::from_inner(y).require_grad();
    let product = native_fold(tracked.clone(), geometry) * Tensor::from_inner(x.clone());
    let gradient = tracked.grad(&product.sum().backward()).expect("y was used");
    assert_eq!(numbers(gradient), numbers(native_unfold(x.clone(), geometry)));

    let tracked = Tensor::<Tracked, 2>::from_inner(x.clone()).require_grad();
    let source = Tensor::from_inner(x.clone().neg());
    let product = native_gate(source, tracked.clone()) * Tensor::from_inner(x.clone());
    let gradient = tracked.grad(&product.sum().backward()).expect("the value was used");
    assert_eq!(numbers(gradient), numbers(native_gate(x.clone().neg(), x)));
}

/// By what Linux says of the processor.
#[test]
fn the_processor_is_told_by_its_instructions_and_first_cache() {
    let found = processor();
    let (instructions, cache) = found.split_once("-l1-").expect("both");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let said = std::fs::read_to_string("/proc/cpuinfo").expect("Linux");
        let flags = said.lines().find(|line| line.starts_with("flags")).expect("flags");
        let has_fma = flags.split_whitespace().any(|flag| flag == "fma");
        assert_eq!(instructions, if has_fma { "fma" } else { "scalar" });
    }
    let (size, ways) = cache.split_once("k-").expect("size and ways");
    assert!(size.parse::<u32>().is_ok_and(|size| size >= 4), "{found}");
    assert!(ways.parse::<u32>().is_ok_and(|ways| ways >= 1), "{found}");
}
