//! Why a piece could not be read: pest's error in our words.

use super::Rule;
use super::scan::{Open, open_at_end};
use super::tree::Span;
use crate::language::diagnostic::{Code, Diagnostic};
use pest::error::{Error, ErrorVariant, InputLocation};

/// Punctuation that a message may name, in the order in which it does.
const PUNCTUATION: [&str; 8] = [":", "=", ",", ")", "]", "{", "}", "\""];

/// The message for a piece of text that begins at `offset` of the file.
pub(super) fn translate(error: &Error<Rule>, text: &str, offset: usize) -> Diagnostic {
    let place = furthest(error);
    let open = open_at_end(&text[..place]);
    if let Some(open) = open.last() {
        let begin = offset + open.place..offset + open.place + 1;
        if open.is_text() {
            return broken_string(text, place, begin);
        }
        if text[place..].trim().is_empty() {
            return unclosed(open.opener, begin).help(format!("close it with `{}`", open.closer));
        }
    }
    let found = found_at(text, place);
    let span = offset + found.start..offset + found.end;
    let found = &text[found];
    if found.chars().any(|c| c.is_alphanumeric() && !c.is_ascii()) {
        return Diagnostic::new(Code::Syntax, format!("`{found}` cannot stand in a name"), span)
            .help("names are made of the letters a to z and A to Z, digits and `_`");
    }
    let expected = expected(error, place, open.last());
    if expected.is_empty() {
        return Diagnostic::new(Code::Syntax, format!("`{found}` cannot stand here"), span)
            .help("a declaration begins with use, experiment, param, let, for, template, claim or a stage kind");
    }
    let wanted = format!("expected {}", expected.join(" or "));
    if text[place..].trim().is_empty() {
        return Diagnostic::new(Code::Syntax, format!("{wanted} behind `{found}`"), span);
    }
    let diagnostic = Diagnostic::new(Code::Syntax, format!("{wanted}, found `{found}`"), span);
    match open.last() {
        Some(open) if expected.contains(&format!("`{}`", open.closer)) => {
            let begin = offset + open.place;
            let label = format!("this `{}` is open", open.opener);
            diagnostic.related(begin..begin + 1, label)
        }
        _ => diagnostic,
    }
}

/// A string that does not end, or has an escape that there is not.
fn broken_string(text: &str, place: usize, begin: Span) -> Diagnostic {
    let escape = text[..place].ends_with('\\').then(|| text[place..].chars().next()).flatten();
    match escape {
        Some(letter) => {
            let message = format!("there is no escape `\\{letter}`");
            Diagnostic::new(Code::Syntax, message, begin)
                .help("write `\\\\` for a backslash; the others are `\\\"`, `\\n`, `\\t`, `\\{` and `\\}`")
        }
        None => Diagnostic::new(Code::Syntax, "this string is never closed", begin)
            .help("close it with `\"` on the same line"),
    }
}

/// The message for a bracket that is never closed.
pub(super) fn unclosed(opener: char, place: Span) -> Diagnostic {
    Diagnostic::new(Code::Syntax, format!("this `{opener}` is never closed"), place)
}

/// The furthest place that any attempt reached. pest's own location is where the rule began.
fn furthest(error: &Error<Rule>) -> usize {
    let begin = match error.location {
        InputLocation::Pos(place) | InputLocation::Span((place, _)) => place,
    };
    error.parse_attempts().map_or(begin, |attempts| attempts.max_position.max(begin))
}

/// The word or mark at a place, or the last one where the text ends there.
fn found_at(text: &str, place: usize) -> Span {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rest = &text[place..];
    if rest.trim().is_empty() {
        let before = text[..place].trim_end();
        let word = before.trim_end_matches(is_word).len();
        let mark = before.char_indices().next_back().map_or(0, |(start, _)| start);
        return word.min(mark)..before.len();
    }
    let word = rest.len() - rest.trim_start_matches(is_word).len();
    let mark = rest.chars().next().map_or(0, char::len_utf8);
    place..place + word.max(mark)
}

/// What may stand at a place, in words. The grammar asks for a comma and all closing brackets behind
/// a value; which of them fit depends on what is open.
fn expected(error: &Error<Rule>, place: usize, open: Option<&Open>) -> Vec<String> {
    let attempts = error.parse_attempts();
    let tokens: Vec<String> = attempts
        .iter()
        .flat_map(|attempts| attempts.expected_tokens())
        .map(|token| token.to_string())
        .collect();
    let has = |wanted: &str| tokens.iter().any(|token| token == wanted);
    // A value that is whole may always go on with an operator or a unit, which helps nobody.
    let behind_value = has("/") || (has("]") && has(")"));
    let before_value = has("(") && has("[") && !behind_value;
    let mut words = Vec::new();
    if before_value {
        words.push("a value".to_owned());
    } else if !behind_value && starts_at(error, place) {
        words.extend(nouns(error));
    }
    let fits = |mark: &str| match mark {
        ")" | "]" | "}" => open.is_some_and(|open| mark.starts_with(open.closer)),
        "," => open.is_some(),
        _ => true,
    };
    words.extend(
        PUNCTUATION
            .into_iter()
            .filter(|mark| {
                has(mark) && fits(mark) && !(before_value && matches!(*mark, "{" | "\""))
            })
            .map(|mark| format!("`{mark}`")),
    );
    let keywords = ["in", "as", "then", "else"];
    words.extend(keywords.into_iter().filter(|word| has(word)).map(|word| format!("`{word}`")));
    words
}

/// Whether the rules that pest names begin at the furthest place.
fn starts_at(error: &Error<Rule>, place: usize) -> bool {
    matches!(error.location, InputLocation::Pos(begin) if begin == place)
}

/// The rules that would fit, in words.
fn nouns(error: &Error<Rule>) -> Vec<String> {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else { return Vec::new() };
    let mut words: Vec<String> = Vec::new();
    for rule in positives {
        let word = match rule {
            Rule::identifier | Rule::variables | Rule::type_name => "a name",
            Rule::field => "a field such as `size: 32px`",
            Rule::literal => "a path in quotes",
            Rule::imported_names => "the names in braces",
            Rule::parameter => "a parameter such as `epochs: int = 100`",
            Rule::call => "a statement such as `trend(…)`",
            Rule::reference | Rule::plain_reference | Rule::header => "a stage or method name",
            Rule::item
            | Rule::experiment
            | Rule::param
            | Rule::binding
            | Rule::sweep
            | Rule::import
            | Rule::template
            | Rule::claim
            | Rule::stage => "a declaration",
            Rule::EOI => "the end of the line",
            Rule::selector => "`variable: value`",
            Rule::everything => "`*`",
            _ => continue,
        };
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}
