//! From a list of typed stages to a graph with keys, a plan, and reasons.
//!
//! Knows nothing of how a stage works: all it needs of a method stands in its schema.

mod canonical;
pub mod diff;
pub mod digest;
mod draw;
pub mod explain;
mod find;
pub mod fingerprint;
pub mod plan;

pub use digest::Digest;
pub use draw::{dot, mermaid};
pub use fingerprint::{Fingerprint, InputDigest, OutputDigests};

use crate::language::experiment::{Input, TypedStage};
use crate::language::schema::{FieldType, MethodSchema, Schemas};
use crate::language::value::Value;
use canonical::Canonical;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A stage together with what the planner must know of its method.
#[derive(Debug, Clone)]
pub struct Node {
    /// The stage as the language gave it.
    pub stage: TypedStage,
    /// The stage's label, which is asked for often.
    pub label: String,
    /// Revision of the method.
    pub revision: u32,
    /// Parameters that name files of the user's, with the path as written.
    pub paths: BTreeMap<String, String>,
    /// Parameters that only say how long to go on, which all stages of a method share.
    pub horizon: Arc<BTreeSet<String>>,
}

/// The stages of one experiment as a directed acyclic graph. Indices are those of
/// [`Experiment::stages`](crate::language::experiment::Experiment::stages).
#[derive(Debug, Clone)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: DiGraph<(), ()>,
    order: Vec<usize>,
}

impl Graph {
    /// Builds the graph of an experiment's stages. The language has refused cycles and unknown
    /// methods before.
    ///
    /// # Errors
    /// The label of a stage on a cycle, or of one whose method the schemas lack; both mean that
    /// the experiment did not come from the checker with the same schemas.
    pub fn build(stages: Vec<TypedStage>, schemas: &Schemas) -> Result<Graph, BuildError> {
        let edges = edges(&stages);
        let methods = methods(schemas);
        // Into one list of the right length, which a collection of results would come to by others.
        let mut nodes = Vec::new();
        let made = stages.into_par_iter().map(|stage| node(stage, &methods));
        made.collect_into_vec(&mut nodes);
        let nodes = nodes.into_iter().collect::<Result<Vec<Node>, BuildError>>()?;
        let order = toposort(&edges, None)
            .map_err(|cycle| BuildError::Cycle(nodes[cycle.node_id().index()].stage.label()))?
            .into_iter()
            .map(NodeIndex::index)
            .collect();
        Ok(Graph { nodes, edges, order })
    }

    /// The stages, by index.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The stages that it was built of.
    pub fn into_stages(self) -> Vec<TypedStage> {
        self.nodes.into_iter().map(|node| node.stage).collect()
    }

    /// Indices such that every stage stands after all that it takes from.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The stages that take from this one.
    pub fn takers(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.edges.neighbors(NodeIndex::new(index)).map(NodeIndex::index)
    }

