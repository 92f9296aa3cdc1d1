//! What pest read, as a tree that is cheap to walk. It leaves out the rules that say how operators
//! bind where there are none, which are most of what pest gives.

use super::Rule;
use super::tree::Span;
use pest::Token;
use pest::iterators::Pairs;

/// What the rules match in a text. It is kept backwards: a match stands behind its parts, of which
/// the first is the nearest.
#[derive(Debug)]
pub(in crate::language) struct Matches<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    rule: Rule,
    start: usize,
    end: usize,
    /// How many nodes it is made of, itself among them.
    size: usize,
}

/// A rule of which only the end was seen.
struct Unfinished {
    rule: Rule,
    end: usize,
    /// Where its last part ends.
    last_part: Option<usize>,
    parts: usize,
    /// How many nodes there were before.
    before: usize,
}

impl<'t> Matches<'t> {
    pub(super) fn new(text: &'t str, pairs: Pairs<'t, Rule>) -> Matches<'t> {
        let tokens = pairs.tokens();
        let mut nodes: Vec<Node> = Vec::with_capacity(tokens.len() / 4);
        let mut open: Vec<Unfinished> = Vec::new();
        for token in tokens.rev() {
            match token {
                Token::End { rule, pos } => {
                    let (end, before) = (pos.pos(), nodes.len());
                    let rule = if rule == Rule::plain_reference { Rule::reference } else { rule };
                    open.push(Unfinished { rule, end, last_part: None, parts: 0, before });
                }
                Token::Start { pos, .. } => {
                    let Some(closed) = open.pop() else { break };
                    let (rule, start) = (closed.rule, pos.pos());
                    let end = match closed.last_part {
                        Some(last) if may_end_blank(rule) => last,
                        _ => closed.end,
                    };
                    if let Some(around) = open.last_mut() {
                        // From the end backwards, so the first that is seen is the last part.
                        around.last_part.get_or_insert(end);
                        around.parts += 1;
                    }
                    if !(is_level(rule) && closed.parts == 1) {
                        let size = nodes.len() - closed.before + 1;
                        nodes.push(Node { rule, start, end, size });
                    }
                }
            }
        }
        Matches { text, nodes }
    }

    /// Whether nothing was swallowed as broken, and all that begins with a brace has its end.
    pub(in crate::language) fn are_whole(&self) -> bool {
        (0..self.nodes.len()).map(|index| Match { matches: self, index }).all(|found| {
            match found.rule() {
                Rule::broken_item | Rule::broken_inner | Rule::broken_field => false,
                Rule::body => found.parts().any(|part| part.rule() == Rule::close),
                _ => true,
            }
        })
    }

    /// The match that all others are parts of.
    pub(in crate::language) fn root(&self) -> Option<Match<'_, 't>> {
        let index = self.nodes.len().checked_sub(1)?;
        Some(Match { matches: self, index })
    }
}

/// A part of a text and the rule that it matches.
#[derive(Debug, Clone, Copy)]
pub(in crate::language) struct Match<'p, 't> {
    matches: &'p Matches<'t>,
    index: usize,
}

impl<'p, 't> Match<'p, 't> {
    fn node(&self) -> &'p Node {
        &self.matches.nodes[self.index]
    }

    pub(in crate::language) fn rule(&self) -> Rule {
        self.node().rule
    }

    pub(in crate::language) fn start(&self) -> usize {
        self.node().start
    }

    pub(in crate::language) fn end(&self) -> usize {
        self.node().end
    }

    pub(in crate::language) fn span(&self) -> Span {
        self.start()..self.end()
    }

    pub(in crate::language) fn text(&self) -> &'t str {
        &self.matches.text[self.span()]
    }

    /// The text that it is a part of.
    pub(in crate::language) fn whole_text(&self) -> &'t str {
        self.matches.text
    }

    pub(in crate::language) fn parts(&self) -> Parts<'p, 't> {
        let behind_last = self.index + 1 - self.node().size;
        Parts { matches: self.matches, next: self.index, behind_last }
    }
}

/// The parts of a match in their order.
#[derive(Debug, Clone)]
pub(in crate::language) struct Parts<'p, 't> {
    matches: &'p Matches<'t>,
    /// One more than the index of the next part.
    next: usize,
    behind_last: usize,
}

impl<'p, 't> Iterator for Parts<'p, 't> {
    type Item = Match<'p, 't>;

    fn next(&mut self) -> Option<Match<'p, 't>> {
        if self.next == self.behind_last {
            return None;
        }
        let index = self.next - 1;
        self.next -= self.matches.nodes[index].size;
        Some(Match { matches: self.matches, index })
    }
}

/// How tightly operators bind. Where there is no operator, the one part says all.
fn is_level(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::disjunction
            | Rule::conjunction
            | Rule::inversion
            | Rule::comparison
            | Rule::range
            | Rule::sum
            | Rule::product
            | Rule::factor
    )
}

/// A rule whose last part is optional swallows the blank space and comments in front of it even
/// where it is absent.
fn may_end_blank(rule: Rule) -> bool {
    is_level(rule)
        || matches!(
            rule,
            Rule::expression
                | Rule::conditional
                | Rule::reference
                | Rule::header
                | Rule::param
                | Rule::binding
        )
}
