//! Which members of a bracket share a line.

use super::columns::Row;
use super::flat::{columns, flat};
use super::tree::{Bracket, Comment, Inside, Member, Node, Style};

/// Members on one line, or one member that needs several.
pub(super) struct Group<'m, 't> {
    pub(super) members: &'m [Member<'t>],
    /// The line in its columns; nothing for a member that needs several lines.
    pub(super) line: Option<Vec<String>>,
    /// A comma stands behind it.
    pub(super) comma: bool,
}

impl<'m, 't> Group<'m, 't> {
    fn of_one(member: &'m Member<'t>, width: usize, comma: bool) -> Group<'m, 't> {
        let used = |line: &Vec<String>| {
            let words: usize = line.iter().map(|column| column.chars().count() + 1).sum();
            words - 1 + usize::from(comma)
        };
        let line = columns(&member.node).filter(|line| used(line) <= width);
        Group { members: std::slice::from_ref(member), line, comma }
    }

    pub(super) fn leading(&self) -> &'m [Comment<'t>] {
        &self.members[0].leading
    }

    pub(super) fn trailing(&self) -> Option<&'t str> {
        self.members.last().and_then(|member| member.trailing)
    }

    pub(super) fn blank_above(&self) -> bool {
        self.members[0].node.first().blank_above
    }
}

/// The declarations of a file or body, each for itself.
pub(super) fn declarations<'m, 't>(inside: &'m Inside<'t>, width: usize) -> Vec<Group<'m, 't>> {
    inside.members.iter().map(|member| Group::of_one(member, width, false)).collect()
}

/// The members of a bracket that stands on several lines, each at most `width` wide.
pub(super) fn groups<'m, 't>(bracket: &'m Bracket<'t>, width: usize) -> Vec<Group<'m, 't>> {
    match bracket.style {
        Style::Declarations => declarations(&bracket.inside, width),
        Style::Fields => fields(bracket, width),
        Style::Arguments => arguments(bracket, width),
        Style::Names | Style::Values => values(&bracket.inside.members, width),
    }
}

/// One field a line, or as many as were written on it.
fn fields<'m, 't>(bracket: &'m Bracket<'t>, width: usize) -> Vec<Group<'m, 't>> {
    let mut groups = Vec::new();
    let mut rest = bracket.inside.members.as_slice();
    while !rest.is_empty() {
        let written = if bracket.several_lines { written_on_one_line(rest) } else { 1 };
        let (together, others) = rest.split_at(written);
        match joined(together).filter(|line| together.len() > 1 && line.chars().count() <= width) {
            Some(line) => {
                let line = Some(vec![line]);
                groups.push(Group { members: together, line, comma: false });
            }
            None => groups.extend(together.iter().map(|field| Group::of_one(field, width, false))),
        }
        rest = others;
        // Without its comma, a field would take one that begins the broken piece behind it.
        let is_before_broken =
            rest.first().is_some_and(|next| matches!(next.node, Node::Broken(_)));
        if let (true, Some(group), Some(field)) =
            (is_before_broken, groups.last_mut(), together.last())
        {
            group.comma = field.comma;
        }
    }
    groups
}

/// How many of the members stand on one line of the source.
fn written_on_one_line(members: &[Member<'_>]) -> usize {
    let follows = |pair: &[Member<'_>]| {
        let is_broken = pair.iter().any(|member| matches!(member.node, Node::Broken(_)));
        !is_broken && pair[0].trailing.is_none() && !pair[1].node.first().new_line
    };
    1 + members.windows(2).take_while(|pair| follows(pair)).count()
}

fn joined(members: &[Member<'_>]) -> Option<String> {
    let words: Option<Vec<String>> = members.iter().map(|member| flat(&member.node)).collect();
    words.map(|words| words.join(", "))
}

/// One a line.
fn arguments<'m, 't>(bracket: &'m Bracket<'t>, width: usize) -> Vec<Group<'m, 't>> {
    let members = &bracket.inside.members;
    let comma = |index: usize| index + 1 < members.len() || bracket.is_single_tuple;
    let each = members.iter().enumerate();
    each.map(|(index, member)| Group::of_one(member, width, comma(index))).collect()
}

/// As many a line as fit.
fn values<'m, 't>(members: &'m [Member<'t>], width: usize) -> Vec<Group<'m, 't>> {
    let mut groups: Vec<Group<'m, 't>> = Vec::new();
    let mut begin = 0;
    for (index, member) in members.iter().enumerate() {
        let comma = index + 1 < members.len();
        let words = flat(&member.node);
        let has_room = |line: &String, words: &String| {
            let used = line.chars().count() + ", ".len() + words.chars().count();
            used + usize::from(comma) <= width
        };
        if member.leading.is_empty()
            && let Some(Group { members: together, line: Some(line), comma: has_comma }) =
                groups.last_mut()
            && together.last().is_some_and(|last| last.trailing.is_none())
            && let Some(words) = &words
            && has_room(&line[0], words)
        {
            line[0].push_str(", ");
            line[0].push_str(words);
            *together = &members[begin..=index];
            *has_comma = comma;
        } else {
            begin = index;
            groups.push(Group::of_one(member, width, comma));
        }
    }
    groups
}

/// The lines among the groups, to be aligned.
pub(super) fn rows<'t>(groups: &[Group<'_, 't>]) -> Vec<Row<'t>> {
    let mut rows = Vec::new();
    let mut follows_row = false;
    for group in groups {
        if let Some(line) = &group.line {
            let mut columns = line.clone();
            if let (true, Some(last)) = (group.comma, columns.last_mut()) {
                last.push(',');
            }
            rows.push(Row {
                rule: group.members[0].rule,
                columns,
                comment: group.trailing(),
                is_adjacent: follows_row && group.leading().is_empty() && !group.blank_above(),
            });
        }
        follows_row = group.line.is_some();
    }
    rows
}
