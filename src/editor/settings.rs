//! What the command line and the client say of how the server should work.

use super::documents::path_of;
use lsp_types::InitializeParams;
use serde::Deserialize;
use std::path::PathBuf;

/// The cache folder of those who name none, beside the workspace.
const CACHE: &str = "cache";

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder that imports stay in; without it, the folder of each file.
    pub project: Option<PathBuf>,
    /// The cache folder that hovers look into, unless the client names one.
    pub cache: Option<PathBuf>,
    /// The device that the stages would run on, as `--device` takes it.
    pub device: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { project: None, cache: None, device: "auto".to_owned() }
    }
}

/// The client's `initializationOptions`. What it leaves out has its default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ClientOptions {
    /// The cache folder.
    pub(super) cache: Option<PathBuf>,
    /// Which hints stand beside the text.
    pub(super) inlay_hints: HintOptions,
}

/// Which hints stand beside the text.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct HintOptions {
    /// Rounds of loops, sizes of families and selections.
    pub(super) families: bool,
    /// Defaults of fields that a block leaves out.
    pub(super) defaults: bool,
}

impl Default for HintOptions {
    fn default() -> HintOptions {
        HintOptions { families: true, defaults: true }
    }
}

impl ClientOptions {
    /// Reads the options; those that cannot be understood are as if they had been left out, and
    /// `log` is told why.
    pub(super) fn of(client: &InitializeParams, log: &dyn Fn(&str)) -> ClientOptions {
        let Some(given) = &client.initialization_options else { return ClientOptions::default() };
        serde_json::from_value(given.clone()).unwrap_or_else(|error| {
            log(&format!("initializationOptions cannot be read: {error}"));
            ClientOptions::default()
        })
    }
}

/// The folders that the client has open.
pub(super) fn folders(client: &InitializeParams) -> Vec<PathBuf> {
    let folders = client.workspace_folders.iter().flatten();
    let folders: Vec<PathBuf> = folders.filter_map(|folder| path_of(&folder.uri)).collect();
    if !folders.is_empty() {
        return folders;
    }
    #[allow(deprecated, reason = "older clients name their only folder so")]
    client.root_uri.iter().filter_map(path_of).collect()
}

/// The cache folder. A relative path begins at the first folder that the client has open, where its
/// terminal opens too, else where the server was started.
pub(super) fn cache(settings: &Settings, options: &ClientOptions, folders: &[PathBuf]) -> PathBuf {
    let given = options.cache.as_ref().or(settings.cache.as_ref());
    let given = given.map_or_else(|| PathBuf::from(CACHE), PathBuf::clone);
    folders.first().map_or_else(|| given.clone(), |folder| folder.join(&given))
}
