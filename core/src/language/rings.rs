//! Templates that are made of themselves, directly or by way of others.

use super::diagnostic::{Code, Diagnostic};
use super::names::Names;
use super::suggest::way;
use super::syntax::tree::Stage;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

/// Places that a message shows beside the first.
const MOST_SHOWN: usize = 8;

/// The templates on a ring, by file and name; each ring is reported once.
pub(super) fn rings<'t>(
    names: &Names<'t>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeSet<(usize, &'t str)> {
    let mut graph: DiGraph<(usize, &'t str), &'t Stage> = DiGraph::new();
    let mut nodes = BTreeMap::new();
    for template in names.all_templates() {
        let own = (template.file, template.template.name.node.as_str());
        nodes.insert(own, graph.add_node(own));
    }
    for template in names.all_templates() {
        let own = nodes[&(template.file, template.template.name.node.as_str())];
        for stage in template.stages.values() {
            if let Some(inner) = names.template(template.file, stage) {
                let inner = nodes[&(inner.file, inner.template.name.node.as_str())];
                graph.add_edge(own, inner, *stage);
            }
        }
    }
    let mut found = BTreeSet::new();
    for group in kosaraju_scc(&graph) {
        if group.len() > 1 || graph.contains_edge(group[0], group[0]) {
            diagnostics.push(ring(&graph, &group));
            found.extend(group.iter().map(|&node| graph[node]));
        }
    }
    found
}

/// The message for one ring, which begins where the first of its templates stands.
fn ring<'t>(graph: &DiGraph<(usize, &'t str), &'t Stage>, group: &[NodeIndex]) -> Diagnostic {
    let members: BTreeSet<NodeIndex> = group.iter().copied().collect();
    let mut last = members.first().copied().unwrap_or_default();
    let mut positions = BTreeMap::new();
    let mut steps = Vec::new();
    while !positions.contains_key(&last) {
        let Some(edge) = graph.edges(last).find(|edge| members.contains(&edge.target())) else {
            break;
        };
        positions.insert(last, steps.len());
        steps.push((graph[last].1, edge.weight().kind.span.clone()));
        last = edge.target();
    }
    let steps = steps.split_off(positions.get(&last).copied().unwrap_or(0));
    let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    let message = format!("the template is made of itself: {}", way(&names));
    let mut places = steps.into_iter().map(|(_, place)| place);
    let mut problem = Diagnostic::new(Code::Cycle, message, places.next().unwrap_or_default())
        .help("an instance inside its own template would never end; take it out");
    for place in places.take(MOST_SHOWN) {
        problem = problem.related(place, "leads on");
    }
    problem
}
