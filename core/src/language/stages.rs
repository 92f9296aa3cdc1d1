//! References to stages before it is known which members they mean.

use super::datum::Datum;
use super::diagnostic::{Code, Diagnostic};
use super::names::{Family, Names};
use super::suggest;
use super::syntax::tree::Name;

/// A family or some of its members, or an output of these.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StageReference {
    pub(super) family: Family,
    pub(super) selection: Option<Selected>,
    pub(super) output: Option<Name>,
}

/// Which members of a family.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selected {
    Everything,
    Members(Vec<(Name, Datum)>),
}

impl StageReference {
    /// A family without a selection.
    pub(super) fn new(family: Family) -> StageReference {
        StageReference { family, selection: None, output: None }
    }

    /// The name as a word, where there is nothing but a name.
    pub(super) fn as_word(&self) -> Option<&str> {
        let is_bare = self.selection.is_none() && self.output.is_none();
        is_bare.then(|| self.family.path.rsplit('.').next().unwrap_or_default())
    }

    /// Adds a selection: `judged[k: 6].auc[arch: cpd]` selects by both.
    pub(super) fn select(&mut self, selected: Selected) {
        self.selection = Some(match (self.selection.take(), selected) {
            (Some(Selected::Members(mut members)), Selected::Members(more)) => {
                members.extend(more);
                Selected::Members(members)
            }
            (Some(members @ Selected::Members(_)), Selected::Everything) => members,
            (_, selected) => selected,
        });
    }

    /// Goes to what an instance declares, or to an output of a stage.
    pub(super) fn member(&mut self, name: &Name, names: &Names<'_>) -> Result<(), Box<Diagnostic>> {
        let path = &self.family.path;
        let Some(members) = names.members(&self.family) else {
            if let Some(output) = &self.output {
                let message = format!("nothing stands behind `{path}.{}`", output.node);
                return Err(Box::new(
                    Diagnostic::new(Code::UnknownOutput, message, name.span.clone())
                        .help(format!("leave out `.{}`", name.node)),
                ));
            }
            self.output = Some(name.clone());
            return Ok(());
        };
        if !members.contains_key(name.node.as_str()) {
            let message = format!("`{path}` declares no stage `{}`", name.node);
            let known = members.keys().copied();
            return Err(Box::new(
                Diagnostic::new(Code::UnknownName, message, name.span.clone())
                    .maybe_help(suggest::help(&name.node, "its stages are", known)),
            ));
        }
        self.family.path = format!("{path}.{}", name.node);
        Ok(())
    }
}
