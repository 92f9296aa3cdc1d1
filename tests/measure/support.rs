//! Golden values, and small things that several tests need.

use serde_json::Value;
use std::path::Path;

/// A file that a script under `tests/reference` wrote.
pub fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = std::fs::read_to_string(&path).expect("golden file");
    serde_json::from_str(&text).expect("JSON")
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list").as_slice()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub fn numbers(value: &Value) -> Vec<f32> {
    list(value).iter().map(|one| number(one) as f32).collect()
}

pub fn labels(value: &Value) -> Vec<u8> {
    list(value).iter().map(|one| number(one) as u8).collect()
}

pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|position| format!("finding {position}")).collect()
}

#[track_caller]
pub fn assert_near(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours} against {theirs}");
}
