//! Which characters may reach a terminal.
//!
//! A name, a cell of a table or a line of source may hold characters that move the cursor, clear the
//! screen, set the title of the window, or show text in another order than it has. Such a character is
//! written out by its number in Unicode, as Rust writes it: `\u{1b}`, `\r`. `docs/running.md` tells users.

use std::borrow::Cow;

/// Whether a text is one line, or may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    /// Line breaks and tabs stay as they are.
    Several,
}

/// The text with every character written out that acts on a terminal.
pub(super) fn visible(text: &str, lines: Lines) -> Cow<'_, str> {
    if hidden(text, lines).next().is_none() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for (at, character) in hidden(text, lines) {
        shown.push_str(&text[end..at]);
        shown.extend(character.escape_default());
        end = at + character.len_utf8();
    }
    shown.push_str(&text[end..]);
    Cow::Owned(shown)
}

/// Whether [`visible`] leaves the text as it is.
pub(super) fn is_visible(text: &str, lines: Lines) -> bool {
    hidden(text, lines).next().is_none()
}

/// The characters that are to be written out, with their places.
fn hidden(text: &str, lines: Lines) -> impl Iterator<Item = (usize, char)> + '_ {
    let is_layout = move |at: usize, character: char| match character {
        '\n' | '\t' => lines == Lines::Several,
        // As part of a line break of Windows. Alone it goes back to the beginning of the line, over
        // what stands there.
        '\r' => lines == Lines::Several && text[at + 1..].starts_with('\n'),
        _ => false,
    };
    let all = text.char_indices();
    all.filter(move |&(at, character)| acts(character) && !is_layout(at, character))
}

/// JSON in which such characters are written as `\u001b`, which means the same to a program that reads it.
pub(super) fn visible_json(json: &str) -> Cow<'_, str> {
    // Line breaks stand only between values: inside strings they are written out already.
    let is_hidden = |character: char| acts(character) && character != '\n';
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character does something to the text around it, or cannot be seen: controls (C0, DEL,
/// C1), marks of the direction of writing, separators of lines, and those that Unicode calls ignorable
/// by default. Joiners and selectors of variants stay, because scripts and emoji need them.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}
