//! Which members of a family a reference means.

use super::Checker;
use crate::language::datum::Datum;
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::expand::Instance;
use crate::language::names::Family;
use crate::language::stages::{Selected, StageReference};
use crate::language::suggest;
use crate::language::syntax::tree::Name;
use std::collections::HashMap;

/// All instances, by family.
pub(super) struct Table<'a, 't> {
    pub(super) instances: &'a [Instance<'t>],
    by_family: HashMap<&'a Family, Vec<usize>>,
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn new(instances: &'a [Instance<'t>]) -> Table<'a, 't> {
        let mut by_family: HashMap<&Family, Vec<usize>> = HashMap::new();
        for (index, instance) in instances.iter().enumerate() {
            by_family.entry(&instance.family).or_default().push(index);
        }
        Table { instances, by_family }
    }
}

/// What a reference found.
enum Found {
    /// One stage without choice.
    One(usize),
    /// The members of a family that a selection leaves.
    Selected(Vec<usize>),
    /// A family from outside its loop, without a selection; with its loop variables.
    Whole(Vec<String>),
}

impl Checker<'_, '_> {
    /// The stages that a reference to any number of them means.
    pub(super) fn several(
        &mut self,
        reference: &StageReference,
        datum: &Datum,
    ) -> Option<Vec<usize>> {
        match self.find(reference, datum)? {
            Found::One(stage) => Some(vec![stage]),
            Found::Selected(stages) => {
                let allowed = self.evaluation.budget.connect(stages.len(), &datum.span);
                let refused = allowed.map_err(|problem| self.evaluation.report(problem));
                refused.ok().map(|()| stages)
            }
            Found::Whole(variables) => {
                let path = &reference.family.path;
                let message = format!("`{path}` is a family over {}", variables.join(" and "));
                self.report(
                    Diagnostic::new(Code::Family, message, datum.span.clone())
                        .help(format!("write {path}[*] for all of its members")),
                );
                None
            }
        }
    }

    pub(super) fn single(&mut self, reference: &StageReference, datum: &Datum) -> Option<usize> {
        let (message, help) = match self.find(reference, datum)? {
            Found::One(stage) => return Some(stage),
            Found::Selected(stages) if stages.len() == 1 => return Some(stages[0]),
            Found::Selected(stages) => (
                format!("one stage is wanted here, the selection leaves {}", stages.len()),
                "select one member by the values of all its loop variables".to_owned(),
            ),
            Found::Whole(variables) => (
                format!(
                    "`{}` is a family over {}, one stage is wanted here",
                    reference.family.path,
                    variables.join(" and ")
                ),
                format!(
                    "select a member: {}[{}: …]",
                    reference.family.path,
                    variables.join(": …, ")
                ),
            ),
        };
        self.report(Diagnostic::new(Code::Family, message, datum.span.clone()).help(help));
        None
    }

    /// Members that share this instance's rounds of the loops that both stand in, and that the
    /// selection leaves.
    fn find(&mut self, reference: &StageReference, datum: &Datum) -> Option<Found> {
        let table = self.table;
        let all = table.by_family.get(&reference.family)?;
        let own = self.around;
        let shared = all
            .first()
            .map(|&first| {
                let theirs = &table.instances[first].around.rounds;
                own.rounds.iter().zip(theirs).take_while(|(a, b)| a.place == b.place).count()
            })
            .unwrap_or(0);
        // The members of a family stand in the order of their rounds.
        let rounds = |index: &usize| table.instances[*index].around.rounds.get(..shared);
        let wanted = Some(&own.rounds[..shared]);
        let begin = all.partition_point(|index| rounds(index) < wanted);
        let end = all.partition_point(|index| rounds(index) <= wanted);
        let members = all.get(begin..end)?;
        // Each loop over a family that refers to another looks at all of its members.
        if let Err(problem) = self.evaluation.budget.spend(members.len(), &datum.span) {
            self.evaluation.report(problem);
            return None;
        }
        let first = members.first().copied()?;
        let is_family = table.instances[first].around.rounds.len() > shared;
        let bindings = &table.instances[first].around.bindings.0;
        let variables = || bindings.iter().map(|(name, _)| name.clone()).collect::<Vec<String>>();
        let found = match &reference.selection {
            None if is_family => Some(Found::Whole(variables())),
            None => Some(Found::One(first)),
            Some(Selected::Everything) => Some(Found::Selected(members.to_vec())),
            Some(Selected::Members(selectors)) => {
                self.select(reference, datum, members, selectors, &variables())
            }
        };
        if let Some(Found::Selected(left)) = &found {
            let place = (datum.span.start, datum.span.end);
            self.evaluation.selected.insert(place, left.len());
        }
        found
    }

    fn select(
        &mut self,
        reference: &StageReference,
        datum: &Datum,
        members: &[usize],
        selectors: &[(Name, Datum)],
        variables: &[String],
    ) -> Option<Found> {
        let mut left = members.to_vec();
        for (name, value) in selectors {
            if !variables.contains(&name.node) {
                let message =
                    format!("`{}` has no loop variable `{}`", reference.family.path, name.node);
                let known = variables.iter().map(String::as_str);
                self.report(
                    Diagnostic::new(Code::UnknownName, message, name.span.clone())
                        .maybe_help(suggest::help(&name.node, "its loop variables are", known)),
                );
                return None;
            }
            if value.is_invalid() {
                return None;
            }
            let wanted = value.as_binding();
            left.retain(|&index| {
                self.table.instances[index].around.bindings.get(&name.node) == wanted.as_ref()
            });
        }
        if left.is_empty() {
            let message = format!("no member of `{}` has these values", reference.family.path);
            self.report(
                Diagnostic::new(Code::Family, message, datum.span.clone()).help(format!(
                    "its members are {}",
                    self.named(&reference.family.path, members)
                )),
            );
            return None;
        }
        Some(Found::Selected(left))
    }

    /// The first members of a family, as a file selects them.
    fn named(&self, name: &str, members: &[usize]) -> String {
        const MOST: usize = 4;
        let first = members.iter().take(MOST);
        let mut named: Vec<String> = first
            .map(|&member| format!("{name}[{}]", self.table.instances[member].around.bindings))
            .collect();
        if members.len() > MOST {
            named.push(format!("{} more", members.len() - MOST));
        }
        named.join(", ")
    }
}
