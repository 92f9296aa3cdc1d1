//! What fits on one line.

use super::tree::{Bracket, Gap, Node, Token};

/// The node on one line, without the comments in front of it; nothing where it cannot be on one.
pub(super) fn flat(node: &Node<'_>) -> Option<String> {
    columns(node).map(|columns| columns.join(" "))
}

/// The node on one line, split where it may be aligned with other lines.
pub(super) fn columns(node: &Node<'_>) -> Option<Vec<String>> {
    let mut line = Line { columns: vec![String::new()], is_inside: false };
    line.node(node, true)?;
    Some(line.columns)
}

/// The width up to where a line may end first, and whether that is within the nodes. Counts no
/// further than `most`.
pub(super) fn lead(parts: &[(Gap, Node<'_>)], most: usize) -> (usize, bool) {
    let mut width = 0;
    for (gap, node) in parts {
        if *gap == Gap::Break || width > most {
            return (width, true);
        }
        width += usize::from(*gap != Gap::Nothing);
        if !node.first().comments.is_empty() {
            return (width, true);
        }
        match node {
            Node::Token(token) | Node::Broken(token) => width += token.text.chars().count(),
            Node::Bracket(bracket) if bracket.inside.is_empty() => {
                width += bracket.open.text.len() + bracket.style.margin().len() + 1;
            }
            Node::Bracket(bracket) => return (width + bracket.open.text.len(), true),
            Node::Phrase(inner) => {
                let (inner, is_within) = lead(inner, most);
                width += inner;
                if is_within {
                    return (width, true);
                }
            }
        }
    }
    (width, false)
}

struct Line {
    columns: Vec<String>,
    /// Within a bracket, nothing begins a column.
    is_inside: bool,
}

impl Line {
    fn write(&mut self, text: &str) {
        if let Some(column) = self.columns.last_mut() {
            column.push_str(text);
        }
    }

    fn token(&mut self, token: &Token<'_>, is_first: bool) -> Option<()> {
        if token.text.contains('\n') || (!is_first && !token.comments.is_empty()) {
            return None;
        }
        self.write(&token.text);
        Some(())
    }

    fn node(&mut self, node: &Node<'_>, is_first: bool) -> Option<()> {
        match node {
            Node::Token(token) | Node::Broken(token) => self.token(token, is_first),
            Node::Bracket(bracket) => self.bracket(bracket, is_first),
            Node::Phrase(parts) => {
                for (index, (gap, part)) in parts.iter().enumerate() {
                    match gap {
                        Gap::Nothing => {}
                        Gap::Column if !self.is_inside => self.columns.push(String::new()),
                        _ => self.write(" "),
                    }
                    self.node(part, is_first && index == 0)?;
                }
                Some(())
            }
        }
    }

    fn bracket(&mut self, bracket: &Bracket<'_>, is_first: bool) -> Option<()> {
        self.token(&bracket.open, is_first)?;
        let close = bracket.close.as_ref()?;
        let inside = &bracket.inside;
        let margin = bracket.style.margin();
        if inside.is_empty() {
            self.write(margin);
            return self.token(close, false);
        }
        if bracket.must_be_open() {
            return None;
        }
        let was_inside = std::mem::replace(&mut self.is_inside, true);
        self.write(margin);
        for (index, member) in inside.members.iter().enumerate() {
            if index > 0 {
                self.write(", ");
            }
            self.node(&member.node, true)?;
        }
        if bracket.is_single_tuple {
            self.write(",");
        }
        self.write(margin);
        self.is_inside = was_inside;
        self.token(close, false)
    }
}
