//! Every use of a name, and every word that a schema explains.

use super::{Behind, Index, Mention, Occurrence, SymbolId, SymbolKind};
use crate::language::analysis::Vocabulary;
use crate::language::program::Program;
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::syntax::tree::{
    Arguments, Claim, Entry, Expression, Import, Item, Name, Parameter, Part, Piece, Reference,
    Selection, Span, Stage, Template, Term,
};
use crate::language::value::Dimension;
use std::collections::BTreeMap;

/// Resolves the names in all files.
pub(super) fn resolve<'s>(program: &Program, vocabulary: &'s Vocabulary, index: &mut Index<'s>) {
    let mut resolver = Resolver {
        vocabulary,
        index,
        file: 0,
        block: 0,
        named: Vec::new(),
        axes: Vec::new(),
        declarations: BTreeMap::new(),
    };
    for (number, file) in program.files.iter().enumerate() {
        (resolver.file, resolver.block) = (number, number);
        for (import, target) in file.imports() {
            resolver.import(import, target);
        }
        resolver.items(&file.items);
    }
    resolver.axes();
}

struct Resolver<'a, 's> {
    vocabulary: &'s Vocabulary,
    index: &'a mut Index<'s>,
    file: usize,
    block: usize,
    /// The stages that each declaration names, and the loop variables around these.
    named: Vec<Vec<SymbolId>>,
    /// Words that name a loop variable, each with the number of its declaration.
    axes: Vec<(Name, usize)>,
    /// The number of each stage's declaration.
    declarations: BTreeMap<SymbolId, usize>,
}

/// Where a reference has got to.
#[derive(Clone, Copy)]
enum At {
    /// A file, behind its name.
    File(usize),
    /// An instance of a template.
    Instance(SymbolId),
    /// A stage or what may be one.
    Stage(SymbolId),
}

