//! Random streams: each one belongs to a seed and a named purpose, none is global.
//!
//! A stream is ChaCha with eight rounds, a counter-based generator with a published definition.
//! Its 256-bit key is blake3's key derivation with the context [`CONTEXT`] over the seed's eight
//! little-endian bytes followed by the purpose in UTF-8, so that another implementation can repeat
//! every draw.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::LazyLock;

/// Domain of the key derivation.
pub const CONTEXT: &str = "msx 2026 random stream";

/// The stream of a seed and a purpose, such as `"gan/latents"`.
pub fn stream(seed: u64, purpose: &str) -> ChaCha8Rng {
    let mut material = seed.to_le_bytes().to_vec();
    material.extend_from_slice(purpose.as_bytes());
    ChaCha8Rng::from_seed(blake3::derive_key(CONTEXT, &material))
}

/// The numbers `0..count` in the order of a Fisher–Yates shuffle.
pub fn permutation(count: usize, seed: u64, purpose: &str) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut stream(seed, purpose));
    order
}

/// A number that ranks an item for selection: it depends on the item's own name and not on which
/// other items there are, so that a smaller selection is contained in a larger one.
pub fn rank(seed: u64, purpose: &str, item: &str) -> u64 {
    // Deriving from the context takes as long as hashing the item, and is the same for all.
    static BEGUN: LazyLock<blake3::Hasher> =
        LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));
    let mut hasher = BEGUN.clone();
    hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes()).update(&[0]);
    let mut key = [0; 8];
    hasher.update(item.as_bytes()).finalize_xof().fill(&mut key);
    u64::from_le_bytes(key)
}
