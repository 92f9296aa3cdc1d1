//! What was found, by key.

use crate::graph::Digest;
use crate::stages::{ByName, Figure, Method, ResultFiles};
use crate::store::{Record, Store, StoreError};

/// A store and the methods that can read what is in it.
pub struct Results<'a> {
    /// The store.
    pub store: &'a Store,
    methods: ByName<'a>,
}

impl<'a> Results<'a> {
    /// The results of a store.
    pub fn of(store: &'a Store, methods: &'a [Box<dyn Method>]) -> Results<'a> {
        Results { store, methods: ByName::of(methods) }
    }

    /// The record under a key, where all of its files are at hand.
    ///
    /// # Errors
    /// The record is there but cannot be read.
    pub fn record(&self, key: &Digest) -> Result<Option<Record>, StoreError> {
        self.store.lookup(key)
    }

    /// The method of a kind, where this version has it.
    pub fn method(&self, kind: &str, method: &str) -> Option<&dyn Method> {
        self.methods.get(kind, method)
    }

    /// The figures of a result, the most important first; none for a method that this version lacks.
    pub fn figures(&self, record: &Record) -> Vec<Figure> {
        let print = &record.fingerprint;
        let Some(method) = self.method(&print.kind, &print.method) else { return Vec::new() };
        let read = |output: &str, file: &str| {
            let blob = record.outputs.get(output)?.0.get(file)?;
            self.store.read_blob(blob).ok()
        };
        let mut figures = method.figures(&ResultFiles(&read));
        // JSON has no word for other numbers.
        figures.retain(|figure| figure.value.is_finite());
        figures
    }
}
