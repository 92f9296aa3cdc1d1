//! Files that mean the same with other blank space and more comments.

/// What a word of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    /// A number without a unit.
    PlainNumber,
    Other,
    Comment,
}

/// Blank space and comments that may stand between any two words.
const GAPS: [&str; 10] = [
    " ",
    "\n",
    " \t ",
    "\n\n\n",
    "  \n    ",
    " # of the line\n",
    "\n# of its own, \"quoted\n",
    "\n\n  # one\n\n\n# {two\n",
    "#tight\n#}tight\n",
    " # first\n # second\n\n",
];

/// The words that no unit can be.
const OPERATORS: [&str; 5] = ["by", "then", "else", "and", "or"];

/// The file with other gaps between its words: `choices` says which, again from its beginning
/// where it is too short. Two numbers in three stand for a plain space, so that many a line stays
/// whole.
pub fn with_noise(text: &str, choices: &[u8]) -> String {
    let words = words(text);
    let mut noisy = String::new();
    let mut choices = choices.iter().cycle();
    for (index, (kind, word)) in words.iter().enumerate() {
        let choice = usize::from(choices.next().copied().unwrap_or_default());
        let gap = GAPS[(choice % 32).saturating_sub(22)];
        let before = index.checked_sub(1).map(|before| words[before].0);
        // On one line, the word would be the number's unit.
        let is_no_unit = *kind == Kind::Word && !OPERATORS.contains(word);
        let gap = match before {
            Some(Kind::Comment) => "\n",
            Some(Kind::PlainNumber) if is_no_unit && !gap.contains('\n') => "\n",
            _ => gap,
        };
        noisy.push_str(gap);
        noisy.push_str(word);
    }
    noisy
}

fn words(text: &str) -> Vec<(Kind, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '#' => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
            '"' => (Kind::Other, string_length(rest)),
            _ if first.is_ascii_digit() => number(rest),
            _ if is_of_word(first) => (Kind::Word, path_length(rest)),
            _ => {
                let long = ["...", "..", "==", "!=", "<=", ">="];
                let long = long.iter().find(|sign| rest.starts_with(**sign));
                (Kind::Other, long.map_or(first.len_utf8(), |sign| sign.len()))
            }
        };
        words.push((kind, &text[at..at + length]));
        at += length;
    }
    words
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn word_length(text: &str) -> usize {
    text.find(|character| !is_of_word(character)).unwrap_or(text.len())
}

/// `chest.judged` stays together: a kind with its import allows no blank space.
fn path_length(text: &str) -> usize {
    let mut length = word_length(text);
    while let Some(rest) = text[length..].strip_prefix('.')
        && rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    {
        length += 1 + word_length(rest);
    }
    length
}

/// A number with its unit, which stands on the same line.
fn number(text: &str) -> (Kind, usize) {
    let mut digits = word_length(text);
    if let Some(rest) = text[digits..].strip_prefix('.')
        && rest.starts_with(|first: char| first.is_ascii_digit())
    {
        digits += 1 + word_length(rest);
    }
    if text[..digits].ends_with(['e', 'E']) && text[digits..].starts_with(['+', '-']) {
        digits += 1 + word_length(&text[digits + 1..]);
    }
    if text[..digits].ends_with(|last: char| last.is_ascii_alphabetic()) {
        return (Kind::Other, digits);
    }
    let rest = &text[digits..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let unit = &rest[blank..];
    let length = if unit.starts_with('%') { 1 } else { word_length(unit) };
    let after = unit[length..].trim_start_matches([' ', '\t']);
    let begins_field =
        after.starts_with([':', '(']) || after.starts_with("=") && !after.starts_with("==");
    if length == 0 || begins_field || OPERATORS.contains(&&unit[..length]) {
        return (Kind::PlainNumber, digits);
    }
    (Kind::Other, digits + blank + length)
}

/// A string with the values in its braces, which may hold strings of their own.
fn string_length(text: &str) -> usize {
    let mut at = 1;
    while let Some(next) = text[at..].chars().next() {
        at += match next {
            '"' => return at + 1,
            '\\' => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            '{' => value_length(&text[at..]),
            _ => next.len_utf8(),
        };
    }
    at
}

/// From an opening brace to its closing one.
fn value_length(text: &str) -> usize {
    let mut at = 1;
    while let Some(next) = text[at..].chars().next() {
        at += match next {
            '}' => return at + 1,
            '"' => string_length(&text[at..]),
            '{' => value_length(&text[at..]),
            _ => next.len_utf8(),
        };
    }
    at
}
