//! What follows from all references together: ancestors and cycles.

use crate::language::diagnostic::{Code, Diagnostic};
use crate::language::experiment::{Input, TypedStage};
use crate::language::limits::Budget;
use crate::language::schema::{FieldType, Schemas};
use crate::language::suggest::way;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// Places that a message about a cycle shows beside the first.
const MOST_SHOWN: usize = 8;

/// Adds to every field that wants them all stages that its stages were made from.
///
/// # Errors
/// All of them together are more than a file may have.
pub(super) fn add_ancestors(
    stages: &mut [TypedStage],
    schemas: &Schemas,
    budget: &mut Budget,
) -> Result<(), Option<Box<Diagnostic>>> {
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
                        budget.connect(1, &stages[index].span)?;
                        let role = field.name.to_owned();
                        let input = Input { role, stage: giver, output: None, many: true };
                        stages[index].inputs.push(input);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Reports each group of stages that depend on each other once.
pub(super) fn report_cycles(stages: &[TypedStage], diagnostics: &mut Vec<Diagnostic>) {
    // Most files declare what they take from first, and where all do there is no cycle.
    let takes_from_earlier =
        |(index, stage): (usize, &TypedStage)| stage.inputs.iter().all(|input| input.stage < index);
    if stages.iter().enumerate().all(takes_from_earlier) {
        return;
    }
    let mut graph = DiGraph::<(), ()>::new();
    for _ in stages {
        graph.add_node(());
    }
    for (index, stage) in stages.iter().enumerate() {
        for input in &stage.inputs {
            graph.add_edge(NodeIndex::new(input.stage), NodeIndex::new(index), ());
        }
    }
    for group in kosaraju_scc(&graph) {
        let first = group[0];
        if group.len() == 1 && !graph.contains_edge(first, first) {
            continue;
        }
        let members: BTreeSet<usize> = group.iter().map(|node| node.index()).collect();
        let circle = way_around(stages, &members);
        let labels: Vec<String> = circle.iter().map(|&index| stages[index].label()).collect();
        let message = format!("the stages depend on each other: {}", way(&labels));
        let mut diagnostic = Diagnostic::new(Code::Cycle, message, stages[circle[0]].span.clone())
            .help("a stage cannot take from one that is made from it; cut one of the references");
        for &index in circle.iter().skip(1).take(MOST_SHOWN) {
            diagnostic = diagnostic.related(stages[index].span.clone(), "takes part in the cycle");
        }
        diagnostics.push(diagnostic);
    }
}

/// A way from the first member through givers back to it, in the order in which they give.
fn way_around(stages: &[TypedStage], members: &BTreeSet<usize>) -> Vec<usize> {
    let mut way: Vec<usize> = members.iter().copied().take(1).collect();
    let mut positions: BTreeMap<usize, usize> = BTreeMap::new();
    while let Some(&last) = way.last() {
        positions.insert(last, way.len() - 1);
        let mut givers = stages[last].inputs.iter().map(|input| input.stage);
        let Some(giver) = givers.find(|giver| members.contains(giver)) else { break };
        if let Some(&begin) = positions.get(&giver) {
            way = way.split_off(begin);
            way.reverse();
            break;
        }
        way.push(giver);
    }
    way
}
