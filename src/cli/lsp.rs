//! `msx lsp`

use super::DeviceArguments;
use super::errors::Failure;
use crate::editor::{self, Settings, lsp_server::Connection};
use crate::stages;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Editors start this command themselves and speak the Language Server \
    Protocol with it; docs/editors/language-server.md says how. It never reads data, looks into \
    the cache to say what is in it, writes nothing but its log on standard error, and ends with \
    its editor.")]
pub(super) struct Arguments {
    /// The folder that imports stay in; without it, the folder of each file
    #[arg(long, env = "MSX_PROJECT", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    project: Option<PathBuf>,
    /// The cache folder, unless the editor names one [default: cache in the editor's first folder]
    #[arg(long, env = "MSX_CACHE", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    cache: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArguments,
    /// What some clients say; it is the only way there is
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (connection, threads) = Connection::stdio();
    let log = |line: &str| say!("msx lsp: {line}");
    let settings = Settings {
        project: arguments.project.clone(),
        cache: arguments.cache.clone(),
        device: arguments.device.device.clone(),
    };
    let served = editor::serve(&connection, stages::schemas(), settings, &log);
    // The writing thread ends when nobody can send any more.
    drop(connection);
    threads.join().map_err(Failure::new)?;
    served.map_err(Failure::new)
}
