//! References to stages: which member of which family.

use super::Checker;
use crate::language::datum::{Datum, Kind, Selected, StageReference};
use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::expand::Instance;
use crate::language::experiment::{Input, TypedStage};
use crate::language::schema::{Field, FieldType, OutputType, Schemas};
use crate::language::suggest;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeSet, HashMap};

/// All instances, by name.
pub(super) struct Table<'a, 't> {
    pub(super) instances: &'a [Instance<'t>],
    by_name: HashMap<&'a str, Vec<usize>>,
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn new(instances: &'a [Instance<'t>]) -> Table<'a, 't> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, instance) in instances.iter().enumerate() {
            by_name.entry(&instance.stage.name.node).or_default().push(index);
        }
        Table { instances, by_name }
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
    /// The inputs that a field's references give.
    pub(super) fn references(&mut self, field: &Field, datum: &Datum) -> Vec<Input> {
        let role = field.name.to_owned();
        match &field.ty {
            FieldType::Stages { .. } => match &datum.kind {
                Kind::List(members) | Kind::Tuple(members) => {
                    members.iter().flat_map(|member| self.many(field, member)).collect()
                }
                _ => self.many(field, datum),
            },
            FieldType::Output(wanted) => {
                let wanted = *wanted;
                self.one_output(&role, wanted, datum).into_iter().collect()
            }
            ty => self
                .one_stage(&role, ty, datum)
                .map(|stage| Input { role, stage, output: None, many: false })
                .into_iter()
                .collect(),
        }
    }

    fn many(&mut self, field: &Field, datum: &Datum) -> Vec<Input> {
        let FieldType::Stages { kinds, .. } = &field.ty else { return Vec::new() };
        let Some(reference) = self.stage_reference(field.name, &field.ty, datum) else {
            return Vec::new();
        };
        let stages = match self.find(&reference, datum) {
            None => return Vec::new(),
            Some(Found::One(stage)) => vec![stage],
            Some(Found::Selected(stages)) => stages,
            Some(Found::Whole(variables)) => {
                let message =
                    format!("`{}` is a family over {}", reference.name, variables.join(" and "));
                self.report(
                    Diagnostic::new(Code::Family, message, datum.span.clone())
                        .help(format!("write {}[*] for all of its members", reference.name)),
                );
                return Vec::new();
            }
        };
        if let Some(&stage) = stages.iter().find(|stage| !self.fits(**stage, kinds)) {
            self.wrong_kind(field.name, kinds, stage, datum);
            return Vec::new();
        }
        if let Some(output) = &reference.output {
            let message = format!("`{}` wants whole stages", field.name);
            self.report(
                Diagnostic::new(Code::WrongType, message, output.span.clone())
                    .help(format!("leave out `.{}`", output.node)),
            );
            return Vec::new();
        }
        let role = field.name;
        let input = |stage| Input { role: role.to_owned(), stage, output: None, many: true };
        stages.into_iter().map(input).collect()
    }

    /// The one stage that a value names.
    pub(super) fn one_stage(&mut self, role: &str, ty: &FieldType, datum: &Datum) -> Option<usize> {
        let FieldType::Stage(kinds) = ty else { return None };
        let reference = self.stage_reference(role, ty, datum)?;
        let stage = self.single(&reference, datum)?;
        if !self.fits(stage, kinds) {
            self.wrong_kind(role, kinds, stage, datum);
            return None;
        }
        if let Some(output) = &reference.output {
            let message = format!("`{role}` wants the whole stage");
            self.report(
                Diagnostic::new(Code::WrongType, message, output.span.clone())
                    .help(format!("leave out `.{}`", output.node)),
            );
            return None;
        }
        Some(stage)
    }

    fn one_output(&mut self, role: &str, wanted: OutputType, datum: &Datum) -> Option<Input> {
        let reference = self.stage_reference(role, &FieldType::Output(wanted), datum)?;
        let stage = self.single(&reference, datum)?;
        let kind = &self.table.instances[stage].stage.kind.node;
        // Outputs are the same for every method of a kind.
        let schema = self.schemas.of_kind(kind).next()?;
        let fitting: Vec<&str> = schema
            .outputs
            .iter()
            .filter(|output| output.kind == wanted)
            .map(|output| output.name)
            .collect();
        let output = match &reference.output {
            Some(output) if fitting.contains(&output.node.as_str()) => output.node.clone(),
            Some(output) => {
                let message = format!("`{kind}` has no output `{}` that fits here", output.node);
                self.report(
                    Diagnostic::new(Code::UnknownOutput, message, output.span.clone())
                        .maybe_help(suggest::help(&output.node, "outputs that fit", fitting)),
                );
                return None;
            }
            None if fitting.len() == 1 => fitting[0].to_owned(),
            None => {
                let message = format!("`{role}` wants one output of `{}`", reference.name);
                let diagnostic = Diagnostic::new(Code::WrongType, message, datum.span.clone());
                let choices: Vec<String> =
                    fitting.iter().map(|name| format!("{}.{name}", reference.name)).collect();
                self.report(if choices.is_empty() {
                    diagnostic.help(format!("a `{kind}` gives no such output"))
                } else {
                    diagnostic.help(format!("write {}", choices.join(" or ")))
                });
                return None;
            }
        };
        Some(Input { role: role.to_owned(), stage, output: Some(output), many: false })
    }

    fn stage_reference(
        &mut self,
        role: &str,
        ty: &FieldType,
        datum: &Datum,
    ) -> Option<StageReference> {
        match &datum.kind {
            Kind::Stages(reference) => Some(reference.clone()),
            Kind::Invalid => None,
            Kind::Word(word) => {
                let stages: Vec<String> = self.evaluation.stages.iter().cloned().collect();
                let names = stages.iter().map(String::as_str);
                self.report(
                    Diagnostic::new(
                        Code::UnknownName,
                        format!("there is no stage `{word}`"),
                        datum.span.clone(),
                    )
                    .maybe_help(suggest::help(word, "the stages are", names)),
                );
                None
            }
            _ => {
                let message = format!(
                    "`{role}` wants {}, not {}",
                    super::coerce::describe(ty),
                    datum.describe()
                );
                self.report(
                    Diagnostic::new(Code::WrongType, message, datum.span.clone())
                        .help(format!("write for example {role}: {}", super::coerce::example(ty))),
                );
                None
            }
        }
    }

    fn single(&mut self, reference: &StageReference, datum: &Datum) -> Option<usize> {
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
                    reference.name,
                    variables.join(" and ")
                ),
                format!("select a member: {}[{}: …]", reference.name, variables.join(": …, ")),
            ),
        };
        self.report(Diagnostic::new(Code::Family, message, datum.span.clone()).help(help));
        None
    }

    /// Members that share this instance's rounds of the loops that both stand in, and that the
    /// selection leaves.
    fn find(&mut self, reference: &StageReference, datum: &Datum) -> Option<Found> {
        let table = self.table;
        let all = table.by_name.get(reference.name.as_str())?;
        let own = self.instance();
        let shared = all
            .first()
            .map(|&first| {
                let theirs = &table.instances[first].rounds;
                own.rounds.iter().zip(theirs).take_while(|(a, b)| a.place == b.place).count()
            })
            .unwrap_or(0);
        let members: Vec<usize> = all
            .iter()
            .copied()
            .filter(|&index| {
                // Members of one name at other depths are reported as declared twice.
                table.instances[index].rounds.get(..shared) == Some(&own.rounds[..shared])
            })
            .collect();
        let first = members.first().copied()?;
        let is_family = table.instances[first].rounds.len() > shared;
        let variables: Vec<String> =
            table.instances[first].bindings.0.iter().map(|(name, _)| name.clone()).collect();
        match &reference.selection {
            None if is_family => Some(Found::Whole(variables)),
            None => Some(Found::One(first)),
            Some(Selected::Everything) => Some(Found::Selected(members)),
            Some(Selected::Members(selectors)) => {
                self.select(reference, datum, members, selectors, &variables)
            }
        }
    }

    fn select(
        &mut self,
        reference: &StageReference,
        datum: &Datum,
        members: Vec<usize>,
        selectors: &[(crate::language::syntax::tree::Name, Datum)],
        variables: &[String],
    ) -> Option<Found> {
        let mut left = members.clone();
        for (name, value) in selectors {
            if !variables.contains(&name.node) {
                let message = format!("`{}` has no loop variable `{}`", reference.name, name.node);
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
                self.table.instances[index].bindings.get(&name.node) == wanted.as_ref()
            });
        }
        if left.is_empty() {
            let message = format!("no member of `{}` has these values", reference.name);
            self.report(
                Diagnostic::new(Code::Family, message, datum.span.clone())
                    .help(format!("its members are {}", self.named(&reference.name, &members))),
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
            .map(|&member| format!("{name}[{}]", self.table.instances[member].bindings))
            .collect();
        if members.len() > MOST {
            named.push(format!("{} more", members.len() - MOST));
        }
        named.join(", ")
    }

    fn fits(&self, stage: usize, kinds: &[&str]) -> bool {
        kinds.is_empty() || kinds.contains(&self.table.instances[stage].stage.kind.node.as_str())
    }

    fn wrong_kind(&mut self, role: &str, kinds: &[&str], stage: usize, datum: &Datum) {
        let named = &self.table.instances[stage].stage;
        // A misspelt kind was reported where it stands.
        if self.schemas.of_kind(&named.kind.node).next().is_none() {
            return;
        }
        let message = format!(
            "`{role}` wants a stage of kind {}, `{}` is a {}",
            kinds.join(" or "),
            named.name.node,
            named.kind.node
        );
        self.report(
            Diagnostic::new(Code::WrongType, message, datum.span.clone())
                .related(named.name.span.clone(), "declared here"),
        );
    }
}

