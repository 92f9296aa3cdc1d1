# The five commands a newcomer needs.

# Run the embedded example, from text to report.
quickstart:
    cargo run --release -- run examples/quickstart.msx

# Run the tests.
test:
    cargo test

# Format and lint.
lint:
    cargo fmt
    cargo clippy --all-targets -- -D warnings

# Accept the present wording of diagnostics after reading the difference.
bless:
    MSX_BLESS=1 cargo test --test ui

# Everything that must hold before a change lands.
ci:
    bash .ci/run
