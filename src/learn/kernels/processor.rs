//! What of the processor decides the bits that the CPU's kernels compute.

use gemm_common::cache::CACHE_INFO;

/// The instruction set that products of matrices are computed with, and the first-level data cache
/// by which long sums are divided into shorter ones: `fma-l1-32k-8` for 32 KiB of eight ways.
pub fn processor() -> String {
    let [first, ..] = *CACHE_INFO;
    let kibibytes = first.cache_bytes / 1024;
    format!("{}-l1-{kibibytes}k-{}", instructions(), first.associativity)
}

/// As `gemm` chooses, without its features of wider vectors.
fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("fma") {
        return "fma";
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        return "neon";
    }
    "scalar"
}
