//! From a template to a page: names, graph, settings.

use super::graph::drawing;
use super::html::{PROVENANCE, TITLE, escape, section, stage};

/// What ran, for the end of a page. It holds no times, so that the same run gives the same page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The experiment's title.
    pub title: String,
    /// Every stage of the experiment.
    pub stages: Vec<ProvenanceStage>,
    /// For each input of the report, in canonical order, its position in `stages`.
    pub inputs: Vec<usize>,
    /// Names and values such as the version of msx and the platform.
    pub versions: Vec<(String, String)>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenanceStage {
    /// Its label as a user writes it.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its method.
    pub method: String,
    /// Revision of the method.
    pub revision: u32,
    /// Its key.
    pub key: String,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// Positions of the stages that it takes from.
    pub inputs: Vec<usize>,
}

/// One setting of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The field.
    pub name: String,
    /// Its value as written in a file.
    pub value: String,
    /// Whether it is the default.
    pub is_default: bool,
}

/// Fills a template.
pub fn publish(template: &str, provenance: &Provenance) -> String {
    let mut page = template
        .replace(TITLE, &escape(&provenance.title))
        .replace(PROVENANCE, &sections(provenance));
    for (index, &position) in provenance.inputs.iter().enumerate() {
        let name = provenance.stages.get(position).map_or("", |stage| stage.name.as_str());
        page = page.replace(&stage(index), &escape(name));
    }
    page
}

fn sections(provenance: &Provenance) -> String {
    let graph = section(
        "graph",
        "Graph",
        "Every stage of the experiment, right of all that it takes from.",
        &drawing(&provenance.stages),
    );
    let mut details = String::new();
    for stage in &provenance.stages {
        details.push_str(&stage_details(stage));
    }
    let versions: String = provenance
        .versions
        .iter()
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value)))
        .collect();
    let about = "Settings that differ from the default are bold. Equal keys mean equal work and, \
                 on one processor family, equal bytes.";
    let settings = section("settings", "What ran", about, &format!("{details}<dl>{versions}</dl>"));
    graph + &settings
}

fn stage_details(stage: &ProvenanceStage) -> String {
    let settings: String = stage
        .settings
        .iter()
        .map(|setting| {
            let class = if setting.is_default { "" } else { " class=\"set\"" };
            format!("<dt>{}</dt><dd{class}>{}</dd>", escape(&setting.name), escape(&setting.value))
        })
        .collect();
    format!(
        "<details><summary>{} <small>{} {}</small></summary><dl>{settings}\
         <dt>revision</dt><dd>{}</dd><dt>key</dt><dd><code>{}</code></dd></dl></details>",
        escape(&stage.name),
        escape(&stage.kind),
        escape(&stage.method),
        stage.revision,
        escape(&stage.key)
    )
}
