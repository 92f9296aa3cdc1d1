//! `msx fmt`: the style by example, and what it never changes.

#[path = "format/cases.rs"]
mod cases;
#[path = "format/generate.rs"]
mod generate;
#[path = "format/meaning.rs"]
mod meaning;
#[path = "support/noise.rs"]
mod noise;
#[path = "format/properties.rs"]
mod properties;
#[path = "format/repository.rs"]
mod repository;
