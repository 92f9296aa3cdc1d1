//! Which brackets the cursor stands in and what stands in front of it, from tokens alone, so that
//! it is known in the middle of typing too.

use crate::editor::lexer::{Token, TokenKind};

/// The surroundings of the cursor.
#[derive(Debug)]
pub(super) struct Context<'t> {
    /// Where the word that is being typed begins.
    pub(super) prefix: usize,
    /// Brackets around the cursor, from the outermost inwards.
    pub(super) frames: Vec<Frame<'t>>,
    /// Words and signs since the beginning of the innermost bracket's line, separator or entry.
    pub(super) before: Vec<&'t str>,
    /// Whether a number stands right in front, on the same line.
    pub(super) after_number: bool,
}

/// One open bracket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame<'t> {
    /// `{`, `[`, `(`, or `"` for a value inside of a string.
    pub(super) bracket: char,
    /// Words and signs in front of it, since the beginning of its line, separator or entry.
    pub(super) head: Vec<&'t str>,
    /// Separators between its beginning and the cursor.
    pub(super) position: usize,
    /// Entries without a name that are written already.
    pub(super) nameless: usize,
    /// The names that stand before a colon in it already.
    pub(super) written: Vec<&'t str>,
}

/// An open bracket while the tokens are read.
struct Level<'t> {
    bracket: char,
    head: Vec<&'t str>,
    statement: Vec<&'t str>,
    position: usize,
    nameless: usize,
    written: Vec<&'t str>,
}

impl<'t> Level<'t> {
    fn new(bracket: char, head: Vec<&'t str>) -> Level<'t> {
        let (statement, written) = (Vec::new(), Vec::new());
        Level { bracket, head, statement, position: 0, nameless: 0, written }
    }

    /// Whether a line ends an entry: not where an operator or colon waits for more.
    fn ends_with_line(&self) -> bool {
        let waits =
            [":", ",", "=", "+", "-", "*", "/", "<", ">", ".", "in", "and", "or", "not", "if"];
        self.bracket == '{' && self.statement.last().is_some_and(|last| !waits.contains(last))
    }
}

/// The context of an offset; nothing inside of comments and strings.
pub(super) fn context<'t>(text: &'t str, tokens: &[Token], offset: usize) -> Option<Context<'t>> {
    let here = tokens.iter().find(|token| token.span.start < offset && offset <= token.span.end);
    let prefix = match here {
        Some(token) if token.is_word() => token.span.start,
        Some(Token { kind: TokenKind::Comment, .. }) => return None,
        Some(token) if token.kind == TokenKind::Text => {
            let is_closed = token.span.end == offset && text[token.span.clone()].ends_with('"');
            if !is_closed || token.span.len() == 1 {
                return None;
            }
            offset
        }
        _ => offset,
    };
    let before: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.span.end <= prefix && token.kind != TokenKind::Comment)
        .collect();
    let mut levels = levels(text, &before);
    let written_behind = written_behind(text, tokens, offset);
    let after_number = before.last().is_some_and(|last| {
        last.kind == TokenKind::Number && !text[last.span.end..prefix].contains('\n')
    });
    let new_line = before.last().is_some_and(|last| text[last.span.end..prefix].contains('\n'));
    let innermost = levels.last_mut()?;
    if new_line && innermost.ends_with_line() {
        innermost.statement.clear();
    }
    innermost.written.extend(written_behind);
    let statement = innermost.statement.clone();
    let frames = levels.into_iter().skip(1).map(|level| Frame {
        bracket: level.bracket,
        head: level.head,
        position: level.position,
        nameless: level.nameless,
        written: level.written,
    });
    Some(Context { prefix, frames: frames.collect(), before: statement, after_number })
}

/// The brackets that are open behind these tokens; the file itself comes first.
fn levels<'t>(text: &'t str, tokens: &[&Token]) -> Vec<Level<'t>> {
    let mut levels = vec![Level::new('{', Vec::new())];
    let mut end = 0;
    for (number, token) in tokens.iter().enumerate() {
        let gap = &text[end..token.span.start];
        end = token.span.end;
        let word = &text[token.span.clone()];
        let begins_line = gap.contains('\n') || number == 0;
        // A declaration that is not indented is inside of nothing, whatever was left open.
        if begins_line && gap.ends_with('\n') && token.is_word() && levels.len() > 1 {
            let next = tokens.get(number + 1).is_some_and(|next| next.is_word());
            if next {
                levels.truncate(1);
                levels[0].statement.clear();
            }
        }
        let depth = levels.len();
        let Some(level) = levels.last_mut() else { continue };
        if begins_line && level.ends_with_line() {
            level.statement.clear();
        }
        match token.kind {
            TokenKind::Sign(bracket @ ('{' | '[' | '(')) => {
                let before = number.checked_sub(1).map(|before| tokens[before]);
                let in_text =
                    gap.is_empty() && before.is_some_and(|token| is_open_text(text, token));
                let head = level.statement.clone();
                levels.push(Level::new(if in_text { '"' } else { bracket }, head));
            }
            TokenKind::Sign('}' | ']' | ')') if depth > 1 => {
                levels.pop();
                close(&mut levels, word);
            }
            TokenKind::Sign(',') => {
                level.nameless += usize::from(level.statement.get(1) != Some(&":"));
                level.statement.clear();
                level.position += 1;
            }
            TokenKind::Sign(':') => {
                level.written.extend(level.statement.last());
                level.statement.push(word);
            }
            _ => level.statement.push(word),
        }
    }
    levels
}

/// Whether a token is the part of a string in front of a value that is put into it.
fn is_open_text(text: &str, token: &Token) -> bool {
    let written = &text[token.span.clone()];
    token.kind == TokenKind::Text && (written == "\"" || !written.ends_with('"'))
}

/// What a closed bracket leaves of itself in the statement around it; a block ends one.
fn close(levels: &mut [Level<'_>], bracket: &str) {
    let Some(around) = levels.last_mut() else { return };
    let is_entry = around.statement.get(1) == Some(&":");
    match bracket {
        "}" if !is_entry => around.statement.clear(),
        "}" => around.statement.push("}"),
        "]" => around.statement.push("]"),
        _ => around.statement.push(")"),
    }
}

/// Names of fields behind the cursor in the same bracket.
fn written_behind<'t>(text: &'t str, tokens: &[Token], offset: usize) -> Vec<&'t str> {
    let mut depth = 0_usize;
    let mut written = Vec::new();
    let behind: Vec<&Token> = tokens.iter().filter(|token| token.span.start >= offset).collect();
    for (number, token) in behind.iter().enumerate() {
        match token.kind {
            TokenKind::Sign('{' | '[' | '(') => depth += 1,
            TokenKind::Sign('}' | ']' | ')') => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => break,
            },
            TokenKind::Sign(':') if depth == 0 && number > 0 && behind[number - 1].is_word() => {
                // Two words and a colon are the next declaration.
                if number > 1 && behind[number - 2].is_word() {
                    break;
                }
                written.push(&text[behind[number - 1].span.clone()]);
            }
            _ => {}
        }
    }
    written
}
