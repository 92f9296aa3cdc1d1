#!/usr/bin/env bash
# Shows without a GPU that every kernel of a training step of each GAN and classifier compiles for
# sm_90: NVIDIA's compilers are real, the driver in front of them launches nothing. Says nothing of
# whether the kernels are right or fast; `cargo test --features cuda --test devices` on a machine
# with a GPU does.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
    printf '\n*** SKIPPED: no CUDA kernel was compiled: %s ***\n\n' "$1"
    exit 0
}

tool="$PWD/../shared/tools/cuda-compile-check.sh"
[ -f "$tool" ] || skip "../shared/tools/cuda-compile-check.sh is not there"
compilers="${MSX_CUDA_COMPILERS:-${XDG_CACHE_HOME:-$HOME/.cache}/msx-ci/cuda}"
bash "$tool" install "$compilers" || skip "NVIDIA's compilers could not be fetched"

host="$(rustc -vV | sed -n 's/^host: //p')"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
cargo test --locked --features cuda --test devices \
    --config "target.$host.runner = ['bash', '$tool', 'run', '$compilers']" \
    -- --ignored --nocapture every_cuda_kernel 2>&1 | tee "$log"

# The tool looks for refused kernels; that there were any to refuse is for us to say.
grep -E '[1-9][0-9]* modules loaded, [1-9][0-9]* launches, 0 refused' "$log" >/dev/null || {
    echo "no kernel was launched" >&2
    exit 1
}
