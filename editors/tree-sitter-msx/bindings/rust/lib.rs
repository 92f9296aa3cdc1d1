//! The msx language for tree-sitter.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_msx() -> *const ();
}

/// The language.
// SAFETY: the function is the one that `tree-sitter generate` wrote, which gives a static table.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_msx) };

/// The query for highlighting.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");

/// The query for folding.
pub const FOLDS: &str = include_str!("../../queries/folds.scm");

/// The query for indentation.
pub const INDENTS: &str = include_str!("../../queries/indents.scm");
