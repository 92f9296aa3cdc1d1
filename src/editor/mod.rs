//! The language server: one analysis of each open file, and one file for each kind of request.
//!
//! Everything that it knows of stages comes from their schemas, as an argument.

#![allow(clippy::mutable_key_type, reason = "addresses are ordered and hashed by their text")]

mod actions;
mod completion;
mod documents;
mod formatting;
mod hints;
mod hover;
mod lens;
mod lexer;
mod lines;
mod navigation;
mod outline;
mod problems;
mod server;
mod settings;
mod standing;
mod templates;
mod tokens;
mod view;
mod workspace;

use crate::language::analysis::Vocabulary;
use crate::language::schema::Schemas;
use lsp_server::{Connection, Message, ProtocolError};
use lsp_types::InitializeParams;
use server::Server;

pub use lsp_server;
pub use settings::Settings;

/// Speaks the Language Server Protocol until the client says `exit` or goes away.
///
/// # Errors
/// The client breaks the protocol.
pub fn serve(
    connection: &Connection,
    schemas: Schemas,
    settings: Settings,
    log: &dyn Fn(&str),
) -> Result<(), ProtocolError> {
    let (id, parameters) = connection.initialize_start()?;
    let parameters: InitializeParams = serde_json::from_value(parameters).unwrap_or_else(|error| {
        log(&format!("the client's capabilities cannot be read: {error}"));
        InitializeParams::default()
    });
    let vocabulary = Vocabulary::new(schemas);
    let mut server = Server::new(&vocabulary, &parameters, settings, log);
    let capabilities = serde_json::json!({
        "capabilities": server::capabilities(),
        "serverInfo": { "name": "msx", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, capabilities)?;
    for message in &connection.receiver {
        let replies = match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                vec![Message::Response(server.answer(request))]
            }
            Message::Notification(notification) => {
                let method = notification.method.clone();
                server.take(notification).unwrap_or_else(|problem| {
                    log(&format!("{method}: {problem}"));
                    Vec::new()
                })
            }
            Message::Response(_) => Vec::new(),
        };
        for reply in replies {
            if connection.sender.send(reply).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
