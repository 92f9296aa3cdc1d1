//! What a command needs beside an experiment: where results are kept, and what computes them.

use super::errors::Failure;
use super::load::Loaded;
use super::{CacheArguments, DeviceArguments};
use crate::learn::device::Device;
use crate::run::Session;
use crate::stages::{self, Method};
use crate::store::{IndexAhead, Store};
use clap::Args;

/// Which cache and which device.
#[derive(Debug, Args)]
pub(super) struct WorkplaceArguments {
    #[command(flatten)]
    pub(super) cache: CacheArguments,
    #[command(flatten)]
    pub(super) device: DeviceArguments,
}

/// See the module.
pub(super) struct Workplace {
    pub(super) store: Store,
    pub(super) methods: Vec<Box<dyn Method>>,
    device: Device,
    /// Whether the user's files are read again even where they look unchanged.
    verify_files: bool,
}

impl WorkplaceArguments {
    /// Begins to read what the cache has while the experiment is read; a new cache has nothing.
    pub(super) fn index_ahead(&self) -> Option<IndexAhead> {
        Store::peek(&self.cache.cache).map(|store| store.index_ahead(|| ()))
    }

    pub(super) fn open(&self) -> Result<Workplace, Failure> {
        let store = Store::open(&self.cache.cache).map_err(Failure::new)?;
        Workplace::around(store, &self.device, self.cache.verify)
    }
}

impl Workplace {
    /// With a store that is open already.
    pub(super) fn around(
        store: Store,
        device: &DeviceArguments,
        verify_files: bool,
    ) -> Result<Workplace, Failure> {
        let device = Device::choose(&device.device).map_err(Failure::new)?;
        Ok(Workplace { store, methods: stages::methods(), device, verify_files })
    }

    /// The experiment bound to what a plan or a run needs.
    pub(super) fn session<'a>(&'a self, loaded: &'a Loaded) -> Result<Session<'a>, Failure> {
        let Workplace { store, methods, device, verify_files } = self;
        Session::prepare(&loaded.graph, methods, store, loaded.base(), *device, *verify_files)
            .map_err(Failure::new)
    }
}
