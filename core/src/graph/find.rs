//! Stages by the names that people give on the command line.

use super::Graph;
use crate::language::experiment::TypedStage;

impl Graph {
    /// The stages that a text names: a label (`auc[k: 6, arch: cpd]`), a family with some of its
    /// bindings (`auc[arch: cpd]`, `auc[*]`), or a family's name. A stage that carries exactly this
    /// label wins over a family. Empty where nothing bears the name.
    pub fn find(&self, text: &str) -> Vec<usize> {
        let wanted = squeeze(text);
        let exact = self.matching(|stage| squeeze(&stage.label()) == wanted);
        if !exact.is_empty() {
            return exact;
        }
        let Some((name, selection)) =
            wanted.strip_suffix(']').and_then(|text| text.split_once('['))
        else {
            return self.matching(|stage| stage.name == wanted);
        };
        self.matching(|stage| stage.name == name && has_bindings(stage, selection))
    }

    fn matching(&self, is_wanted: impl Fn(&TypedStage) -> bool) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&index| is_wanted(&self.nodes[index].stage)).collect()
    }

    /// These stages and all that they need, in order of their indices.
    pub fn with_givers(&self, goals: &[usize]) -> Vec<usize> {
        let mut needed = vec![false; self.nodes.len()];
        let mut waiting = goals.to_vec();
        while let Some(index) = waiting.pop() {
            if !std::mem::replace(&mut needed[index], true) {
                waiting.extend(self.nodes[index].stage.inputs.iter().map(|input| input.stage));
            }
        }
        (0..self.nodes.len()).filter(|&index| needed[index]).collect()
    }
}

/// Whether a member has every binding of `k:6,arch:cpd`; `*` asks for none.
fn has_bindings(stage: &TypedStage, selection: &str) -> bool {
    selection == "*"
        || selection.split(',').all(|wanted| {
            let bindings = &stage.bindings.0;
            bindings.iter().any(|(name, value)| squeeze(&format!("{name}:{value}")) == wanted)
        })
}

fn squeeze(label: &str) -> String {
    label.chars().filter(|character| !character.is_whitespace()).collect()
}