    /// The role under which an input goes into the key.
    fn role<'a>(&self, input: &'a Input) -> Cow<'a, str> {
        if !input.many {
            return Cow::Borrowed(&input.role);
        }
        let giver = &self.nodes[input.stage].stage;
        let method = if giver.method.is_empty() {
            giver.kind.clone()
        } else {
            format!("{}.{}", giver.kind, giver.method)
        };
        let mut bindings: Vec<String> =
            giver.bindings.0.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        bindings.sort();
        Cow::Owned(if bindings.is_empty() {
            format!("{}[{method}]", input.role)
        } else {
            format!("{}[{method}; {}]", input.role, bindings.join(", "))
        })
    }

    /// A stage's inputs in canonical order, each with its digest. `None` while the outputs of
    /// one of them are unknown. The order depends on roles and content alone, so it holds when
    /// declarations move or are renamed.
    pub fn resolve_inputs(
        &self,
        index: usize,
        outputs: &[Option<OutputDigests>],
    ) -> Option<Vec<ResolvedInput<'_>>> {
        let mut resolved = Vec::with_capacity(self.nodes[index].stage.inputs.len());
        for input in &self.nodes[index].stage.inputs {
            let given = outputs[input.stage].as_ref()?;
            let digest = match &input.output {
                None => given.digest_of_all(),
                Some(name) => given.get(name)?,
            };
            resolved.push(ResolvedInput { role: self.role(input), digest, input });
        }
        resolved.sort_by(|a, b| (&a.role, a.digest).cmp(&(&b.role, b.digest)));
        Some(resolved)
    }

    /// The key of the fingerprint that [`Graph::fingerprint`] makes of the same.
    pub fn key(
        &self,
        index: usize,
        inputs: &[ResolvedInput<'_>],
        files: &[InputDigest],
        arithmetic: &str,
    ) -> Digest {
        let Node { stage, revision, paths, .. } = &self.nodes[index];
        let is_left_out = |name: &str| paths.contains_key(name);
        let canonical = Canonical {
            format: fingerprint::FORMAT,
            kind: &stage.kind,
            method: &stage.method,
            revision: *revision,
            arithmetic,
            parameters: &stage.parameters,
            is_left_out: &is_left_out,
            files,
        };
        canonical.key(inputs.iter().map(|input| (input.role.as_ref(), input.digest)))
    }

    /// A stage's fingerprint from its resolved inputs.
    pub fn fingerprint(
        &self,
        index: usize,
        inputs: &[ResolvedInput<'_>],
        files: Vec<InputDigest>,
        arithmetic: &str,
    ) -> Fingerprint {
        let node = &self.nodes[index];
        let stage = &node.stage;
        let mut fingerprint = Fingerprint::new(&stage.kind, &stage.method, node.revision);
        fingerprint.arithmetic = arithmetic.to_owned();
        fingerprint.parameters = stage.parameters.clone();
        fingerprint.parameters.retain(|name, _| !node.paths.contains_key(name));
        fingerprint.inputs = inputs
            .iter()
            .map(|input| InputDigest { role: input.role.to_string(), digest: input.digest })
            .collect();
        fingerprint.files = files;
        fingerprint
    }
}

/// An input whose content is known.
#[derive(Debug, Clone)]
pub struct ResolvedInput<'a> {
    /// The role that goes into the key.
    pub role: Cow<'a, str>,
    /// The content.
    pub digest: Digest,
    /// The edge it belongs to.
    pub input: &'a Input,
}

/// The experiment and the schemas do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A stage's method is not among the schemas.
    #[error("stage `{0}` has a method that is not known to this version of msx")]
    UnknownMethod(String),
    /// A stage takes from itself by way of others.
    #[error("stage `{0}` depends on itself")]
    Cycle(String),
}

/// One edge from every giver to each of its takers, however many inputs that makes.
fn edges(stages: &[TypedStage]) -> DiGraph<(), ()> {
    let mut edges = DiGraph::with_capacity(stages.len(), stages.len());
    stages.iter().for_each(|_| {
        edges.add_node(());
    });
    let mut givers: Vec<usize> = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        givers.clear();
        givers.extend(stage.inputs.iter().map(|input| input.stage));
        givers.sort_unstable();
        givers.dedup();
        for &giver in &givers {
            edges.add_edge(NodeIndex::new(giver), NodeIndex::new(index), ());
        }
    }
    edges
}

/// What a node takes from its method.
struct OfMethod<'a> {
    schema: &'a MethodSchema,
    horizon: Arc<BTreeSet<String>>,
}

/// Methods by kind and name.
type Methods<'a> = HashMap<(&'a str, &'a str), OfMethod<'a>>;

fn methods(schemas: &Schemas) -> Methods<'_> {
    let methods = schemas.methods().iter().map(|schema| {
        let horizon = Arc::new(horizon(schema));
        ((schema.kind, schema.method), OfMethod { schema, horizon })
    });
    methods.collect()
}

fn node(stage: TypedStage, methods: &Methods<'_>) -> Result<Node, BuildError> {
    let Some(method) = methods.get(&(stage.kind.as_str(), stage.method.as_str())) else {
        return Err(BuildError::UnknownMethod(stage.label()));
    };
    let paths = method
        .schema
        .fields
        .iter()
        .filter(|field| matches!(field.ty, FieldType::Path))
        .filter_map(|field| match stage.parameters.get(field.name) {
            Some(Value::Text(path)) => Some((field.name.to_owned(), path.clone())),
            _ => None,
        })
        .collect();
    let (revision, horizon) = (method.schema.revision, method.horizon.clone());
    Ok(Node { label: stage.label(), stage, revision, paths, horizon })
}

/// The parameters of a method that only say how long to go on.
pub fn horizon(schema: &MethodSchema) -> BTreeSet<String> {
    let fields = schema.fields.iter().filter(|field| field.horizon);
    fields.map(|field| field.name.to_owned()).collect()
}
