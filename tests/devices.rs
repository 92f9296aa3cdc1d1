//! Every device that this build can use trains like the processor, and a device that it cannot use
//! is refused in a sentence.
//!
//! Without a feature for a device there is nothing to compare, and the tests say so. With
//! `MSX_REQUIRE_DEVICE=vulkan` a missing device fails them.

#[path = "devices/data.rs"]
mod data;
#[path = "devices/passes.rs"]
mod passes;
#[path = "devices/trainings.rs"]
mod trainings;

use assert_cmd::Command;
use data::Numbers;
use msx::learn::device::{Device, DeviceError};
use std::io::Write;

/// Relative distance (Euclidean) of what a pass gives. Sums are taken in another order.
const ONE_PASS: f64 = 1e-4;
/// The same for weights, moments and losses after a training. Adam divides a gradient by its own
/// size, so that a tiny one that differs in rounding alone can take a step of full size.
const TRAINING: f64 = 2e-3;
/// The same for what the gradients of a deep network lead to. A rectifier whose input is within
/// rounding of zero lets a gradient through on one device and not on the other: on the processor
/// itself, weights of `densenet121` that differ in the last place move its gradients by some 1e-2.
const DEEP: f64 = 5e-2;
/// The same for generated images of 256 shades.
const IMAGES: f64 = 5e-3;

/// The devices beside the processor that can be used here.
fn others() -> Vec<Device> {
    let required = std::env::var("MSX_REQUIRE_DEVICE").unwrap_or_default();
    let mut found = Vec::new();
    for name in ["vulkan", "cuda", "libtorch"] {
        match Device::choose(name) {
            Ok(device) => found.push(device),
            Err(error) => {
                assert!(required != name, "{error}");
                say(&format!("SKIPPED, nothing is compared with {name}: {error}"));
            }
        }
    }
    found
}

/// Past the test harness, which keeps what passing tests print to itself.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "\n{text}");
}

/// Compares what a function gives on every device with what it gives on the processor.
fn same_on_every_device(compute: impl Fn(&Device) -> Vec<Numbers>) {
    let devices = others();
    if devices.is_empty() {
        return;
    }
    let expected = compute(&Device::Cpu);
    for device in devices {
        let found = compute(&device);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.name, expected.name);
            assert_eq!(found.values.len(), expected.values.len(), "{}", found.name);
            let distance = distance(&found.values, &expected.values);
            let allowed = match found.name.as_str() {
                "images" => IMAGES,
                name if name.starts_with("deep/") => DEEP,
                name if name.starts_with("pass/") => ONE_PASS,
                _ => TRAINING,
            };
            assert!(
                distance <= allowed,
                "{device}: {} is {distance:.1e} away from the processor's, {allowed:.1e} is allowed",
                found.name
            );
        }
    }
}

/// Euclidean, relative to the size of what was expected.
fn distance(found: &[f32], expected: &[f32]) -> f64 {
    let square = |value: f32| f64::from(value) * f64::from(value);
    let size: f64 = expected.iter().copied().map(square).sum();
    let apart: f64 = found.iter().zip(expected).map(|(a, b)| square(a - b)).sum();
    assert!(size > 0.0, "there is nothing to compare");
    (apart / size).sqrt()
}

#[test]
fn the_gradient_of_the_gradient_penalty_is_the_same() {
    same_on_every_device(passes::cpd);
    same_on_every_device(passes::prog);
}

#[test]
fn cpd_learns_the_same() {
    same_on_every_device(trainings::cpd);
}

#[test]
fn prog_learns_the_same_while_a_level_fades_in() {
    same_on_every_device(trainings::prog);
}

#[test]
fn a_small_classifier_learns_the_same() {
    same_on_every_device(trainings::cnn);
}

#[test]
fn densenet_learns_the_same() {
    same_on_every_device(trainings::densenet);
}

/// Launches every kernel on CUDA and looks at no result, for `tests/cuda-compile.sh`: the driver
/// that it puts in place computes nothing.
#[test]
#[ignore = "computes nothing that is worth comparing; see tests/cuda-compile.sh"]
fn every_cuda_kernel_is_launched() {
    match Device::choose("cuda") {
        Ok(device) => trainings::launch_everything(&device),
        Err(error) => say(&format!("SKIPPED, no kernel is launched: {error}")),
    }
}

#[test]
fn no_such_device() {
    for name in ["gpu", "cuda:", "cuda:x", "cuda:-1", ""] {
        assert_eq!(Device::choose(name), Err(DeviceError::Unknown(name.to_owned())));
    }
    let said = DeviceError::Unknown("gpu".to_owned()).to_string();
    assert!(said.contains("auto, cpu, cuda, cuda:N, vulkan or libtorch"), "{said}");
}

#[test]
fn there_is_always_a_device() {
    assert_eq!(Device::choose("cpu"), Ok(Device::Cpu));
    assert!(Device::choose("auto").is_ok());
}

/// What `msx plan` says to a device that it cannot use; it must not panic.
fn refusal(device: &str, environment: (&str, &str)) -> String {
    let output = Command::cargo_bin("msx")
        .expect("the program")
        .args(["plan", "examples/quickstart.msx", "--device", device])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env(environment.0, environment.1)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    // Long lines are broken to fit a terminal.
    said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_not_built_in_is_named_with_its_feature() {
    for (built, name, feature) in
        [(cfg!(feature = "cuda"), "cuda", "cuda"), (cfg!(feature = "vulkan"), "vulkan", "vulkan")]
    {
        if !built {
            let said = refusal(name, ("NO_COLOR", "1"));
            assert!(said.contains(&format!("--features {feature}")), "{said}");
            assert!(said.contains("--device cpu"), "{said}");
        }
    }
}

#[cfg(feature = "vulkan")]
#[test]
fn vulkan_without_a_driver_is_refused() {
    let said = refusal("vulkan", ("VK_DRIVER_FILES", "/nonexistent.json"));
    assert!(said.contains("vulkan cannot be used: "), "{said}");
    assert!(said.contains("no Vulkan driver") || said.contains("was not found"), "{said}");
}

#[cfg(feature = "cuda")]
#[test]
fn cuda_without_such_a_device_is_refused() {
    let said = refusal("cuda:99", ("NO_COLOR", "1"));
    assert!(said.contains("cuda:99 cannot be used: "), "{said}");
    assert!(said.contains("was not found") || said.contains("no cuda:99"), "{said}");
}
