//! What files mean: two ways to write one experiment give the same stages.

#[path = "language/support.rs"]
mod support;
#[path = "language/values.rs"]
mod values;
