//! What is laid out: words, the comments in front of them, and the brackets that hold them.

use crate::language::syntax::Rule;
use std::borrow::Cow;

/// A comment, from its `#` to the end of its line.
#[derive(Debug)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    /// Nothing else stands on its line.
    pub(super) own_line: bool,
    /// A blank line stands above it.
    pub(super) blank_above: bool,
}

/// A word, a number, a string or a sign.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) text: Cow<'t, str>,
    /// Comments since the token before it.
    pub(super) comments: Vec<Comment<'t>>,
    /// It stands on another line than the token before it.
    pub(super) new_line: bool,
    /// A blank line stands above it, below its comments.
    pub(super) blank_above: bool,
}

/// What stands between a part of a phrase and the part before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    Nothing,
    Space,
    /// A space, widened where the part stands in a column with parts of other lines.
    Column,
    /// A space, or the end of the line where the phrase is too long for one.
    Break,
}

/// A piece of the file.
#[derive(Debug)]
pub(super) enum Node<'t> {
    Token(Token<'t>),
    /// Parts in a row, each with the gap in front of it; never empty.
    Phrase(Vec<(Gap, Node<'t>)>),
    Bracket(Bracket<'t>),
    /// What the grammar could not read; stays as it is.
    Broken(Token<'t>),
}

/// What a bracket holds, which decides its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Declarations, each from a line of its own.
    Declarations,
    /// Fields in braces: on one line if written so, else in lines as written, without commas at
    /// their ends.
    Fields,
    /// Names in braces, as many a line as fit.
    Names,
    /// Values, as many a line as fit.
    Values,
    /// Arguments: all on one line, or one a line.
    Arguments,
}

impl Style {
    /// The blank inside its brackets where they stand on one line.
    pub(super) fn margin(self) -> &'static str {
        match self {
            Style::Declarations | Style::Fields | Style::Names => " ",
            Style::Values | Style::Arguments => "",
        }
    }
}

/// A bracket with all in it.
#[derive(Debug)]
pub(super) struct Bracket<'t> {
    pub(super) style: Style,
    pub(super) open: Token<'t>,
    pub(super) inside: Inside<'t>,
    /// Missing where the file ends before it.
    pub(super) close: Option<Token<'t>>,
    /// It was written over several lines.
    pub(super) several_lines: bool,
    /// The comma behind a single value, which makes it a tuple.
    pub(super) is_single_tuple: bool,
}

/// The members of a bracket or of the file.
#[derive(Debug, Default)]
pub(super) struct Inside<'t> {
    /// The comment on the line of the opening bracket.
    pub(super) opening: Option<&'t str>,
    pub(super) members: Vec<Member<'t>>,
    /// Comments behind the last member.
    pub(super) dangling: Vec<Comment<'t>>,
}

/// A declaration, field or value in a bracket or the file.
#[derive(Debug)]
pub(super) struct Member<'t> {
    pub(super) rule: Rule,
    /// Comments on lines above it.
    pub(super) leading: Vec<Comment<'t>>,
    pub(super) node: Node<'t>,
    /// A comma stands behind it.
    pub(super) comma: bool,
    /// The comment behind it on its last line.
    pub(super) trailing: Option<&'t str>,
}

impl<'t> Node<'t> {
    /// The first token, which holds the comments in front of the node.
    pub(super) fn first(&self) -> &Token<'t> {
        match self {
            Node::Token(token) | Node::Broken(token) => token,
            Node::Phrase(parts) => parts[0].1.first(),
            Node::Bracket(bracket) => &bracket.open,
        }
    }

    pub(super) fn first_mut(&mut self) -> &mut Token<'t> {
        match self {
            Node::Token(token) | Node::Broken(token) => token,
            Node::Phrase(parts) => parts[0].1.first_mut(),
            Node::Bracket(bracket) => &mut bracket.open,
        }
    }
}

impl<'t> Inside<'t> {
    pub(super) fn is_empty(&self) -> bool {
        self.opening.is_none() && self.members.is_empty() && self.dangling.is_empty()
    }

    /// Gives the comment that ends the line before `comments` to what stands on that line.
    pub(super) fn take_trailing(&mut self, comments: &mut Vec<Comment<'t>>) {
        if comments.first().is_some_and(|comment| !comment.own_line) {
            let text = Some(comments.remove(0).text);
            match self.members.last_mut() {
                Some(member) => member.trailing = text,
                None => self.opening = text,
            }
        }
    }
}

impl Bracket<'_> {
    /// It needs several lines, whatever its width.
    pub(super) fn must_be_open(&self) -> bool {
        let inside = &self.inside;
        let is_kept_open = match self.style {
            Style::Declarations => true,
            Style::Fields => self.several_lines,
            Style::Names | Style::Values | Style::Arguments => false,
        };
        let has_piece_for_itself = |member: &Member<'_>| {
            !member.leading.is_empty()
                || member.trailing.is_some()
                || matches!(member.node, Node::Broken(_))
        };
        is_kept_open
            || inside.opening.is_some()
            || !inside.dangling.is_empty()
            || inside.members.iter().any(has_piece_for_itself)
    }
}
