//! `msx lsp` as an editor meets it: a process that speaks the protocol over pipes.

#[path = "editor/client.rs"]
mod client;
#[path = "editor/completion.rs"]
mod completion;
#[path = "editor/documents.rs"]
mod documents;
#[path = "editor/navigation.rs"]
mod navigation;
#[path = "editor/reading.rs"]
mod reading;
#[path = "editor/running.rs"]
mod running;
#[path = "editor/session.rs"]
mod session;
