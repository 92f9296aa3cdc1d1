//! `msx run`

use super::errors::Failure;
use super::execute::{Effort, Place, execute};
use super::{CacheArguments, DeviceArguments, FileArguments, GoalArguments, load};
use crate::learn::device::Device;
use crate::stages;
use crate::store::Store;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    goals: GoalArguments,
    #[command(flatten)]
    cache: CacheArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    effort: Effort,
    /// Where reports are written
    #[arg(long, default_value = "reports", value_hint = clap::ValueHint::DirPath)]
    reports: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let device = Device::choose(&arguments.device.device).map_err(Failure::new)?;
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    let place = Place {
        store: &store,
        methods: &stages::methods(),
        device,
        verify_files: arguments.cache.verify,
        reports: &arguments.reports,
    };
    execute(&loaded, &place, &arguments.effort)?;
    Ok(())
}
