//! What the tests of this folder share.

use burn::backend::Flex;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use msx::learn::checkpoint::Checkpoints;
use msx::progress::{Monitor, Progress};
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub type Cpu = Flex;

/// Numbers in -1..1 that look random, exact in single precision: splitmix64 of
/// `stream << 32 | index`, as the scripts under `tests/reference` draw them.
pub fn uniform(stream: u64, count: usize) -> Vec<f32> {
    let draw = |index: u64| {
        let mut x = ((stream << 32) + index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count as u64).map(draw).collect()
}

pub fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<Cpu, D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Default::default())
}

pub fn numbers<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Asserts that the largest difference is within a share of the largest expected number.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], share: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: another number of values");
    let largest = expected.iter().fold(0.0_f64, |most, value| most.max(f64::from(value.abs())));
    for (position, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = f64::from(found - expected).abs();
        assert!(
            difference <= share * largest.max(1e-6),
            "{what}, number {position}: {found} instead of {expected}, largest {largest}"
        );
    }
}

/// Central differences of a function of many numbers.
pub fn differences(at: &[f64], step: f64, of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut at = at.to_vec();
    (0..at.len())
        .map(|position| {
            let kept = at[position];
            at[position] = kept + step;
            let above = of(&at);
            at[position] = kept - step;
            let below = of(&at);
            at[position] = kept;
            (above - below) / (2.0 * step)
        })
        .collect()
}

pub fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

pub fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// Keeps every checkpoint, and counts how often one was asked for and found.
#[derive(Default)]
pub struct Kept {
    states: Mutex<BTreeMap<u64, Vec<u8>>>,
    resumed: AtomicU64,
    eager: bool,
}

impl Kept {
    /// Asks for a checkpoint as often as a training may write one.
    pub fn eagerly() -> Kept {
        Kept { eager: true, ..Kept::default() }
    }

    /// The checkpoint at one position, filed under another.
    pub fn only(&self, position: u64, filed: u64) -> Kept {
        let states = BTreeMap::from([(filed, self.state(position))]);
        Kept { states: Mutex::new(states), ..Kept::default() }
    }

    pub fn positions(&self) -> Vec<u64> {
        self.states.lock().expect("no panic before").keys().copied().collect()
    }

    /// The checkpoint at a position.
    pub fn state(&self, position: u64) -> Vec<u8> {
        self.states.lock().expect("no panic before")[&position].clone()
    }

    /// The position that the last training went on from, zero for its beginning.
    pub fn resumed_from(&self) -> u64 {
        self.resumed.load(Ordering::Relaxed)
    }
}

impl Checkpoints for Kept {
    fn latest(&self, at_most: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        let states = self.states.lock().expect("no panic before");
        let found = states.range(..=at_most).next_back();
        self.resumed.store(found.map_or(0, |(position, _)| *position), Ordering::Relaxed);
        Ok(found.map(|(position, bytes)| (*position, bytes.clone())))
    }

    fn save(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.states.lock().expect("no panic before").insert(position, bytes.to_vec());
        Ok(())
    }

    fn interval(&self) -> Duration {
        if self.eager { Duration::ZERO } else { Duration::MAX }
    }
}

/// Asks to stop from the given look on.
pub struct StopAfter {
    looks: AtomicU64,
    most: u64,
}

impl StopAfter {
    pub fn looks(most: u64) -> StopAfter {
        StopAfter { looks: AtomicU64::new(0), most }
    }
}

impl Monitor for StopAfter {
    fn report(&self, _: &Progress) {}

    fn stop_requested(&self) -> bool {
        self.looks.fetch_add(1, Ordering::Relaxed) + 1 >= self.most
    }
}

/// Runs work on a pool of this many threads.
pub fn on_threads<T: Send>(count: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
    pool.expect("threads").install(work)
}
