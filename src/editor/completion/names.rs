//! Names in sight: variables, stages, what stands behind a dot, loop variables in brackets.

use super::place::{Place, Slot};
use super::{Offer, escaped};
use crate::editor::templates;
use crate::editor::view::View;
use crate::language::index::{Index, SymbolId, SymbolKind};
use crate::language::schema::{FieldType, Header, MethodSchema};
use lsp_types::CompletionItemKind as Kind;

pub(super) fn offer(place: &Place<'_, '_>, view: View<'_, '_>, offers: &mut Vec<Offer>) {
    let namer = Namer { view, index: &view.analysis().index, offset: place.offset };
    match &place.slot {
        Slot::Item => namer.templates(offers),
        Slot::Header(kind) => namer.headers(kind, offers),
        Slot::Value { ty: Some(FieldType::Axis), .. } => namer.all_loop_variables(offers),
        Slot::Value { ty, .. } => namer.values(*ty, offers),
        Slot::Argument(type_name) => namer.arguments(type_name, offers),
        Slot::Template { path } => namer.templates_of(path, offers),
        Slot::Member { path, ty } => namer.members(path, *ty, offers),
        Slot::Selector(path) => namer.selectors(path, offers),
        _ => {}
    }
}

struct Namer<'a, 's> {
    view: View<'a, 's>,
    index: &'a Index<'s>,
    offset: usize,
}

