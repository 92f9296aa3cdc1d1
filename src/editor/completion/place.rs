//! What the brackets around the cursor mean: whose fields, which type.

use super::context::{Context, Frame};
use super::settings::{HEADER, Setting, of_parameter};
use crate::editor::templates;
use crate::editor::view::View;
use crate::language::index::{SymbolId, SymbolKind};
use crate::language::schema::{Field, FieldType, MethodSchema};

/// Words behind which a value goes on.
const JOINING: [&str; 8] = ["in", "then", "else", "if", "and", "or", "not", "by"];

/// What can stand at the cursor.
#[derive(Debug)]
pub(super) enum Slot<'s, 't> {
    /// A declaration.
    Item,
    /// What stands behind `kind name:`.
    Header(&'t str),
    /// The type of a parameter; of a template, it may be a stage kind.
    Type { of_template: bool },
    /// The statement of a claim.
    Claim,
    /// The name of a field.
    Field,
    /// A value, and whether a named argument may stand there as well.
    Value { ty: Option<&'s FieldType>, or_name: bool },
    /// What a template asks for, by the word for its type.
    Argument(String),
    /// A template behind the name of an import.
    Template { path: Vec<&'t str> },
    /// Something behind a dot.
    Member { path: Vec<&'t str>, ty: Option<&'s FieldType> },
    /// A unit of this value.
    Unit(Option<&'s FieldType>),
    /// A loop variable, or everything.
    Selector(Vec<&'t str>),
    /// Nothing that could be proposed.
    Nothing,
}

/// What the innermost bracket holds.
#[derive(Debug, Clone)]
enum Inside<'s, 't> {
    Body,
    Fields(Vec<&'s Field>),
    Instance(SymbolId),
    Settings(Vec<&'static Setting>),
    Members(Option<&'s FieldType>),
    Call(&'s [Field]),
    Selection(Vec<&'t str>),
    Parameters,
    Unknown,
}

/// The cursor.
#[derive(Debug)]
pub(super) struct Place<'s, 't> {
    pub(super) slot: Slot<'s, 't>,
    /// Fields that can be written here.
    pub(super) fields: Vec<&'s Field>,
    /// The template whose parameters can be written here.
    pub(super) template: Option<SymbolId>,
    /// What a header or the block of a parameter can say.
    pub(super) settings: Vec<&'static Setting>,
    /// Names that are written already.
    pub(super) written: Vec<&'t str>,
    pub(super) offset: usize,
}

impl<'s, 't> Place<'s, 't> {
    pub(super) fn of(context: &Context<'t>, view: View<'_, 's>) -> Place<'s, 't> {
        let reader = Reader { view, offset: context.prefix };
        let mut inside = Inside::Body;
        let mut position = 0;
        for frame in &context.frames {
            inside = reader.enter(&inside, frame, position);
            position = frame.position;
        }
        let mut slot = slot(&inside, context, position);
        let innermost = context.frames.last();
        let written = innermost.map(|frame| frame.written.clone()).unwrap_or_default();
        let nameless = innermost.map_or(0, |frame| frame.nameless);
        let (mut fields, mut template, mut settings) = (Vec::new(), None, Vec::new());
        match inside {
            Inside::Fields(known) => fields = known,
            Inside::Call(known) => fields.extend(known.iter().skip(nameless)),
            Inside::Settings(known) => settings = known,
            Inside::Instance(instance) => {
                template = Some(instance);
                if let (Slot::Value { .. }, [name, ":", ..]) = (&slot, context.before.as_slice())
                    && let Some(type_name) = reader.type_of_argument(instance, name)
                {
                    slot = Slot::Argument(type_name);
                }
            }
            _ => {}
        }
        Place { slot, fields, template, settings, written, offset: context.prefix }
    }
}

struct Reader<'a, 's> {
    view: View<'a, 's>,
    offset: usize,
}

impl<'s> Reader<'_, 's> {
    /// What a bracket holds that stands inside another.
    fn enter<'t>(
        &self,
        around: &Inside<'s, 't>,
        frame: &Frame<'t>,
        position: usize,
    ) -> Inside<'s, 't> {
        let head = frame.head.as_slice();
        let ty = wanted(around, head, position);
        let last_is_name = head.last().is_some_and(|last| is_name(last) || *last == "]");
        match (frame.bracket, around) {
            ('"', _) => Inside::Members(None),
            ('{', Inside::Body) => self.block(head),
            ('{', _) => match ty {
                Some(FieldType::Record(fields)) => Inside::Fields(fields.iter().collect()),
                _ => Inside::Unknown,
            },
            ('[', _) if last_is_name => Inside::Selection(path(head)),
            ('(', Inside::Body) if head.first() == Some(&"template") => Inside::Parameters,
            ('(', Inside::Body) if head.first() == Some(&"claim") => {
                let method = head.last().copied().unwrap_or_default();
                let claims = &self.view.vocabulary.claims;
                let schema = claims.iter().find(|schema| schema.method == method);
                schema.map_or(Inside::Unknown, |schema| Inside::Call(&schema.fields))
            }
            ('(', _) if last_is_name => {
                let word = head.last().copied().unwrap_or_default();
                let variants = match ty.map(FieldType::member) {
                    Some(FieldType::Choice(variants)) => variants.as_slice(),
                    _ => &[],
                };
                let variant = variants.iter().find(|variant| variant.name == word);
                variant.map_or(Inside::Unknown, |variant| Inside::Call(&variant.parameters))
            }
            _ => Inside::Members(ty.map(FieldType::member)),
        }
    }

    /// The block of a declaration.
    fn block<'t>(&self, head: &[&'t str]) -> Inside<'s, 't> {
        match head {
            ["for" | "template", ..] => return Inside::Body,
            ["experiment", ..] => return Inside::Settings(HEADER.iter().collect()),
            ["param", _, ":", type_name, "=", _, ..] => {
                return Inside::Settings(of_parameter(type_name));
            }
            ["param" | "let" | "use" | "claim", ..] => return Inside::Unknown,
            _ => {}
        }
        let colon = head.iter().position(|word| *word == ":").unwrap_or(head.len());
        let Some(kind) = colon.checked_sub(2).and_then(|place| head.get(place)) else {
            return Inside::Unknown;
        };
        let methods: Vec<&'s MethodSchema> = self.view.vocabulary.schemas.of_kind(kind).collect();
        if methods.is_empty() {
            return self.template(&head[..colon - 1]).map_or(Inside::Unknown, Inside::Instance);
        }
        let named = head.get(colon + 1);
        let method = methods.iter().find(|schema| named == Some(&schema.method)).copied();
        Inside::Fields(match method {
            Some(method) => method.fields.iter().collect(),
            None => fields_of_all(&methods),
        })
    }

    /// The word for the type of what a template asks for under a name.
    fn type_of_argument(&self, template: SymbolId, name: &str) -> Option<String> {
        let parameters = templates::parameters(self.view, template);
        let parameter = parameters.iter().find(|parameter| parameter.name.node == name)?;
        Some(parameter.type_name.node.clone())
    }

    /// The template that stands where a kind does.
    fn template(&self, written: &[&str]) -> Option<SymbolId> {
        let index = &self.view.analysis().index;
        let named = |symbols: Vec<SymbolId>, name: &str| {
            symbols.into_iter().find(|symbol| index.symbols[*symbol].name == name)
        };
        let symbol = match written {
            [.., namespace, ".", name] => {
                let import = index.meaning(0, self.offset, namespace)?;
                named(index.declared(index.file_of(import)?), name)?
            }
            [.., name] => index.meaning(0, self.offset, name)?,
            [] => return None,
        };
        let original = index.original(symbol);
        (index.symbols[original].kind == SymbolKind::Template).then_some(original)
    }
}

/// The fields of several methods, each once.
fn fields_of_all<'s>(methods: &[&'s MethodSchema]) -> Vec<&'s Field> {
    let mut fields: Vec<&'s Field> = Vec::new();
    for field in methods.iter().flat_map(|schema| &schema.fields) {
        if !fields.iter().any(|known| known.name == field.name) {
            fields.push(field);
        }
    }
    fields
}

/// The type that is wanted behind these words.
fn wanted<'s>(inside: &Inside<'s, '_>, before: &[&str], position: usize) -> Option<&'s FieldType> {
    let named = match before {
        [name, ":", ..] => Some(*name),
        _ => None,
    };
    let of = |field: &'s Field| &field.ty;
    match (inside, named) {
        (Inside::Fields(fields), Some(name)) => {
            fields.iter().find(|field| field.name == name).map(|field| of(field))
        }
        (Inside::Call(fields), Some(name)) => {
            fields.iter().find(|field| field.name == name).map(of)
        }
        (Inside::Call(fields), None) => fields.get(position).map(of),
        (Inside::Members(ty), _) => *ty,
        _ => None,
    }
}

fn slot<'s, 't>(inside: &Inside<'s, 't>, context: &Context<'t>, position: usize) -> Slot<'s, 't> {
    let before = context.before.as_slice();
    let ty = wanted(inside, before, position);
    match before {
        [.., first, "."]
            if *first != "." && matches!(inside, Inside::Body) && before.len() == 2 =>
        {
            return Slot::Template { path: path(before) };
        }
        [.., first, "."] if *first != "." => return Slot::Member { path: path(before), ty },
        _ if context.after_number => return Slot::Unit(ty),
        _ => {}
    }
    // Behind a whole value only an operator could go on.
    let is_whole = |last: &&str| {
        let is_bracket = ["]", ")", "}"].contains(last);
        is_bracket || last.ends_with('"') || is_name(last) && !JOINING.contains(last)
    };
    let is_open = !before.last().is_some_and(is_whole);
    let value = |or_name| {
        if is_open { Slot::Value { ty, or_name } } else { Slot::Nothing }
    };
    match (inside, before) {
        (Inside::Body, _) => in_body(before, value),
        (Inside::Fields(_) | Inside::Instance(_) | Inside::Settings(_), []) => Slot::Field,
        (Inside::Settings(_), _) => Slot::Nothing,
        (Inside::Selection(path), []) => Slot::Selector(path.clone()),
        (Inside::Parameters, [.., ":"]) => Slot::Type { of_template: true },
        (Inside::Parameters | Inside::Unknown, []) => Slot::Nothing,
        (Inside::Call(_), []) => value(true),
        _ => value(false),
    }
}

fn in_body<'s, 't>(before: &[&'t str], value: impl FnOnce(bool) -> Slot<'s, 't>) -> Slot<'s, 't> {
    match before {
        [] => Slot::Item,
        ["param", _, ":"] => Slot::Type { of_template: false },
        ["claim", _, ":"] => Slot::Claim,
        ["param" | "let", .., "="] | ["for", .., "in"] => value(false),
        ["param" | "let" | "for", .., last] if !is_name(last) && *last != ":" => value(false),
        [.., kind, _, ":"] => Slot::Header(kind),
        _ => Slot::Nothing,
    }
}

/// The names of a reference that ends here, its selections left out.
fn path<'t>(before: &[&'t str]) -> Vec<&'t str> {
    let mut path = Vec::new();
    let mut wants_name = true;
    for word in before.iter().rev() {
        match *word {
            "." if !wants_name || path.is_empty() => wants_name = true,
            "]" => {}
            name if wants_name && is_name(name) => {
                path.push(name);
                wants_name = false;
            }
            _ => break,
        }
    }
    path.reverse();
    path
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}
