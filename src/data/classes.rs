//! Which label sets a subset keeps: those that a [`Filter`] lets pass, and of these what [`Classes`]
//! chooses.

use super::error::DataError;
use super::label_set::LabelSet;
use super::table::meant;
use std::collections::BTreeSet;

/// How the name of a label set joins its findings.
const JOIN: char = '+';
/// Label sets that a message lists at most.
const MOST_LISTED: usize = 40;

/// The fields of a [`Filter`], in messages.
const FIELDS: &str = "`containing`, `excluding` and `findings`";

/// A label set with the number of images that show it.
type Ranked = (LabelSet, usize);

/// Which label sets are kept, of those that pass a [`Filter`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classes {
    /// Every one.
    All,
    /// The most frequent.
    Top(usize),
    /// Those with at least this many images in the whole dataset.
    MinCount(usize),
    /// Those with these names ([`LabelSet::name`]), whose findings may stand in any order.
    Named(Vec<String>),
}

/// Which label sets come into question at all. The default lets every one pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Findings that a label set must all have.
    pub containing: Vec<String>,
    /// Findings that it must not have.
    pub excluding: Vec<String>,
    /// The only findings that it may have; `None` for any.
    pub findings: Option<Vec<String>>,
}

/// What was chosen.
pub(super) struct Chosen {
    /// The label sets, most frequent first.
    pub(super) classes: Vec<LabelSet>,
    /// Images of label sets that the filter left out.
    pub(super) filtered: usize,
}

impl Filter {
    /// The filter by the positions of findings.
    fn test(&self, findings: &[String]) -> Result<impl Fn(&LabelSet) -> bool, DataError> {
        let positions = |field: &str, names: &[String]| -> Result<Vec<usize>, DataError> {
            names.iter().map(|name| position(findings, name, field)).collect()
        };
        let containing = positions("containing", &self.containing)?;
        let excluding = positions("excluding", &self.excluding)?;
        let allowed =
            self.findings.as_ref().map(|names| positions("findings", names)).transpose()?;
        Ok(move |LabelSet(set): &LabelSet| {
            containing.iter().all(|finding| set.contains(finding))
                && !excluding.iter().any(|finding| set.contains(finding))
                && allowed
                    .as_ref()
                    .is_none_or(|allowed| set.iter().all(|one| allowed.contains(one)))
        })
    }
}

/// Chooses from the ranking of a whole dataset, most frequent first.
///
/// # Errors
/// A finding or label set is not there, or there are fewer than asked for; with what there is.
pub(super) fn choose_classes(
    findings: &[String],
    ranked: &[Ranked],
    classes: &Classes,
    filter: &Filter,
) -> Result<Chosen, DataError> {
    let passes = filter.test(findings)?;
    let passing: Vec<&Ranked> = ranked.iter().filter(|(set, _)| passes(set)).collect();
    if passing.is_empty() {
        let there = listing(findings, ranked);
        return Err(DataError::Subset(format!("no image passes {FIELDS}; there is {there}")));
    }
    let available = || listing(findings, passing.iter().copied());
    let kept = match classes {
        Classes::All => passing.clone(),
        Classes::Top(count) if *count > passing.len() => {
            let left = if passing.len() < ranked.len() { " left" } else { "" };
            return Err(DataError::Subset(format!(
                "top({count}) asks for {count} label sets, the dataset has {}{left}: {}",
                passing.len(),
                available()
            )));
        }
        Classes::Top(count) => passing[..*count].to_vec(),
        Classes::MinCount(least) => {
            passing.iter().copied().filter(|(_, count)| count >= least).collect()
        }
        Classes::Named(names) => named(findings, ranked, &passing, names)?,
    };
    if kept.is_empty() {
        return Err(DataError::Subset(match classes {
            Classes::Named(_) => format!("`named` has no name; choose among {}", available()),
            _ => format!(
                "no label set is frequent enough; lower min_count; there is {}",
                available()
            ),
        }));
    }
    let images = |sets: &mut dyn Iterator<Item = &Ranked>| sets.map(|(_, count)| count).sum();
    let filtered: usize = images(&mut ranked.iter());
    let filtered = filtered - images(&mut passing.iter().copied());
    Ok(Chosen { classes: kept.into_iter().map(|(set, _)| set.clone()).collect(), filtered })
}

/// The label sets of these names, in the order of their ranks.
fn named<'a>(
    findings: &[String],
    ranked: &[Ranked],
    passing: &[&'a Ranked],
    names: &[String],
) -> Result<Vec<&'a Ranked>, DataError> {
    let mut wanted = Vec::with_capacity(names.len());
    for name in names {
        let set = set_of(findings, ranked, name)?;
        if !passing.iter().any(|(other, _)| other == set) {
            return Err(DataError::Subset(format!(
                "`named` has the label set `{name}`, which {FIELDS} leave out; remove it from one of \
                 them"
            )));
        }
        wanted.push(set);
    }
    Ok(passing.iter().copied().filter(|(set, _)| wanted.contains(&set)).collect())
}

/// The label set of a name, which some image must show.
fn set_of<'a>(
    findings: &[String],
    ranked: &'a [Ranked],
    name: &str,
) -> Result<&'a LabelSet, DataError> {
    let find =
        |is: &dyn Fn(&LabelSet) -> bool| ranked.iter().map(|(set, _)| set).find(|set| is(set));
    // Before the name is taken apart: the name of a finding may hold what joins names.
    if let Some(set) = find(&|set| set.name(findings) == name) {
        return Ok(set);
    }
    let parts = name.split(JOIN).map(|part| position(findings, part.trim(), "named"));
    let positions: BTreeSet<usize> = parts.collect::<Result<_, _>>()?;
    let wanted = LabelSet(positions.into_iter().collect());
    find(&|set| *set == wanted).ok_or_else(|| {
        let names: Vec<String> = ranked.iter().map(|(set, _)| set.name(findings)).collect();
        let remedy = format!("choose among {}", listing(findings, ranked));
        let remedy = meant(name, names.iter().map(String::as_str), &remedy);
        DataError::Subset(format!("no image has the label set `{name}`; {remedy}"))
    })
}

/// Where a finding stands that a field names.
fn position(findings: &[String], name: &str, field: &str) -> Result<usize, DataError> {
    findings.iter().position(|finding| finding == name).ok_or_else(|| {
        let remedy = format!("choose among {}", findings.join(", "));
        let remedy = meant(name, findings.iter().map(String::as_str), &remedy);
        DataError::Subset(format!(
            "`{field}` has `{name}`, which is no finding of the dataset; {remedy}"
        ))
    })
}

/// `Edema (17), Edema + Mass (4)`
fn listing<'a>(findings: &[String], sets: impl IntoIterator<Item = &'a Ranked>) -> String {
    let mut words: Vec<String> =
        sets.into_iter().map(|(set, count)| format!("{} ({count})", set.name(findings))).collect();
    let more = words.len().saturating_sub(MOST_LISTED);
    words.truncate(MOST_LISTED);
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.join(", ")
}
