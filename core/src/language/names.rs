//! Which names each file declares, whatever their values: stages, templates, variables, imports.

use super::diagnostic::{Code, Diagnostic};
use super::program::{File, Program};
use super::rings::rings;
use super::suggest;
use super::syntax::tree::{Import, ImportedName, ImportedNames, Item, Name, Span, Stage, Template};
use std::collections::BTreeMap;

/// Stages and instances of templates by name, those in loops included.
pub(super) type Stages<'t> = BTreeMap<&'t str, &'t Stage>;

/// A stage or instance with all its members: the file that declares the outermost instance, and
/// the names from there inwards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Family {
    pub(super) file: usize,
    /// `auc`, or `judged.auc` for what an instance declares.
    pub(super) path: String,
}

/// What a file declares.
#[derive(Debug, Default)]
pub(super) struct FileNames<'t> {
    /// Constants and parameters, each with its place.
    pub(super) variables: BTreeMap<&'t str, usize>,
    pub(super) stages: Stages<'t>,
    templates: BTreeMap<&'t str, TemplateNames<'t>>,
    pub(super) imports: BTreeMap<&'t str, Imported<'t>>,
}

/// A template and what its instances declare.
#[derive(Debug)]
pub(super) struct TemplateNames<'t> {
    pub(super) template: &'t Template,
    /// The file that declares it.
    pub(super) file: usize,
    pub(super) stages: Stages<'t>,
    /// Whether its instances would hold instances of itself.
    pub(super) recursive: bool,
}

/// A name that an import brings.
#[derive(Debug)]
pub(super) struct Imported<'t> {
    /// Where it stands.
    pub(super) place: usize,
    pub(super) target: Target<'t>,
}

impl Imported<'_> {
    /// Whether it could not be found.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.target, Target::Missing)
    }
}

/// What an imported name means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'t> {
    /// It could not be found, which was reported.
    Missing,
    /// A whole file.
    File(usize),
    /// A name of a file.
    Name(usize, &'t str),
}

/// The names of all files.
#[derive(Debug)]
pub(super) struct Names<'t> {
    pub(super) program: &'t Program,
    pub(super) files: Vec<FileNames<'t>>,
    /// Whether any file declares a template, and so whether a name can be that of an instance.
    has_templates: bool,
    /// What stands in front of the stages of each file where nothing else tells them apart.
    prefixes: Vec<String>,
}

impl<'t> Names<'t> {
    /// Collects the names and follows the imports.
    pub(super) fn new(program: &'t Program, diagnostics: &mut Vec<Diagnostic>) -> Names<'t> {
        let files = program.files.iter().enumerate();
        let files: Vec<FileNames<'_>> = files.map(|(index, file)| declared(index, file)).collect();
        let has_templates = files.iter().any(|file| !file.templates.is_empty());
        let mut names = Names { program, files, has_templates, prefixes: Vec::new() };
        for (index, file) in program.files.iter().enumerate() {
            for (import, target) in file.imports() {
                names.import(index, import, target, diagnostics);
            }
        }
        for (file, template) in rings(&names, diagnostics) {
            let template = names.files[file].templates.get_mut(template);
            template.into_iter().for_each(|template| template.recursive = true);
        }
        for file in 0..program.files.len() {
            let prefix = names.prefix(file);
            names.prefixes.push(prefix);
        }
        names
    }

    fn import(
        &mut self,
        file: usize,
        import: &'t Import,
        target: Option<usize>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        match &import.names {
            ImportedNames::Namespace(name) => {
                let target = target.map_or(Target::Missing, Target::File);
                let imported = Imported { place: name.span.start, target };
                self.files[file].imports.entry(&name.node).or_insert(imported);
            }
            ImportedNames::Chosen(chosen) => {
                for ImportedName { original, local } in chosen {
                    let found = target.filter(|&target| self.declares(target, &original.node));
                    if let (None, Some(target)) = (found, target) {
                        diagnostics.push(self.unknown(target, original));
                    }
                    let target =
                        found.map_or(Target::Missing, |file| Target::Name(file, &original.node));
                    let imported = Imported { place: local.span.start, target };
                    self.files[file].imports.entry(&local.node).or_insert(imported);
                }
            }
        }
    }

    fn declares(&self, file: usize, name: &str) -> bool {
        let names = &self.files[file];
        names.variables.contains_key(name)
            || names.stages.contains_key(name)
            || names.templates.contains_key(name)
    }

    /// Whether a file declares a stage or parameter of this name.
    pub(super) fn is_stage_or_parameter(&self, file: usize, name: &str) -> bool {
        let is_parameter = |item: &Item| match item {
            Item::Param { name: own, .. } => own.node == name,
            _ => false,
        };
        self.files[file].stages.contains_key(name)
            || self.program.files[file].items.iter().any(is_parameter)
    }

    /// The message for a name that a file does not declare.
    pub(super) fn unknown(&self, file: usize, name: &Name) -> Diagnostic {
        let names = &self.files[file];
        let known = names.variables.keys().chain(names.stages.keys());
        let known = known.chain(names.templates.keys()).copied();
        let source = &self.program.files[file].source.name;
        let message = format!("{source} declares no `{}`", name.node);
        Diagnostic::new(Code::UnknownName, message, name.span.clone())
            .help("a file gives its stages, templates, constants and parameters to others")
            .maybe_help(suggest::help(&name.node, "it declares", known))
    }

    /// The template that a declaration in a file is an instance of.
    pub(super) fn template(&self, file: usize, stage: &Stage) -> Option<&TemplateNames<'t>> {
        let kind = stage.kind.node.as_str();
        let names = &self.files[file];
        let (file, name) = match &stage.namespace {
            Some(namespace) => match names.imports.get(namespace.node.as_str())?.target {
                Target::File(file) => (file, kind),
                _ => return None,
            },
            None if names.templates.contains_key(kind) => (file, kind),
            None => match names.imports.get(kind)?.target {
                Target::Name(file, name) => (file, name),
                _ => return None,
            },
        };
        self.files[file].templates.get(name)
    }

