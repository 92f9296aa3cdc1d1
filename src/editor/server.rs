//! Which request is answered by which file, and what changes when the client edits.

use super::documents::Document;
use super::settings::{self, ClientOptions, HintOptions, Settings};
use super::standing::{Place, Standings};
use super::view::View;
use super::workspace::Workspace;
use super::{
    actions, completion, formatting, hints, hover, lens, navigation, outline, problems, tokens,
};
use crate::language::analysis::Vocabulary;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, CodeLensRequest, Completion, DocumentHighlightRequest,
    DocumentSymbolRequest, FoldingRangeRequest, Formatting, GotoDefinition, HoverRequest,
    InlayHintRequest, PrepareRenameRequest, References, Rename, Request as _,
    SemanticTokensFullRequest,
};
use lsp_types::{InitializeParams, PublishDiagnosticsParams, Uri, WorkspaceEdit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the server can do. Nothing is announced that is not there.
pub(super) fn capabilities() -> Value {
    json!({
        "positionEncoding": "utf-16",
        "textDocumentSync": { "openClose": true, "change": 2, "save": true },
        "completionProvider": { "triggerCharacters": [".", ":", "[", "("] },
        "hoverProvider": true,
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "foldingRangeProvider": true,
        "documentFormattingProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        "semanticTokensProvider": { "legend": tokens::legend(), "full": true },
        "inlayHintProvider": true,
        "codeLensProvider": { "resolveProvider": false },
    })
}

/// The state of a session.
#[derive(Debug)]
pub(super) struct Server<'s> {
    workspace: Workspace<'s>,
    standings: Standings,
    hints: HintOptions,
    /// Whether the client fills in snippets.
    snippets: bool,
    /// What the client was last told of each file.
    told: BTreeMap<Uri, Vec<lsp_types::Diagnostic>>,
}

/// Why a request has no answer.
pub(super) struct Refused {
    code: ErrorCode,
    reason: String,
}

impl Refused {
    /// The user asked for what cannot be done.
    pub(super) fn because(reason: impl Into<String>) -> Refused {
        Refused { code: ErrorCode::RequestFailed, reason: reason.into() }
    }
}

