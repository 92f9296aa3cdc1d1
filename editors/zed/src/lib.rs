//! Tells Zed how to start the language server of msx.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree, serde_json};

struct Msx;

impl zed::Extension for Msx {
    fn new() -> Self {
        Msx
    }

    /// `msx lsp`, with the program and the arguments of the setting `lsp.msx.binary` where it has
    /// them, else with the `msx` of the project's shell.
    ///
    /// # Errors
    /// There is no `msx` on the path.
    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let binary = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments) =
            binary.map_or((None, None), |binary| (binary.path, binary.arguments));
        let command = path.or_else(|| worktree.which("msx")).ok_or(
            "`msx` is not on the path; install it with `cargo install --path .` in a checkout, or \
             name it in the setting `lsp.msx.binary.path`",
        )?;
        let args = arguments.unwrap_or_else(|| vec!["lsp".to_owned()]);
        Ok(Command { command, args, env: worktree.shell_env() })
    }

    /// What stands under `lsp.msx.initialization_options` in Zed's settings.
    ///
    /// # Errors
    /// Zed cannot read its settings.
    fn language_server_initialization_options(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        Ok(LspSettings::for_worktree(server.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(Msx);
