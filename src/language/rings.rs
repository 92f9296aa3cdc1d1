//! Templates that are made of themselves, directly or by way of others.

use super::diagnostic::{Code, Diagnostic};
use super::names::Names;
use super::syntax::tree::Stage;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

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
    let first = group.iter().copied().min().unwrap_or_default();
    let mut way = vec![first];
    let mut places = Vec::new();
    let mut last = first;
    while let Some(edge) = graph.edges(last).find(|edge| group.contains(&edge.target())) {
        places.push(edge.weight().kind.span.clone());
        last = edge.target();
        let again = way.contains(&last);
        way.push(last);
        if again {
            break;
        }
    }
    let begin = way.iter().position(|&node| node == last).unwrap_or(0);
    let ring: Vec<&str> = way[begin..].iter().map(|&node| graph[node].1).collect();
    let message = format!("the template is made of itself: {}", ring.join(" → "));
    let mut places = places.into_iter().skip(begin);
    let mut problem = Diagnostic::new(Code::Cycle, message, places.next().unwrap_or_default())
        .help("an instance inside its own template would never end; take it out");
    for place in places {
        problem = problem.related(place, "leads on");
    }
    problem
}
