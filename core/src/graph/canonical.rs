//! A fingerprint as it is hashed: JSON without spaces, fields in the order of
//! [`Fingerprint`](super::Fingerprint), maps sorted, shortest round-trip numbers.
//!
//! It is made of borrowed parts and written straight into one text, because a plan makes ten thousand
//! keys. The bytes are those that `serde_json` gives for the fingerprint; `tests/graph.rs` compares them.

use super::digest::Digest;
use super::fingerprint::InputDigest;
use crate::language::value::{Fields, Value};
use serde::Serialize;
use std::sync::LazyLock;

const KEY_DOMAIN: &str = "msx 2026 stage key";
const TRAJECTORY_DOMAIN: &str = "msx 2026 trajectory key";

/// The parts of a fingerprint but for its inputs.
pub(super) struct Canonical<'a> {
    pub(super) format: u32,
    pub(super) kind: &'a str,
    pub(super) method: &'a str,
    pub(super) revision: u32,
    pub(super) arithmetic: &'a str,
    pub(super) parameters: &'a Fields,
    /// Which of the parameters do not count.
    pub(super) is_left_out: &'a dyn Fn(&str) -> bool,
    pub(super) files: &'a [InputDigest],
}

impl Canonical<'_> {
    /// The key with these inputs, by role and content, in canonical order.
    pub(super) fn key<'i>(&self, inputs: impl Iterator<Item = (&'i str, Digest)>) -> Digest {
        static DOMAIN: LazyLock<blake3::Hasher> =
            LazyLock::new(|| blake3::Hasher::new_derive_key(KEY_DOMAIN));
        DOMAIN.clone().update(&self.text(inputs)).finalize().into()
    }

    /// The same under the domain of trajectories.
    pub(super) fn trajectory<'i>(&self, inputs: impl Iterator<Item = (&'i str, Digest)>) -> Digest {
        Digest::derive(TRAJECTORY_DOMAIN, &self.text(inputs))
    }

    fn text<'i>(&self, inputs: impl Iterator<Item = (&'i str, Digest)>) -> Vec<u8> {
        let mut text = Text(Vec::with_capacity(1024));
        text.raw("{\"format\":");
        text.json(&self.format);
        text.raw(",\"kind\":");
        text.string(self.kind);
        text.raw(",\"method\":");
        text.string(self.method);
        text.raw(",\"revision\":");
        text.json(&self.revision);
        text.raw(",\"arithmetic\":");
        text.string(self.arithmetic);
        text.raw(",\"parameters\":{");
        let counted = self.parameters.iter().filter(|(name, _)| !(self.is_left_out)(name));
        for (position, (name, value)) in counted.enumerate() {
            text.comma_before(position);
            text.string(name);
            text.raw(":");
            text.value(value);
        }
        text.raw("},\"inputs\":[");
        inputs.enumerate().for_each(|(position, input)| text.input(position, input));
        text.raw("],\"files\":[");
        let files = self.files.iter().map(|file| (file.role.as_str(), file.digest));
        files.enumerate().for_each(|(position, file)| text.input(position, file));
        text.raw("]}");
        text.0
    }
}

struct Text(Vec<u8>);

impl Text {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.0, value)
            .expect("a tree of strings and numbers always serialises");
    }

    fn comma_before(&mut self, position: usize) {
        if position > 0 {
            self.raw(",");
        }
    }

    fn string(&mut self, text: &str) {
        let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        if text.as_bytes().iter().all(is_plain) {
            self.raw("\"");
            self.raw(text);
            self.raw("\"");
        } else {
            self.json(&text);
        }
    }

    /// Whole numbers and words are most of what stages are given.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) => {
                self.raw("{\"int\":");
                self.json(number);
                self.raw("}");
            }
            Value::Word(word) => {
                self.raw("{\"word\":");
                self.string(word);
                self.raw("}");
            }
            other => self.json(other),
        }
    }

    fn input(&mut self, position: usize, (role, digest): (&str, Digest)) {
        self.comma_before(position);
        self.raw("{\"role\":");
        self.string(role);
        self.raw(",\"digest\":\"");
        self.raw(digest.digits().as_str());
        self.raw("\"}");
    }
}
