//! What files mean: two ways to write one experiment give the same stages and keys.

#[path = "language/claims.rs"]
mod claims;
#[path = "language/experiments.rs"]
mod experiments;
#[path = "language/imports.rs"]
mod imports;
#[path = "language/parameters.rs"]
mod parameters;
#[path = "language/pieces.rs"]
mod pieces;
#[path = "language/robustness.rs"]
mod robustness;
#[path = "language/several.rs"]
mod several;
#[path = "language/sizes.rs"]
mod sizes;
#[path = "support/sources.rs"]
mod sources;
#[path = "language/support.rs"]
mod support;
#[path = "language/templates.rs"]
mod templates;
#[path = "language/values.rs"]
mod values;