impl<'s> Server<'s> {
    pub(super) fn new(
        vocabulary: &'s Vocabulary,
        client: &InitializeParams,
        settings: Settings,
        log: &dyn Fn(&str),
    ) -> Server<'s> {
        let item =
            client.capabilities.text_document.as_ref().and_then(|text| {
                text.completion.as_ref()?.completion_item.as_ref()?.snippet_support
            });
        let options = ClientOptions::of(client, log);
        let folders = settings::folders(client);
        let cache = settings::cache(&settings, &options, &folders);
        let Settings { project, device, .. } = settings;
        let place = Place { cache, device, project: project.clone() };
        Server {
            workspace: Workspace::new(vocabulary, project, folders),
            standings: Standings::new(place),
            hints: options.inlay_hints,
            snippets: item.unwrap_or(false),
            told: BTreeMap::new(),
        }
    }

    /// Answers a request; a mistake of ours is an error response and not the end.
    pub(super) fn answer(&self, request: Request) -> Response {
        let id = request.id.clone();
        let result = catch_unwind(AssertUnwindSafe(|| self.dispatch(request)));
        match result {
            Ok(Ok(value)) => Response::new_ok(id, value),
            Ok(Err(Refused { code, reason })) => Response::new_err(id, code as i32, reason),
            Err(_) => internal(id),
        }
    }

    fn dispatch(&self, request: Request) -> Result<Value, Refused> {
        let parameters = request.params;
        match request.method.as_str() {
            Completion::METHOD => self.with(parameters, |view, at: Value| {
                completion::complete(view, position(&at)?, self.snippets)
            }),
            HoverRequest::METHOD => self.with(parameters, |view, at: Value| {
                Ok(hover::hover(view, position(&at)?, &self.workspace, &self.standings))
            }),
            GotoDefinition::METHOD => self.with(parameters, |view, at: Value| {
                Ok(navigation::definition(view, position(&at)?))
            }),
            References::METHOD => self.with(parameters, |view, at: Value| {
                let declaration = at["context"]["includeDeclaration"].as_bool().unwrap_or(true);
                Ok(navigation::references(&self.workspace, view, position(&at)?, declaration))
            }),
            DocumentHighlightRequest::METHOD => self.with(parameters, |view, at: Value| {
                Ok(navigation::highlights(view, position(&at)?))
            }),
            PrepareRenameRequest::METHOD => self.with(parameters, |view, at: Value| {
                navigation::prepare_rename(view, position(&at)?)
            }),
            Rename::METHOD => self.with(parameters, |view, at: Value| {
                let name = at["newName"].as_str().unwrap_or_default();
                let edit: WorkspaceEdit =
                    navigation::rename(&self.workspace, view, position(&at)?, name)?;
                Ok(edit)
            }),
            DocumentSymbolRequest::METHOD => {
                self.with(parameters, |view, _: Value| Ok(outline::symbols(view)))
            }
            FoldingRangeRequest::METHOD => {
                self.with(parameters, |view, _: Value| Ok(outline::folds(view)))
            }
            CodeActionRequest::METHOD => {
                self.with(parameters, |view, asked| Ok(actions::actions(view, &asked)))
            }
            Formatting::METHOD => {
                self.with(parameters, |view, _: Value| Ok(formatting::edits(view)))
            }
            SemanticTokensFullRequest::METHOD => {
                self.with(parameters, |view, _: Value| Ok(tokens::semantic(view)))
            }
            InlayHintRequest::METHOD => self.with(parameters, |view, asked: Value| {
                let range = read(asked["range"].clone())?;
                Ok(hints::hints(view, &range, self.hints))
            }),
            CodeLensRequest::METHOD => {
                self.with(parameters, |view, _: Value| Ok(lens::lenses(view)))
            }
            other => Err(Refused {
                code: ErrorCode::MethodNotFound,
                reason: format!("msx does not answer {other}"),
            }),
        }
    }

    /// Answers for the file that the parameters name.
    fn with<P: DeserializeOwned, R: Serialize>(
        &self,
        parameters: Value,
        answer: impl FnOnce(View<'_, 's>, P) -> Result<R, Refused>,
    ) -> Result<Value, Refused> {
        let uri: Uri = read(parameters["textDocument"]["uri"].clone())?;
        let document = self.workspace.documents.get(&uri);
        let checked = self.workspace.checked.get(&uri);
        let (Some(document), Some(checked)) = (document, checked) else {
            return Err(Refused::because(format!("{} is not open", uri.as_str())));
        };
        let view = View { document, checked, vocabulary: self.workspace.vocabulary };
        let answer = answer(view, read(parameters)?)?;
        serde_json::to_value(answer).map_err(|error| Refused::because(error.to_string()))
    }

    /// Takes note of an edit; what is to be told of it, or why it could not be understood.
    pub(super) fn take(&mut self, notification: Notification) -> Result<Vec<Message>, String> {
        let result = catch_unwind(AssertUnwindSafe(|| self.edit(notification)));
        match result {
            Ok(Ok(Some(uri))) => Ok(self.tell(&uri)),
            Ok(Ok(None)) => Ok(Vec::new()),
            Ok(Err(refused)) => Err(refused.reason),
            Err(_) => Err("the file could not be analysed".to_owned()),
        }
    }

    /// The file that changed.
    fn edit(&mut self, notification: Notification) -> Result<Option<Uri>, Refused> {
        let parameters = notification.params;
        let uri = match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let opened: lsp_types::DidOpenTextDocumentParams = read(parameters)?;
                let item = opened.text_document;
                let document = Document::new(item.uri.clone(), item.version, item.text);
                self.workspace.documents.insert(item.uri.clone(), document);
                item.uri
            }
            DidChangeTextDocument::METHOD => {
                let changed: lsp_types::DidChangeTextDocumentParams = read(parameters)?;
                let uri = changed.text_document.uri;
                let document = self.workspace.documents.get_mut(&uri);
                let document = document.ok_or_else(|| Refused::because("the file is not open"))?;
                document.change(changed.text_document.version, changed.content_changes);
                uri
            }
            DidCloseTextDocument::METHOD => {
                let closed: lsp_types::DidCloseTextDocumentParams = read(parameters)?;
                self.workspace.documents.remove(&closed.text_document.uri);
                closed.text_document.uri
            }
            DidSaveTextDocument::METHOD => {
                let saved: lsp_types::DidSaveTextDocumentParams = read(parameters)?;
                saved.text_document.uri
            }
            _ => return Ok(None),
        };
        self.workspace.check(&uri);
        Ok(Some(uri))
    }

    /// Diagnostics of the file that changed, and of every other whose diagnostics did.
    fn tell(&mut self, changed: &Uri) -> Vec<Message> {
        let mut found = problems::problems(&self.workspace);
        found.entry(changed.clone()).or_default();
        let gone = self.told.keys().filter(|uri| !found.contains_key(*uri)).cloned();
        for uri in gone.collect::<Vec<Uri>>() {
            found.insert(uri, Vec::new());
        }
        let mut messages = Vec::new();
        for (uri, diagnostics) in &found {
            if uri == changed || self.told.get(uri) != Some(diagnostics) {
                let version = self.workspace.documents.get(uri).map(|document| document.version);
                let diagnostics = diagnostics.clone();
                let told = PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version };
                let method = PublishDiagnostics::METHOD.to_owned();
                messages.push(Message::Notification(Notification::new(method, told)));
            }
        }
        found.retain(|_, diagnostics| !diagnostics.is_empty());
        self.told = found;
        messages
    }
}

fn internal(id: RequestId) -> Response {
    let reason = "msx made a mistake here; the session goes on".to_owned();
    Response::new_err(id, ErrorCode::InternalError as i32, reason)
}

fn position(parameters: &Value) -> Result<lsp_types::Position, Refused> {
    read(parameters["position"].clone())
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_json::from_value(value)
        .map_err(|error| Refused { code: ErrorCode::InvalidParams, reason: error.to_string() })
}