    /// Whether what a declaration in a file is an instance of was imported and could not be found.
    pub(super) fn is_kind_missing(&self, file: usize, stage: &Stage) -> bool {
        let names = &self.files[file];
        let imported = stage.namespace.as_ref().unwrap_or(&stage.kind).node.as_str();
        names.imports.get(imported).is_some_and(Imported::is_missing)
    }

    /// The templates in sight of a file.
    pub(super) fn templates(&self, file: usize) -> Vec<&'t str> {
        let imported = self.imported(file, |names, name| names.templates.contains_key(name));
        self.files[file].templates.keys().copied().chain(imported).collect()
    }

    /// The stages in sight of a file outside all templates.
    pub(super) fn stages(&self, file: usize) -> Vec<&'t str> {
        let imported = self.imported(file, |names, name| names.stages.contains_key(name));
        self.files[file].stages.keys().copied().chain(imported).collect()
    }

    /// The imported names of a file that another declares as what is wanted.
    fn imported(
        &self,
        file: usize,
        is_wanted: impl Fn(&FileNames<'t>, &str) -> bool,
    ) -> impl Iterator<Item = &'t str> {
        self.files[file].imports.iter().filter_map(move |(local, imported)| match imported.target {
            Target::Name(file, name) => is_wanted(&self.files[file], name).then_some(*local),
            _ => None,
        })
    }

    /// What an instance of a template declares; nothing for a stage.
    pub(super) fn members(&self, family: &Family) -> Option<&Stages<'t>> {
        if !self.has_templates {
            return None;
        }
        let mut steps = family.path.split('.');
        let mut file = family.file;
        let mut stages = &self.files[file].stages;
        loop {
            let declared = stages.get(steps.next()?)?;
            let template = self.template(file, declared);
            if steps.clone().next().is_none() {
                return template.map(|template| &template.stages);
            }
            (file, stages) = (template?.file, &template?.stages);
        }
    }

    /// What a file is called in the names of its stages: as the experiment imports it, or like the
    /// file itself.
    fn prefix(&self, file: usize) -> String {
        let imports = self.files[0].imports.iter();
        let namespace = imports.filter_map(|(name, imported)| match imported.target {
            Target::File(target) if target == file => Some((*name).to_owned()),
            _ => None,
        });
        let name = &self.program.files[file].source.name;
        let stem = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = || stem.trim_end_matches(".msx").to_owned();
        let mut prefix = namespace.min().unwrap_or_else(stem);
        while self.prefixes.contains(&prefix) || self.files[0].stages.contains_key(&*prefix) {
            prefix.push('_');
        }
        prefix
    }

    /// The name in the experiment of what a file imports by name, or declares.
    fn in_experiment(&self, family: &Family) -> Option<String> {
        if family.file == 0 {
            return Some(family.path.clone());
        }
        let (first, rest) = match family.path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (family.path.as_str(), None),
        };
        let mut imports = self.files[0].imports.iter();
        let local = imports.find_map(|(local, imported)| match imported.target {
            Target::Name(file, name) if file == family.file && name == first => Some(*local),
            _ => None,
        })?;
        Some(rest.map_or_else(|| local.to_owned(), |rest| format!("{local}.{rest}")))
    }

    /// Whether the experiment declares a stage or imports it by name.
    pub(super) fn is_of_experiment(&self, family: &Family) -> bool {
        family.file == 0 || self.in_experiment(family).is_some()
    }

    /// The name of a stage for those who see the whole experiment.
    pub(super) fn label(&self, family: &Family) -> String {
        self.in_experiment(family)
            .unwrap_or_else(|| format!("{}.{}", self.prefixes[family.file], family.path))
    }

    /// A path that is written at some place, as seen from the folder of the experiment. One on the
    /// command line is taken as it is.
    pub(super) fn anchored(&self, path: &str, place: &Span) -> String {
        if place.start >= self.program.end() {
            return path.to_owned();
        }
        self.program.files[self.program.index_at(place.start)].source.anchored(path)
    }

    /// Every template.
    pub(super) fn all_templates(&self) -> impl Iterator<Item = &TemplateNames<'t>> {
        self.files.iter().flat_map(|file| file.templates.values())
    }
}

fn declared<'t>(index: usize, file: &'t File) -> FileNames<'t> {
    let mut names = FileNames { stages: stages(&file.items), ..FileNames::default() };
    for item in &file.items {
        match item {
            Item::Let { name, .. } | Item::Param { name, .. } => {
                names.variables.insert(&name.node, name.span.start);
            }
            Item::Template(template) => {
                let stages = stages(&template.body);
                let template = TemplateNames { template, file: index, stages, recursive: false };
                names.templates.insert(&template.template.name.node, template);
            }
            _ => {}
        }
    }
    names
}

fn stages(items: &[Item]) -> Stages<'_> {
    let mut found = Stages::new();
    for item in items {
        match item {
            Item::Stage(stage) => {
                found.entry(&stage.name.node).or_insert(stage);
            }
            Item::For { body, .. } => {
                for (name, stage) in stages(body) {
                    found.entry(name).or_insert(stage);
                }
            }
            _ => {}
        }
    }
    found
}
