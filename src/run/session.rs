//! An experiment bound to methods, a store and a device: everything a plan or a run asks.

use crate::graph::plan::{Knowledge, Plan};
use crate::graph::{Digest, Fingerprint, Graph, InputDigest, OutputDigests};
use crate::learn::device::Device;
use crate::stages::{Method, Parameters, StageError};
use crate::store::{FileMemo, Store, StoreError};
use std::path::{Path, PathBuf};

/// See the module.
pub struct Session<'a> {
    /// The stages.
    pub graph: &'a Graph,
    /// The store.
    pub store: &'a Store,
    /// The folder of the `.msx` file.
    pub base: PathBuf,
    /// Where networks compute.
    pub device: Device,
    methods: Vec<&'a dyn Method>,
    files: Vec<Result<Vec<InputDigest>, String>>,
}

impl<'a> Session<'a> {
    /// Finds each stage's method and hashes the files that it reads.
    ///
    /// # Errors
    /// The memory of file digests cannot be written. A missing file of the user's is no error
    /// here: it blocks only the stages that need it.
    pub fn prepare(
        graph: &'a Graph,
        methods: &'a [Box<dyn Method>],
        store: &'a Store,
        base: &Path,
        device: Device,
        verify_files: bool,
    ) -> Result<Session<'a>, StoreError> {
        let schemas: Vec<_> = methods.iter().map(|method| method.schema()).collect();
        let of_stage: Vec<&dyn Method> = graph
            .nodes()
            .iter()
            .map(|node| {
                let position = schemas
                    .iter()
                    .position(|schema| {
                        schema.kind == node.stage.kind && schema.method == node.stage.method
                    })
                    .expect("the graph was built with the schemas of these methods");
                methods[position].as_ref()
            })
            .collect();
        let mut memo: Option<FileMemo> = None;
        let mut files = Vec::with_capacity(of_stage.len());
        for (node, method) in graph.nodes().iter().zip(&of_stage) {
            if node.paths.is_empty() {
                files.push(Ok(Vec::new()));
                continue;
            }
            let memo = memo.get_or_insert_with(|| store.file_memo(verify_files));
            let parameters = Parameters(&node.stage.parameters);
            files.push(digests(*method, parameters, base, memo));
        }
        if let Some(memo) = &memo {
            memo.save()?;
        }
        Ok(Session { graph, store, base: base.to_owned(), device, methods: of_stage, files })
    }

    /// The method of a stage.
    pub fn method(&self, index: usize) -> &'a dyn Method {
        self.methods[index]
    }

    /// The digests of a stage's files as they are now, which may not be what they were when the
    /// session began.
    ///
    /// # Errors
    /// A file is missing or unreadable, in words.
    pub fn files_now(&self, index: usize) -> Result<Vec<InputDigest>, String> {
        let node = &self.graph.nodes()[index];
        if node.paths.is_empty() {
            return Ok(Vec::new());
        }
        let parameters = Parameters(&node.stage.parameters);
        digests(self.methods[index], parameters, &self.base, &mut self.store.file_memo(false))
    }

    /// Where every stage stands.
    pub fn plan(&self) -> Plan {
        Plan::make(self.graph, self)
    }

    /// A stage's fingerprint once all its inputs are known.
    ///
    /// # Errors
    /// Its files are missing or unreadable, in words.
    pub fn fingerprint(
        &self,
        index: usize,
        outputs: &[Option<OutputDigests>],
    ) -> Option<Result<Fingerprint, String>> {
        let inputs = self.graph.resolve_inputs(index, outputs)?;
        Some(
            self.files(index)
                .map(|files| self.graph.fingerprint(index, &inputs, files, self.arithmetic(index))),
        )
    }
}

impl Knowledge for Session<'_> {
    fn outputs(&self, key: &Digest) -> Option<OutputDigests> {
        // A record that the system refuses to read counts as none here; running the stage then
        // meets the same refusal and reports it.
        self.store.lookup(key).ok().flatten().map(|record| record.output_digests())
    }

    fn files(&self, index: usize) -> Result<Vec<InputDigest>, String> {
        self.files[index].clone()
    }

    fn arithmetic(&self, index: usize) -> &str {
        if self.methods[index].uses_device() { self.device.family() } else { "" }
    }
}

fn digests(
    method: &dyn Method,
    parameters: Parameters<'_>,
    base: &Path,
    memo: &mut FileMemo,
) -> Result<Vec<InputDigest>, String> {
    let sources =
        method.sources(parameters, base).map_err(|error: StageError| error.to_string())?;
    sources
        .iter()
        .map(|source| {
            let digest =
                memo.digest(&source.base, &source.files).map_err(|error| error.to_string())?;
            Ok(InputDigest { role: source.role.to_owned(), digest })
        })
        .collect()
}
