//! From a template to a page: names, graph, settings.

use super::graph::drawing;
use super::html::{IMAGES, IMAGES_END, IMAGES_OF, PROVENANCE, TITLE, escape, section, stage};

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

/// What stands in place of images that are not shown.
const WITHHELD: &str = "<span class=\"withheld\">not shown</span>";

/// Whether a page shows the images that a stage made, by its position among the stages of the
/// provenance; for `None` those of the data, alone or beside what resembles them.
pub type Shows<'a> = &'a dyn Fn(Option<usize>) -> bool;

/// Fills a template.
pub fn publish(template: &str, provenance: &Provenance, shows: Shows<'_>) -> String {
    let mut page = with_images(template, provenance, shows)
        .replace(TITLE, &escape(&provenance.title))
        .replace(PROVENANCE, &sections(provenance));
    for (index, &position) in provenance.inputs.iter().enumerate() {
        let name = provenance.stages.get(position).map_or("", |stage| stage.name.as_str());
        page = page.replace(&stage(index), &escape(name));
    }
    page
}

/// Keeps images or puts a placeholder where they were.
fn with_images(template: &str, provenance: &Provenance, shows: Shows<'_>) -> String {
    let mut page = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once(IMAGES) {
        let (maker, behind) = behind.split_once(IMAGES_OF).unwrap_or_default();
        let (body, behind) = behind.split_once(IMAGES_END).unwrap_or((behind, ""));
        let maker = maker.parse::<usize>().ok();
        let maker = maker.and_then(|input| provenance.inputs.get(input).copied());
        page.push_str(before);
        page.push_str(if shows(maker) { body } else { WITHHELD });
        rest = behind;
    }
    page.push_str(rest);
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
