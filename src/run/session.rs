//! An experiment bound to methods, a store and a device: everything a plan or a run asks.

use crate::graph::plan::{Knowledge, Plan};
use crate::graph::{Digest, Fingerprint, Graph, InputDigest, OutputDigests, ResolvedInput};
use crate::learn::device::Device;
use crate::stages::{ByName, Method, Needs, Parameters, Source};
use crate::store::{
    FileMemo, Hold, Index, IndexAhead, ReadFiles, Record, Standing, Store, StoreError,
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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
    index: OnceLock<RwLock<Index>>,
    hold: OnceLock<Option<Hold>>,
    found: OnceLock<Vec<Option<Digest>>>,
}

/// A stage whose inputs are all known.
pub(super) struct Resolved<'a> {
    pub(super) inputs: Vec<ResolvedInput<'a>>,
    pub(super) files: Vec<InputDigest>,
    pub(super) key: Digest,
    /// What the store has under the key.
    pub(super) found: Option<OutputDigests>,
}

/// Keys that take about as long as it takes another thread to begin.
const WORTH_A_THREAD: usize = 64;

/// Why a stage of a [`Session::peek`] is blocked whose files the cache does not remember.
pub const UNREAD: &str = "its files have not been read with this cache yet";

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
        let mut memo: Option<FileMemo> = None;
        let session = Session::bind(graph, methods, store, base, device, |source| {
            let memo = memo.get_or_insert_with(|| store.file_memo(verify_files));
            memo.digest(&source.base, &source.files).map_err(|error| error.to_string())
        });
        if let Some(memo) = &memo {
            match memo.save() {
                // A cache that can only be read leaves the files to be read again.
                Err(error) if !error.is_read_only() => return Err(error),
                _ => {}
            }
        }
        Ok(session)
    }

    /// The same without reading a file of the user's or writing anything: what the cache does not
    /// remember of their content blocks a stage, with [`UNREAD`] for the reason.
    pub fn peek(
        graph: &'a Graph,
        methods: &'a [Box<dyn Method>],
        store: &'a Store,
        base: &Path,
        device: Device,
    ) -> Session<'a> {
        let mut memo: Option<FileMemo> = None;
        Session::bind(graph, methods, store, base, device, |source| {
            let memo = memo.get_or_insert_with(|| store.file_memo(false));
            memo.remembered(&source.base, &source.files).ok_or_else(|| UNREAD.to_owned())
        })
    }

    fn bind(
        graph: &'a Graph,
        methods: &'a [Box<dyn Method>],
        store: &'a Store,
        base: &Path,
        device: Device,
        mut digest: impl FnMut(&Source) -> Result<Digest, String>,
    ) -> Session<'a> {
        let named = ByName::of(methods);
        let of_stage: Vec<&dyn Method> = graph
            .nodes()
            .iter()
            .map(|node| {
                named
                    .get(&node.stage.kind, &node.stage.method)
                    .expect("the graph was built with the schemas of these methods")
            })
            .collect();
        let stages = graph.nodes().iter().zip(&of_stage);
        let files = stages.map(|(node, method)| match node.paths.is_empty() {
            true => Ok(Vec::new()),
            false => digests(*method, Parameters(&node.stage.parameters), base, &mut digest),
        });
        let files = files.collect();
        Session {
            graph,
            store,
            base: base.to_owned(),
            device,
            methods: of_stage,
            files,
            index: OnceLock::new(),
            hold: OnceLock::new(),
            found: OnceLock::new(),
        }
    }

    /// The same with an index of the same store, where one was read ahead.
    #[must_use]
    pub fn with_index(self, ahead: Option<IndexAhead>) -> Session<'a> {
        if let Some(ahead) = ahead {
            self.index.get_or_init(|| RwLock::new(ahead.wait()));
        }
        self
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
        let mut memo = self.store.file_memo(false);
        let parameters = Parameters(&node.stage.parameters);
        digests(self.methods[index], parameters, &self.base, &mut |source| {
            memo.digest(&source.base, &source.files).map_err(|error| error.to_string())
        })
    }

    /// Where every stage stands.
    pub fn plan(&self) -> Plan {
        Plan::make(self.graph, self)
    }

    /// The same; collectors leave what it found alone as long as the session lives.
    pub fn plan_and_hold(&self) -> Plan {
        // Before the passage, because a hold begins with one of its own.
        self.hold(&[]);
        let _passage = self.store.pass();
        let plan = self.plan();
        self.hold(&plan.keys().into_iter().flatten().collect::<Vec<_>>());
        plan
    }

    /// A stage's inputs, its key and what is known of it; nothing while the outputs of a giver are
    /// unknown.
    ///
    /// # Errors
    /// Its files are missing or unreadable, in words.
    fn resolve(
        &self,
        index: usize,
        outputs: &[Option<OutputDigests>],
    ) -> Option<Result<Resolved<'a>, String>> {
        let inputs = self.graph.resolve_inputs(index, outputs)?;
        Some(self.files(index).map(|files| {
            let key = self.graph.key(index, &inputs, &files, self.arithmetic(index));
            Resolved { inputs, files, key, found: self.outputs(&key) }
        }))
    }

    /// The same for many stages, side by side: most of a plan goes into keys and looking them up.
    pub(super) fn resolve_all(
        &self,
        stages: &[usize],
        outputs: &[Option<OutputDigests>],
    ) -> Vec<Option<Result<Resolved<'a>, String>>> {
        let resolve = |&index: &usize| self.resolve(index, outputs);
        if stages.len() < WORTH_A_THREAD {
            return stages.iter().map(resolve).collect();
        }
        stages.par_iter().with_min_len(WORTH_A_THREAD).map(resolve).collect()
    }

    /// The fingerprint that the key is made of.
    pub(super) fn fingerprint(&self, index: usize, resolved: &Resolved<'_>) -> Fingerprint {
        let Resolved { inputs, files, .. } = resolved;
        self.graph.fingerprint(index, inputs, files.clone(), self.arithmetic(index))
    }

    /// Wall time in seconds of the stage that made the result under a key, and the most memory in
    /// bytes that its process held.
    pub(super) fn effort(&self, key: &Digest) -> Option<(f64, Option<u64>)> {
        self.index().find(key).map(|entry| (entry.seconds, entry.peak_memory))
    }

    /// What a stage needs beside a thread, as its method declares it.
    pub(super) fn needs(&self, index: usize) -> Needs {
        let node = &self.graph.nodes()[index];
        let method = self.methods[index];
        Needs {
            memory: method.memory(Parameters(&node.stage.parameters)),
            accelerator: method.uses_device() && self.device.is_accelerator(),
        }
    }

    /// Keeps collectors from these results and trajectories as long as the session lives. Where the
    /// cache refuses, a result may be collected and made again; no other harm is done.
    pub(super) fn hold(&self, digests: &[Digest]) {
        if let Some(hold) = self.hold.get_or_init(|| self.store.hold().ok()) {
            let _ = hold.add(digests);
        }
    }

    /// Takes note of what a run found before it executed anything: the key of each stage that has a
    /// result, by index.
    pub(super) fn note_found(&self, keys: &[Option<Digest>]) {
        self.found.get_or_init(|| keys.to_vec());
    }

    /// The same, worked out where nobody has noted it.
    pub(super) fn found(&self) -> &[Option<Digest>] {
        self.found.get_or_init(|| self.plan().keys())
    }

    /// Takes note of a record that was removed.
    pub(super) fn forget(&self, key: &Digest) {
        self.index_to_change().forget(key);
    }

    /// Takes note of a result that this process has just filed.
    pub(super) fn note(&self, key: &Digest, record: &Record) {
        self.index_to_change().note(key, record);
    }

    /// Keeps what was learned of the store for the next session. A store that cannot be written is
    /// looked through again then.
    pub fn save_index(&self) {
        let _ = self.index().save();
    }

    /// What of the store the answers so far came from, where a change of it would show.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.index().standing()
    }

    /// The files of the user's that stages read, as they were when the session began.
    pub(super) fn read_files(&self) -> Vec<ReadFiles> {
        let nodes = self.graph.nodes().iter().zip(&self.files);
        let reading = nodes.filter(|(node, _)| !node.paths.is_empty());
        let read = reading.map(|(node, digests)| ReadFiles {
            kind: node.stage.kind.clone(),
            method: node.stage.method.clone(),
            parameters: node.stage.parameters.clone(),
            digests: digests.clone().unwrap_or_default(),
        });
        read.collect()
    }

    /// Lets go of the store for a process that ends: its memory goes with the process at once, and not
    /// piece by piece.
    pub fn leave(mut self) {
        drop(self.hold.take());
        std::mem::forget(self);
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.opened_index().read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_to_change(&self) -> RwLockWriteGuard<'_, Index> {
        self.opened_index().write().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened_index(&self) -> &RwLock<Index> {
        self.index.get_or_init(|| RwLock::new(self.store.index()))
    }
}

impl Knowledge for Session<'_> {
    fn outputs(&self, key: &Digest) -> Option<OutputDigests> {
        self.index().find(key).map(|entry| entry.outputs.clone())
    }

    fn files(&self, index: usize) -> Result<Vec<InputDigest>, String> {
        self.files[index].clone()
    }

    fn arithmetic(&self, index: usize) -> &str {
        if self.methods[index].uses_device() { self.device.family() } else { "" }
    }
}

/// The digests of the files that a stage reads, by field; `digest` gives that of one field's.
pub(super) fn digests(
    method: &dyn Method,
    parameters: Parameters<'_>,
    base: &Path,
    digest: &mut impl FnMut(&Source) -> Result<Digest, String>,
) -> Result<Vec<InputDigest>, String> {
    let sources = method.sources(parameters, base);
    let sources = sources.map_err(|error| error.to_string())?;
    let digest_of =
        |source: &Source| Ok(InputDigest { role: source.role.to_owned(), digest: digest(source)? });
    sources.iter().map(digest_of).collect()
}