impl<'s> Resolver<'_, 's> {
    fn occurs(&mut self, span: &Span, symbol: SymbolId) {
        self.index.occurrences.push(Occurrence { span: span.clone(), symbol });
    }

    fn mention(&mut self, span: &Span, mention: Mention<'s>) {
        self.index.mentions.push((span.clone(), mention));
    }

    fn import(&mut self, import: &Import, target: Option<usize>) {
        if let Some(target) = target {
            self.mention(&import.path.span, Mention::File(target));
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.named.push(Vec::new());
            match item {
                Item::Import(_) | Item::Experiment { .. } => {}
                Item::Param { type_name, default, settings, .. } => {
                    self.mention(&type_name.span, Mention::Type);
                    self.value(default, None);
                    settings.iter().for_each(|field| self.value(&field.value, None));
                }
                Item::Let { value, .. } => self.value(value, None),
                Item::For { over, body, span } => {
                    let outside = self.enter(span);
                    for (number, over) in over.iter().enumerate() {
                        // The first list sees nothing of the loop that it makes.
                        let inside = self.block;
                        if number == 0 {
                            self.block = outside;
                        }
                        self.value(&over.values, None);
                        self.block = inside;
                    }
                    self.items(body);
                    self.block = outside;
                }
                Item::Template(template) => self.template(template),
                Item::Claim(claim) => self.claim(claim),
                Item::Stage(stage) => self.stage(stage),
            }
        }
    }

    /// Goes into the block that begins with a declaration.
    fn enter(&mut self, span: &Span) -> usize {
        let block = self
            .index
            .blocks
            .iter()
            .position(|block| block.around.is_some() && block.span == *span);
        let outside = self.block;
        self.block = block.unwrap_or(outside);
        outside
    }

    fn template(&mut self, template: &Template) {
        let outside = self.enter(&template.span);
        for Parameter { type_name, default, .. } in &template.parameters {
            let kind = self.vocabulary.schemas.of_kind(&type_name.node).next();
            self.mention(&type_name.span, kind.map_or(Mention::Type, Mention::Kind));
            default.iter().for_each(|default| self.value(default, None));
        }
        self.items(&template.body);
        self.block = outside;
    }

    fn claim(&mut self, claim: &Claim) {
        let known = self.vocabulary.claims.iter();
        let schema = known.into_iter().find(|schema| schema.method == claim.method.node);
        if let Some(schema) = schema {
            self.mention(&claim.method.span, Mention::Claim(schema));
        }
        let fields = schema.map_or(&[][..], |schema| &schema.fields);
        self.arguments(&claim.arguments, fields);
    }

    fn stage(&mut self, stage: &Stage) {
        let own = self.look_up(&stage.name.node);
        if let Some(template) = self.template_of(stage) {
            self.instance(stage, template, own);
            return;
        }
        self.declarations.extend(own.map(|own| (own, self.named.len() - 1)));
        let schemas = &self.vocabulary.schemas;
        let mut methods: Vec<&'s MethodSchema> = schemas.of_kind(&stage.kind.node).collect();
        if let Some(first) = methods.first() {
            self.mention(&stage.kind.span, Mention::Kind(first));
        }
        let takes_method = methods.first().is_some_and(|m| matches!(m.header, Header::Method));
        if let Some(header) = &stage.header {
            let name = &header.node.name;
            let method = methods.iter().copied().find(|schema| schema.method == name.node);
            match method.filter(|_| takes_method && !self.is_variable(&name.node)) {
                Some(method) => {
                    self.mention(&name.span, Mention::Method(method));
                    methods = vec![method];
                }
                None => self.reference(&header.node, None),
            }
        }
        for entry in &stage.entries {
            match entry {
                Entry::Spread(record) => self.value(record, None),
                Entry::Field(field) => {
                    let mut known = methods.iter().flat_map(|schema| &schema.fields);
                    let known = known.find(|known| known.name == field.name.node);
                    self.field(&field.name, &field.value, known);
                }
            }
        }
    }

    /// The template that a declaration is an instance of; the names of both occur here.
    fn template_of(&mut self, stage: &Stage) -> Option<SymbolId> {
        let template = match &stage.namespace {
            Some(namespace) => {
                let import = self.look_up(&namespace.node)?;
                self.occurs(&namespace.span, import);
                self.index.declared_as(self.index.file_of(import)?, &stage.kind.node)?
            }
            None => *self.index.blocks[self.file].others.get(&stage.kind.node)?,
        };
        let original = self.index.original(template);
        (self.index.symbols[original].kind == SymbolKind::Template).then(|| {
            self.occurs(&stage.kind.span, template);
            original
        })
    }

    fn instance(&mut self, stage: &Stage, template: SymbolId, own: Option<SymbolId>) {
        if let Some(own) = own {
            let symbol = &mut self.index.symbols[own];
            symbol.kind = SymbolKind::Instance;
            symbol.stage_kind = None;
            symbol.target = Some(Behind::Template(template));
        }
        let block = self.index.templates.get(&template).copied();
        for entry in &stage.entries {
            match entry {
                Entry::Spread(record) => self.value(record, None),
                Entry::Field(field) => {
                    let parameters = block.map(|block| &self.index.blocks[block].variables);
                    let parameter = parameters.and_then(|known| known.get(&field.name.node));
                    if let Some(parameter) = parameter.copied() {
                        self.occurs(&field.name.span, parameter);
                    }
                    self.value(&field.value, None);
                }
            }
        }
    }

    fn field(&mut self, name: &Name, value: &Expression, known: Option<&'s Field>) {
        if let Some(known) = known {
            self.mention(&name.span, Mention::Field(known));
        }
        self.value(value, known.map(|known| &known.ty));
    }

    /// Arguments by position or name.
    fn arguments(&mut self, arguments: &Arguments, fields: &'s [Field]) {
        for (position, (name, value)) in arguments.iter().enumerate() {
            match name {
                Some(name) => {
                    let known = fields.iter().find(|field| field.name == name.node);
                    self.field(name, value, known);
                }
                None => self.value(value, fields.get(position).map(|field| &field.ty)),
            }
        }
    }

    /// A value where a type is wanted.
    fn value(&mut self, expression: &Expression, ty: Option<&'s FieldType>) {
        let is_list = matches!(expression.node, Term::List(_) | Term::Tuple(_));
        if let Some(ty) = ty.filter(|ty| ty.takes_lists() && !is_list) {
            return self.value(expression, Some(ty.member()));
        }
        match &expression.node {
            Term::Text(_) => {}
            Term::Number { unit, .. } => {
                if let Some(unit) = unit {
                    self.unit(unit);
                }
            }
            Term::Reference(reference) => self.word_or_reference(reference, ty),
            Term::Call { name, arguments } => {
                let variant = match ty {
                    Some(FieldType::Choice(variants)) => {
                        variants.iter().find(|variant| variant.name == name.node)
                    }
                    _ => None,
                };
                if let Some(variant) = variant {
                    self.mention(&name.span, Mention::Word(variant));
                }
                let fields = variant.map_or(&[][..], |variant| &variant.parameters);
                self.arguments(arguments, fields);
            }
            Term::List(members) | Term::Tuple(members) => {
                let inner = ty.map(FieldType::member);
                members.iter().for_each(|member| self.value(member, inner));
            }
            Term::Record(entries) => self.record(entries, ty),
            Term::Conditional { condition, then, otherwise } => {
                self.value(condition, None);
                self.value(then, ty);
                self.value(otherwise, ty);
            }
            other => self.parts(other),
        }
    }

    /// What stands in terms whose parts have no type of their own.
    fn parts(&mut self, term: &Term) {
        match term {
            Term::Interpolation(pieces) => pieces.iter().for_each(|piece| {
                if let Piece::Value(value) = piece {
                    self.value(value, None);
                }
            }),
            Term::Range { first, last, step } => {
                let bounds = [Some(first), Some(last), step.as_ref()];
                bounds.into_iter().flatten().for_each(|bound| self.value(bound, None));
            }
            Term::Negation(value) | Term::Inversion(value) => self.value(value, None),
            Term::Operation { left, right, .. } => {
                self.value(left, None);
                self.value(right, None);
            }
            _ => {}
        }
    }

    fn record(&mut self, entries: &[Entry], ty: Option<&'s FieldType>) {
        let fields = match ty {
            Some(FieldType::Record(fields)) => fields.as_slice(),
            _ => &[],
        };
        for entry in entries {
            match entry {
                Entry::Spread(record) => self.value(record, ty),
                Entry::Field(field) => {
                    let known = fields.iter().find(|known| known.name == field.name.node);
                    self.field(&field.name, &field.value, known);
                }
            }
        }
    }

    fn unit(&mut self, unit: &Name) {
        let fits =
            |dimension: &Dimension| dimension.units().iter().any(|(name, _)| *name == unit.node);
        if let Some(dimension) = Dimension::ALL.into_iter().find(fits) {
            self.mention(&unit.span, Mention::Unit(dimension));
        }
    }

    fn word_or_reference(&mut self, reference: &Reference, ty: Option<&'s FieldType>) {
        let Reference { name, parts } = reference;
        if parts.is_empty() && !self.is_variable(&name.node) {
            if let Some(FieldType::Choice(variants)) = ty
                && let Some(variant) = variants.iter().find(|variant| variant.name == name.node)
            {
                return self.mention(&name.span, Mention::Word(variant));
            }
            if let Some(FieldType::Axis) = ty {
                return self.axes.push((name.clone(), self.named.len() - 1));
            }
        }
        self.reference(reference, ty);
    }

    fn reference(&mut self, reference: &Reference, ty: Option<&'s FieldType>) {
        let Some(head) = self.look_up(&reference.name.node) else {
            return self.selections(reference, &[]);
        };
        self.occurs(&reference.name.span, head);
        let mut loops = self.loops(head);
        let mut at = self.at(head);
        for part in &reference.parts {
            match part {
                Part::Selection(selection) => self.selection(selection, &loops),
                Part::Member(member) => match self.member(at, member, ty) {
                    Some(symbol) => {
                        loops.extend(self.loops(symbol));
                        at = self.at(symbol);
                    }
                    // Nothing stands behind an output.
                    None => break,
                },
            }
        }
        if let At::Stage(stage) = at {
            loops.push(stage);
        }
        if let Some(named) = self.named.last_mut() {
            named.extend(loops);
        }
    }

    fn loops(&self, symbol: SymbolId) -> Vec<SymbolId> {
        self.index.symbols[self.index.original(symbol)].loops.clone()
    }

    fn at(&self, symbol: SymbolId) -> At {
        if let Some(file) = self.index.file_of(symbol) {
            return At::File(file);
        }
        match self.index.template_of(symbol) {
            Some(template) => At::Instance(template),
            None => At::Stage(self.index.original(symbol)),
        }
    }

    /// A name behind a dot; the declaration that it names, if it names one.
    fn member(&mut self, at: At, member: &Name, ty: Option<&'s FieldType>) -> Option<SymbolId> {
        let found = match at {
            At::File(file) => self.index.declared_as(file, &member.node)?,
            At::Instance(template) => {
                let block = *self.index.templates.get(&template)?;
                *self.index.blocks[block].stages.as_ref()?.get(&member.node)?
            }
            At::Stage(stage) => {
                self.output(stage, member, ty);
                return None;
            }
        };
        self.occurs(&member.span, found);
        Some(found)
    }

    fn output(&mut self, stage: SymbolId, member: &Name, ty: Option<&'s FieldType>) {
        let Some(kind) = self.index.symbols[stage].stage_kind.clone() else { return };
        let Some(schema) = self.vocabulary.schemas.of_kind(&kind).next() else { return };
        let mut measures = schema.outputs.iter().flat_map(|output| output.kind.measures());
        let measure = measures.find(|(name, _)| *name == member.node);
        if let (Some(FieldType::Measure), Some((_, doc))) = (ty, measure) {
            self.mention(&member.span, Mention::Measure(doc));
        } else if let Some(output) = schema.outputs.iter().find(|o| o.name == member.node) {
            self.mention(&member.span, Mention::Output(output));
        }
    }

    fn selections(&mut self, reference: &Reference, loops: &[SymbolId]) {
        for part in &reference.parts {
            if let Part::Selection(selection) = part {
                self.selection(selection, loops);
            }
        }
    }

    fn selection(&mut self, selection: &Selection, loops: &[SymbolId]) {
        let Selection::Members(members) = selection else { return };
        for (name, value) in members {
            let named = |symbol: &&SymbolId| self.index.symbols[**symbol].name == name.node;
            if let Some(symbol) = loops.iter().find(named).copied() {
                self.occurs(&name.span, symbol);
            }
            self.value(value, None);
        }
    }

    /// Words that name loop variables, once it is known what every stage takes: a comparison has
    /// the variables of what it compares.
    fn axes(&mut self) {
        for (name, declaration) in std::mem::take(&mut self.axes) {
            let named = &self.named[declaration];
            let further = named.iter().filter_map(|stage| self.declarations.get(stage));
            let further = further.flat_map(|declaration| &self.named[*declaration]);
            let is_meant = |symbol: &&SymbolId| {
                let symbol = &self.index.symbols[**symbol];
                symbol.kind == SymbolKind::LoopVariable && symbol.name == name.node
            };
            if let Some(symbol) = named.iter().chain(further).find(is_meant).copied() {
                self.occurs(&name.span, symbol);
            }
        }
    }

    /// Whether a name is that of a value, which wins over words.
    fn is_variable(&self, name: &str) -> bool {
        self.look_up(name).is_some_and(|symbol| {
            let kind = self.index.symbols[self.index.original(symbol)].kind;
            !matches!(kind, SymbolKind::Stage | SymbolKind::Instance | SymbolKind::Template)
        })
    }

    /// What a name means in the block at hand.
    fn look_up(&self, name: &str) -> Option<SymbolId> {
        let mut next = Some(self.block);
        while let Some(block) = next {
            let block = &self.index.blocks[block];
            let stages = block.stages.as_ref().and_then(|stages| stages.get(name));
            let found = block.variables.get(name).or(stages).or(block.others.get(name));
            if let Some(symbol) = found {
                return Some(*symbol);
            }
            next = block.around;
        }
        None
    }
}