impl<'s> Namer<'_, 's> {
    fn named(&self, name: &str, symbol: SymbolId, rank: u8) -> Offer {
        let symbol = &self.index.symbols[self.index.original(symbol)];
        let kind = match symbol.kind {
            SymbolKind::Constant | SymbolKind::Parameter => Kind::CONSTANT,
            SymbolKind::LoopVariable | SymbolKind::Argument => Kind::VARIABLE,
            SymbolKind::Template => Kind::FUNCTION,
            SymbolKind::Namespace => Kind::MODULE,
            _ => Kind::REFERENCE,
        };
        let value = self.view.analysis().facts.values.get(&symbol.span.start);
        let detail = match value {
            Some(value) => format!("{} = {value}", symbol.signature),
            None => symbol.signature.clone(),
        };
        Offer::new(name, kind, rank).detail(detail)
    }

    fn kind_of(&self, symbol: SymbolId) -> SymbolKind {
        self.index.symbols[self.index.original(symbol)].kind
    }

    /// The schema of a stage's kind, whose outputs are those of all its methods.
    fn schema_of(&self, symbol: SymbolId) -> Option<&'s MethodSchema> {
        let kind = self.index.symbols[self.index.original(symbol)].stage_kind.as_deref()?;
        self.view.vocabulary.schemas.of_kind(kind).next()
    }

    fn visible(&self) -> Vec<(&str, SymbolId)> {
        self.index.visible(0, self.offset)
    }

    fn templates(&self, offers: &mut Vec<Offer>) {
        for (name, symbol) in self.visible() {
            match self.kind_of(symbol) {
                SymbolKind::Template => offers.push(self.instance(name, symbol)),
                SymbolKind::Namespace => offers.push(self.named(name, symbol, 1)),
                _ => {}
            }
        }
    }

    /// The templates of an imported file.
    fn templates_of(&self, path: &[&str], offers: &mut Vec<Offer>) {
        let inside = self.at(path).map(|symbol| self.inside(symbol)).unwrap_or_default();
        for symbol in inside {
            if self.kind_of(symbol) == SymbolKind::Template {
                offers.push(self.instance(&self.index.symbols[symbol].name, symbol));
            }
        }
    }

    /// An instance of a template, with what it must be given.
    fn instance(&self, name: &str, symbol: SymbolId) -> Offer {
        let template = self.index.original(symbol);
        let parameters = templates::parameters(self.view, template).iter();
        let required = parameters.filter(|parameter| parameter.default.is_none());
        let given: Vec<String> = required
            .enumerate()
            .map(|(number, parameter)| {
                let example = templates::example(self.view, parameter, self.offset);
                format!("{}: ${{{}:{}}}", parameter.name.node, number + 2, escaped(&example))
            })
            .collect();
        let block =
            if given.is_empty() { "{ }".to_owned() } else { format!("{{ {} }}", given.join(", ")) };
        self.named(name, symbol, 1).written(format!("{name} ${{1:name}} {block}"))
    }

    /// Stages of the kind that a template asks for, or variables that may hold what it asks for.
    fn arguments(&self, type_name: &str, offers: &mut Vec<Offer>) {
        match self.view.vocabulary.schemas.of_kind(type_name).next() {
            Some(_) => self.stages(&[type_name], "", offers),
            None => self.variables(offers),
        }
    }

    /// What may stand behind `kind name:` beside a method: a fitting stage, or a variable.
    fn headers(&self, kind: &str, offers: &mut Vec<Offer>) {
        let Some(schema) = self.view.vocabulary.schemas.of_kind(kind).next() else { return };
        match schema.header {
            Header::Nothing => {}
            Header::Stage { kinds, .. } => self.stages(kinds, "", offers),
            Header::Method => {
                for (name, symbol) in self.visible() {
                    if is_variable(self.kind_of(symbol)) {
                        offers.push(self.named(name, symbol, 1));
                    }
                }
            }
        }
    }

    /// Stages of fitting kinds first, then what leads to others, then the rest.
    fn stages(&self, kinds: &[&str], behind: &str, offers: &mut Vec<Offer>) {
        for (name, symbol) in self.visible() {
            let schema = self.schema_of(symbol);
            let fits =
                schema.is_some_and(|schema| kinds.is_empty() || kinds.contains(&schema.kind));
            match self.kind_of(symbol) {
                SymbolKind::Template | SymbolKind::Claim | SymbolKind::Experiment => {}
                SymbolKind::Instance | SymbolKind::Namespace => {
                    offers.push(self.named(name, symbol, 1));
                }
                _ if fits && !behind.is_empty() && self.is_family_here(symbol) => {
                    offers.push(self.named(&format!("{name}{behind}"), symbol, 0));
                }
                _ if fits => offers.push(self.named(name, symbol, 0)),
                kind if is_variable(kind) => offers.push(self.named(name, symbol, 2)),
                _ => offers.push(self.named(name, symbol, 3)),
            }
        }
    }

    /// Whether a stage has loops around it that the cursor is outside of.
    fn is_family_here(&self, symbol: SymbolId) -> bool {
        let loops = &self.index.symbols[self.index.original(symbol)].loops;
        loops.iter().any(|variable| {
            let whole = &self.index.symbols[*variable].whole;
            !self.view.holds(whole) || !(whole.start..=whole.end).contains(&self.offset)
        })
    }

    fn values(&self, ty: Option<&FieldType>, offers: &mut Vec<Offer>) {
        match ty {
            Some(ty) if ty.takes_lists() => self.values(Some(ty.member()), offers),
            Some(FieldType::Stage(kinds)) => self.stages(kinds, "", offers),
            Some(FieldType::Stages { kinds, .. }) => self.stages(kinds, "[*]", offers),
            Some(ty @ (FieldType::Output(_) | FieldType::Measure)) => {
                for (name, symbol) in self.visible() {
                    // A claim may be made of a whole family; anywhere else one stage is wanted.
                    let is_family = self.is_family_here(symbol);
                    let (selection, rank) = match ty {
                        FieldType::Measure if is_family => ("[*]", 0),
                        _ => ("", u8::from(is_family)),
                    };
                    for member in self.fitting(symbol, ty) {
                        let label = format!("{name}{selection}.{member}");
                        offers.push(self.named(&label, symbol, rank));
                    }
                }
                self.leading_on(offers);
            }
            Some(_) => self.variables(offers),
            None => self.stages(&[], "", offers),
        }
    }

    /// What is no stage but may hold or lead to one.
    fn leading_on(&self, offers: &mut Vec<Offer>) {
        for (name, symbol) in self.visible() {
            let kind = self.kind_of(symbol);
            if matches!(kind, SymbolKind::Instance | SymbolKind::Namespace) || is_variable(kind) {
                offers.push(self.named(name, symbol, 1));
            }
        }
    }

    /// Outputs or measures of a stage that fit a type.
    fn fitting(&self, symbol: SymbolId, ty: &FieldType) -> Vec<&'static str> {
        let outputs = self.schema_of(symbol).map_or(&[][..], |schema| &schema.outputs);
        match ty {
            FieldType::Output(wanted) => {
                outputs.iter().filter(|output| output.kind == *wanted).map(|o| o.name).collect()
            }
            _ => outputs.iter().flat_map(|o| o.kind.measures()).map(|(name, _)| *name).collect(),
        }
    }

    fn variables(&self, offers: &mut Vec<Offer>) {
        for (name, symbol) in self.visible() {
            if is_variable(self.kind_of(symbol)) || self.index.file_of(symbol).is_some() {
                offers.push(self.named(name, symbol, 1));
            }
        }
    }

    fn all_loop_variables(&self, offers: &mut Vec<Offer>) {
        let mut names: Vec<&str> = Vec::new();
        for symbol in &self.index.symbols {
            if symbol.kind == SymbolKind::LoopVariable && !names.contains(&symbol.name.as_str()) {
                names.push(&symbol.name);
                offers.push(Offer::new(&symbol.name, Kind::VARIABLE, 0).detail("a loop variable"));
            }
        }
    }

    /// The declaration that a path of names leads to.
    fn at(&self, path: &[&str]) -> Option<SymbolId> {
        let (first, rest) = path.split_first()?;
        let first = self.index.meaning(0, self.offset, first)?;
        rest.iter().try_fold(first, |symbol, name| {
            let inside = self.inside(symbol);
            inside.into_iter().find(|inner| self.index.symbols[*inner].name == **name)
        })
    }

    /// What can be named behind an instance or an import.
    fn inside(&self, symbol: SymbolId) -> Vec<SymbolId> {
        let is_stage = |inner: &SymbolId| {
            matches!(self.index.symbols[*inner].kind, SymbolKind::Stage | SymbolKind::Instance)
        };
        if let Some(template) = self.index.template_of(symbol) {
            return self.index.inside(template).into_iter().filter(is_stage).collect();
        }
        let Some(file) = self.index.file_of(symbol) else { return Vec::new() };
        let own = |inner: &SymbolId| self.index.symbols[*inner].file == file;
        self.index.declared(file).into_iter().filter(own).collect()
    }

    fn members(&self, path: &[&str], ty: Option<&FieldType>, offers: &mut Vec<Offer>) {
        let Some(symbol) = self.at(path) else { return };
        let inside = self.inside(symbol);
        for inner in &inside {
            offers.push(self.named(&self.index.symbols[*inner].name, *inner, 0));
        }
        let outputs = self.schema_of(symbol).map_or(&[][..], |schema| &schema.outputs);
        if let Some(FieldType::Measure) = ty {
            for (name, doc) in outputs.iter().flat_map(|output| output.kind.measures()) {
                offers.push(Offer::new(*name, Kind::PROPERTY, 0).detail(*doc));
            }
            return;
        }
        for output in outputs {
            let fits = match ty {
                Some(FieldType::Output(wanted)) => output.kind == *wanted,
                _ => true,
            };
            let offer = Offer::new(output.name, Kind::PROPERTY, u8::from(!fits));
            offers.push(offer.detail(output.doc));
        }
    }

    fn selectors(&self, path: &[&str], offers: &mut Vec<Offer>) {
        offers.push(Offer::new("*", Kind::OPERATOR, 0).detail("all members of the family"));
        let mut loops: Vec<SymbolId> = Vec::new();
        for depth in 1..=path.len() {
            if let Some(symbol) = self.at(&path[..depth]) {
                loops.extend(&self.index.symbols[self.index.original(symbol)].loops);
            }
        }
        for variable in loops {
            let name = &self.index.symbols[variable].name;
            let offer = Offer::new(name, Kind::VARIABLE, 1).detail("a loop variable");
            offers.push(offer.snippet(&format!("{name}: "), "value", ""));
        }
    }
}

fn is_variable(kind: SymbolKind) -> bool {
    matches!(
        kind,
        SymbolKind::Constant
            | SymbolKind::Parameter
            | SymbolKind::LoopVariable
            | SymbolKind::Argument
    )
}
