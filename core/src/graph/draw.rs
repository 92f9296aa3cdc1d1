//! The graph as text for drawing programs.

use super::Graph;
use crate::language::experiment::TypedStage;

/// The graph in Graphviz' DOT language, one box a stage.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph experiment {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    for (index, node) in graph.nodes().iter().enumerate() {
        let label = escape_dot(&node.stage.label());
        let method = escape_dot(&method(&node.stage));
        text.push_str(&format!("    s{index} [label=\"{label}\\n{method}\"];\n"));
    }
    for (from, to, role) in edges(graph) {
        text.push_str(&format!("    s{from} -> s{to} [label=\"{}\"];\n", escape_dot(&role)));
    }
    text.push_str("}\n");
    text
}

/// The graph as a Mermaid flow chart.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (index, node) in graph.nodes().iter().enumerate() {
        let label = node.stage.label().replace('"', "#quot;");
        text.push_str(&format!("    s{index}[\"{label}<br/>{}\"]\n", method(&node.stage)));
    }
    for (from, to, role) in edges(graph) {
        text.push_str(&format!("    s{from} -->|\"{role}\"| s{to}\n"));
    }
    text
}

/// `gan cpd`, or the kind alone.
fn method(stage: &TypedStage) -> String {
    format!("{} {}", stage.kind, stage.method).trim().to_owned()
}

/// Every edge with the roles that it serves; several roles between two stages are one arrow.
fn edges(graph: &Graph) -> Vec<(usize, usize, String)> {
    let mut edges: Vec<(usize, usize, String)> = Vec::new();
    for (to, node) in graph.nodes().iter().enumerate() {
        for input in &node.stage.inputs {
            match edges
                .iter_mut()
                .rev()
                .take_while(|edge| edge.1 == to)
                .find(|edge| edge.0 == input.stage)
            {
                Some(edge) if edge.2.split(", ").any(|role| role == input.role) => {}
                Some(edge) => edge.2.push_str(&format!(", {}", input.role)),
                None => edges.push((input.stage, to, input.role.clone())),
            }
        }
    }
    edges
}

fn escape_dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
