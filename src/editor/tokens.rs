//! Colours that know what a name means.

use super::lexer::{self, TokenKind};
use super::view::View;
use crate::language::index::{Index, Mention, SymbolKind};
use crate::language::syntax::tokens::{Class, tokens};
use crate::language::syntax::tree::Span;
use lsp_types::{Position, SemanticToken, SemanticTokenType, SemanticTokens, SemanticTokensLegend};

/// The kinds of token, by their number in the protocol.
const KINDS: [SemanticTokenType; 14] = [
    SemanticTokenType::KEYWORD,
    SemanticTokenType::CLASS,
    SemanticTokenType::METHOD,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::ENUM_MEMBER,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::TYPE,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRING,
    SemanticTokenType::COMMENT,
    SemanticTokenType::OPERATOR,
];

pub(super) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend { token_types: KINDS.to_vec(), token_modifiers: Vec::new() }
}

/// Every token of the file that has a colour, each relative to the one before it.
pub(super) fn semantic(view: View<'_, '_>) -> SemanticTokens {
    let mut data = Vec::new();
    let mut last = Position::new(0, 0);
    for (span, kind) in coloured(view) {
        let Some(number) = KINDS.iter().position(|known| *known == kind) else { continue };
        let range = view.range(&span);
        let delta_line = range.start.line - last.line;
        let before = if delta_line == 0 { last.character } else { 0 };
        data.push(SemanticToken {
            delta_line,
            delta_start: range.start.character - before,
            length: range.end.character - range.start.character,
            token_type: number as u32,
            token_modifiers_bitset: 0,
        });
        last = range.start;
    }
    SemanticTokens { result_id: None, data }
}

/// Tokens on one line each, in the order of the text. In pieces that the grammar does not know,
/// comments, strings and numbers keep their colours.
fn coloured(view: View<'_, '_>) -> Vec<(Span, SemanticTokenType)> {
    let text = view.text();
    let mut found = Vec::new();
    for token in tokens(text) {
        if token.class == Class::Broken {
            for inner in lexer::tokens(&text[token.span.clone()]) {
                let span = token.span.start + inner.span.start..token.span.start + inner.span.end;
                found.extend(in_broken(inner.kind).map(|kind| (span, kind)));
            }
        } else if let Some(kind) = kind(&view.analysis().index, &token.span, token.class) {
            found.push((token.span, kind));
        }
    }
    for (span, _) in &mut found {
        let trimmed = text[span.clone()].trim_end_matches(['\r', '\n']);
        span.end = span.start + trimmed.len();
    }
    found
}

fn in_broken(kind: TokenKind) -> Option<SemanticTokenType> {
    match kind {
        TokenKind::Comment => Some(SemanticTokenType::COMMENT),
        TokenKind::Text => Some(SemanticTokenType::STRING),
        TokenKind::Number => Some(SemanticTokenType::NUMBER),
        TokenKind::Word | TokenKind::Sign(_) => None,
    }
}

/// What a name or word means, else what the grammar makes of the token.
fn kind(index: &Index<'_>, span: &Span, class: Class) -> Option<SemanticTokenType> {
    if let Some(found) = index.at(span.start).filter(|found| found.span == *span) {
        return Some(of_symbol(index.symbols[index.original(found.symbol)].kind));
    }
    let mention = index.mention_at(span.start).filter(|(place, _)| place == span);
    if let Some(kind) = mention.and_then(|(_, mention)| of_mention(*mention)) {
        return Some(kind);
    }
    Some(match class {
        Class::Comment => SemanticTokenType::COMMENT,
        Class::Keyword => SemanticTokenType::KEYWORD,
        Class::Kind | Class::Type => SemanticTokenType::TYPE,
        Class::Method => SemanticTokenType::METHOD,
        Class::Field | Class::Member => SemanticTokenType::PROPERTY,
        Class::Function => SemanticTokenType::FUNCTION,
        Class::Reference | Class::Name => SemanticTokenType::VARIABLE,
        Class::Number | Class::Unit => SemanticTokenType::NUMBER,
        Class::Text | Class::Escape => SemanticTokenType::STRING,
        Class::Operator => SemanticTokenType::OPERATOR,
        Class::Punctuation | Class::Broken => return None,
    })
}

fn of_symbol(kind: SymbolKind) -> SemanticTokenType {
    match kind {
        SymbolKind::Template => SemanticTokenType::FUNCTION,
        SymbolKind::Namespace | SymbolKind::Experiment => SemanticTokenType::NAMESPACE,
        SymbolKind::LoopVariable | SymbolKind::Argument => SemanticTokenType::PARAMETER,
        _ => SemanticTokenType::VARIABLE,
    }
}

fn of_mention(mention: Mention<'_>) -> Option<SemanticTokenType> {
    Some(match mention {
        Mention::Kind(_) => SemanticTokenType::CLASS,
        Mention::Method(_) | Mention::Claim(_) => SemanticTokenType::METHOD,
        Mention::Field(_) | Mention::Output(_) | Mention::Measure(_) => SemanticTokenType::PROPERTY,
        Mention::Word(_) => SemanticTokenType::ENUM_MEMBER,
        Mention::Type => SemanticTokenType::TYPE,
        Mention::Unit(_) => SemanticTokenType::NUMBER,
        Mention::File(_) => return None,
    })
}