/// Adds to every field that wants them all stages that its stages were made from.
pub(super) fn add_ancestors(stages: &mut [TypedStage], schemas: &Schemas) {
    for index in 0..stages.len() {
        let Some(schema) = schemas.get(&stages[index].kind, &stages[index].method) else {
            continue;
        };
        let wanting = schema
            .fields
            .iter()
            .filter(|field| matches!(field.ty, FieldType::Stages { with_ancestors: true, .. }));
        for field in wanting {
            let named: Vec<usize> = stages[index]
                .inputs
                .iter()
                .filter(|input| input.role == field.name)
                .map(|input| input.stage)
                .collect();
            let mut known: BTreeSet<usize> = named.iter().copied().collect();
            let mut waiting = named;
            while let Some(stage) = waiting.pop() {
                let givers: Vec<usize> =
                    stages[stage].inputs.iter().map(|input| input.stage).collect();
                for giver in givers {
                    if giver != index && known.insert(giver) {
                        waiting.push(giver);
                        let role = field.name.to_owned();
                        let input = Input { role, stage: giver, output: None, many: true };
                        stages[index].inputs.push(input);
                    }
                }
            }
        }
    }
}

/// Reports each group of stages that depend on each other once.
pub(super) fn report_cycles(stages: &[TypedStage], diagnostics: &mut Vec<Diagnostic>) {
    let mut graph = DiGraph::<(), ()>::new();
    for _ in stages {
        graph.add_node(());
    }
    for (index, stage) in stages.iter().enumerate() {
        for input in &stage.inputs {
            graph.add_edge(NodeIndex::new(input.stage), NodeIndex::new(index), ());
        }
    }
    for group in tarjan_scc(&graph) {
        let first = group[0];
        if group.len() == 1 && !graph.contains_edge(first, first) {
            continue;
        }
        let mut members: Vec<usize> = group.iter().map(|node| node.index()).collect();
        members.sort_unstable();
        let way = way_around(stages, &members);
        let labels: Vec<String> = way.iter().map(|&index| stages[index].label()).collect();
        let message =
            format!("the stages depend on each other: {} → {}", labels.join(" → "), labels[0]);
        let mut diagnostic = Diagnostic::new(Code::Cycle, message, stages[way[0]].span.clone())
            .help("a stage cannot take from one that is made from it; cut one of the references");
        for &index in &way[1..] {
            diagnostic = diagnostic.related(stages[index].span.clone(), "takes part in the cycle");
        }
        diagnostics.push(diagnostic);
    }
}

/// A way from the first member through givers back to it, in the order in which they give.
fn way_around(stages: &[TypedStage], members: &[usize]) -> Vec<usize> {
    let mut way = vec![members[0]];
    loop {
        let last = way[way.len() - 1];
        let giver = stages[last]
            .inputs
            .iter()
            .map(|input| input.stage)
            .find(|giver| members.contains(giver));
        match giver {
            Some(giver) if !way.contains(&giver) => way.push(giver),
            Some(giver) => {
                let begin = way.iter().position(|&stage| stage == giver).unwrap_or(0);
                let mut circle = way.split_off(begin);
                circle.reverse();
                return circle;
            }
            None => return way,
        }
    }
}
