//! Writes what was gathered, line by line.

use super::columns::align;
use super::flat::{flat, lead};
use super::groups::{Group, declarations, groups, rows};
use super::tree::{Bracket, Comment, Gap, Inside, Node};

/// Columns of one step to the right.
const INDENT: usize = 4;

/// The text of a file for lines of `width` columns.
pub(super) fn file(inside: &Inside<'_>, width: usize) -> String {
    let mut printer = Printer {
        width,
        text: String::new(),
        column: 0,
        is_new_line: true,
        is_space_due: false,
        indent: 0,
    };
    printer.inside(inside, declarations(inside, width), 0);
    if !printer.text.is_empty() {
        printer.text.push('\n');
    }
    printer.text
}

struct Printer {
    width: usize,
    text: String,
    /// Where the line at hand ends.
    column: usize,
    /// Nothing stands on the line at hand, and its indent is not yet written.
    is_new_line: bool,
    /// A space belongs before the next word.
    is_space_due: bool,
    /// The indent of the line at hand.
    indent: usize,
}

impl Printer {
    fn write(&mut self, text: &str) {
        if self.is_new_line {
            self.text.extend(std::iter::repeat_n(' ', self.indent));
            self.column = self.indent;
        } else if self.is_space_due {
            self.text.push(' ');
            self.column += 1;
        }
        (self.is_new_line, self.is_space_due) = (false, false);
        self.text.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    /// Goes to a new line, unless the line at hand is one.
    fn new_line(&mut self, indent: usize) {
        if !self.is_new_line {
            self.text.push('\n');
        }
        (self.is_new_line, self.is_space_due) = (true, false);
        self.indent = indent;
    }

    /// A comment at the end of the line at hand.
    fn trailing(&mut self, comment: Option<&str>) {
        if let Some(comment) = comment {
            self.is_space_due = false;
            self.write("  ");
            self.write(comment);
        }
    }

    /// Everything between two brackets or in the file, from new lines that begin at `indent`.
    fn inside(&mut self, inside: &Inside<'_>, groups: Vec<Group<'_, '_>>, indent: usize) {
        let mut rows = rows(&groups);
        align(&mut rows, self.width.saturating_sub(indent));
        let mut rows = rows.into_iter();
        for (index, group) in groups.iter().enumerate() {
            let is_first = index == 0;
            self.comments(group.leading(), indent, is_first);
            let is_first = is_first && group.leading().is_empty();
            self.member_line(indent, group.blank_above() && !is_first);
            if group.line.is_some() {
                self.write(&rows.next().map(|row| row.columns.join(" ")).unwrap_or_default());
            } else {
                let tail = usize::from(group.comma);
                self.node(&group.members[0].node, indent + INDENT, tail);
                self.write(if group.comma { "," } else { "" });
            }
            self.trailing(group.trailing());
        }
        self.comments(&inside.dangling, indent, groups.is_empty());
    }

    /// Comments on lines of their own.
    fn comments(&mut self, comments: &[Comment<'_>], indent: usize, are_first: bool) {
        for (index, comment) in comments.iter().enumerate() {
            let is_first = are_first && index == 0;
            self.member_line(indent, comment.blank_above && !is_first);
            self.write(comment.text);
        }
    }

    /// A new line for a member or its comment.
    fn member_line(&mut self, indent: usize, blank_above: bool) {
        self.new_line(indent);
        if blank_above {
            self.text.push('\n');
        }
    }

    /// A node with the comments in front of it. `tail` columns stay free for what follows it, and
    /// where it goes on in a new line, that begins at `indent`.
    fn node(&mut self, node: &Node<'_>, indent: usize, tail: usize) {
        for comment in &node.first().comments {
            if comment.own_line || self.is_new_line {
                self.new_line(indent);
                self.write(comment.text);
            } else {
                self.trailing(Some(comment.text));
            }
            self.new_line(indent);
        }
        self.without_comments(node, indent, tail);
    }

    /// A node, on one line if it fits.
    fn without_comments(&mut self, node: &Node<'_>, indent: usize, tail: usize) {
        let used = match self.is_new_line {
            true => self.indent,
            false => self.column + usize::from(self.is_space_due),
        };
        match (flat(node), node) {
            (Some(line), _) if used + line.chars().count() + tail <= self.width => {
                self.write(&line);
            }
            (_, Node::Token(token) | Node::Broken(token)) => self.write(&token.text),
            (_, Node::Phrase(parts)) => self.phrase(parts, indent, tail),
            (_, Node::Bracket(bracket)) => self.bracket(bracket),
        }
    }

    fn phrase(&mut self, parts: &[(Gap, Node<'_>)], indent: usize, tail: usize) {
        let has_breaks = parts.iter().any(|(gap, _)| *gap == Gap::Break);
        let inner = if has_breaks { indent + INDENT } else { indent };
        for (index, (gap, node)) in parts.iter().enumerate() {
            match gap {
                Gap::Nothing => {}
                Gap::Space | Gap::Column => self.is_space_due = true,
                // Before the comments in front of the part or, where there are none, before it.
                Gap::Break if node.first().comments.is_empty() => self.new_line(indent),
                Gap::Break => {}
            }
            let inner = if *gap == Gap::Break { indent } else { inner };
            let (width, is_within) = lead(&parts[index + 1..], self.width);
            let tail = if is_within { width } else { width + tail };
            if index == 0 {
                // The comments in front of it are those in front of the phrase.
                self.without_comments(node, inner, tail);
            } else {
                self.node(node, inner, tail);
            }
        }
    }

    fn bracket(&mut self, bracket: &Bracket<'_>) {
        let outer = self.indent;
        let inner = outer + INDENT;
        self.write(&bracket.open.text);
        self.trailing(bracket.inside.opening);
        self.inside(&bracket.inside, groups(bracket, self.width.saturating_sub(inner)), inner);
        if let Some(close) = &bracket.close {
            if bracket.inside.is_empty() {
                self.write(bracket.style.margin());
            } else {
                self.new_line(outer);
            }
            self.write(&close.text);
        }
    }
}
