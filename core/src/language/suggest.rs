//! Names in messages: "did you mean …?", and circles.

/// What to do about a word that is not known.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// In words.
    pub(super) text: String,
    /// The word, and the one that is most like it.
    pub(super) correction: Option<(String, String)>,
}

impl Hint {
    /// `did you mean `x`?`
    pub(super) fn meant(written: &str, candidate: &str) -> Hint {
        Hint {
            text: format!("did you mean `{candidate}`?"),
            correction: Some((written.to_owned(), candidate.to_owned())),
        }
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Hint {
        Hint { text, correction: None }
    }
}

/// Least similarity of a suggestion (Jaro–Winkler).
const CLOSE: f64 = 0.78;

/// The candidate that is most like what was written, if any is like it.
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (similarity(written, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The hint that the nearest candidate was meant, if any is like what was written.
pub(super) fn meant<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<Hint> {
    nearest(written, candidates).map(|candidate| Hint::meant(written, candidate))
}

/// Jaro–Winkler, which makes too much of two letters that changed places in a short word.
fn similarity(written: &str, candidate: &str) -> f64 {
    let by_letters = strsim::jaro_winkler(written, candidate);
    if candidate.len() > 2 && strsim::damerau_levenshtein(written, candidate) <= 1 {
        return by_letters.max(CLOSE);
    }
    by_letters
}

/// `did you mean `x`?`, or the whole list where nothing is close.
pub(super) fn help<'a>(
    written: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<Hint> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if candidates.is_empty() {
        return None;
    }
    Some(match nearest(written, candidates.iter().copied()) {
        Some(candidate) => Hint::meant(written, candidate),
        None => Hint::from(format!("{what}: {}", candidates.join(", "))),
    })
}

/// A circle in words: `a → b → a`, its middle left out where it is long.
pub(super) fn way(names: &[impl AsRef<str>]) -> String {
    const MOST_NAMED: usize = 12;
    let mut words: Vec<&str> = names.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    let left_out = format!("({} more)", names.len() - words.len());
    if names.len() > words.len() {
        words.push(&left_out);
    }
    words.extend(names.first().map(AsRef::as_ref));
    words.join(" → ")
}
