//! The syntax tree: what stands where, before any name has a meaning.

use std::ops::Range;

/// A byte range of the source.
pub type Span = Range<usize>;

/// Something with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// What it is.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

/// A name.
pub type Name = Spanned<String>;

/// A declaration.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The header of the file.
    Experiment {
        /// Its name.
        name: Name,
        /// `title` and `seed`.
        fields: Vec<Field>,
    },
    /// A value that the command line may replace.
    Param {
        /// Its name.
        name: Name,
        /// The word for its type.
        type_name: Name,
        /// The value in the file.
        default: Expression,
    },
    /// A constant.
    Let {
        /// Its name.
        name: Name,
        /// Its value.
        value: Expression,
    },
    /// A sweep.
    For {
        /// Loop variables.
        variables: Vec<Name>,
        /// What they run over.
        values: Expression,
        /// Declarations made anew for each round.
        body: Vec<Item>,
    },
    /// A stage.
    Stage(Stage),
}

/// The declaration of a stage or family.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The stage kind.
    pub kind: Name,
    /// The stage's name.
    pub name: Name,
    /// What stands after the colon.
    pub header: Option<Spanned<Reference>>,
    /// The fields.
    pub fields: Vec<Field>,
    /// From the kind to the closing brace.
    pub span: Span,
}

/// `name: value`
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field's name.
    pub name: Name,
    /// Its value.
    pub value: Expression,
}

/// An expression with its place.
pub type Expression = Spanned<Term>;

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A number as written, with its unit.
    Number {
        /// Its digits without underscores.
        digits: String,
        /// The unit.
        unit: Option<Name>,
    },
    /// A string.
    Text(String),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `(a, b)`
    Tuple(Vec<Expression>),
    /// `{ a: 1 }`
    Record(Vec<Field>),
    /// `top(6)`
    Call {
        /// The word in front.
        name: Name,
        /// Arguments, some of them named.
        arguments: Vec<(Option<Name>, Expression)>,
    },
    /// A name with what may follow it.
    Reference(Reference),
    /// `-a`
    Negation(Box<Expression>),
    /// `a + b`
    Operation {
        /// `+`, `-`, `*` or `/`.
        operator: char,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
}

/// `fold`, `fold.train`, `auc[*]`, `auc[k: 6].result`
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The name in front.
    pub name: Name,
    /// Which members of a family.
    pub selection: Option<Selection>,
    /// The output after the dot.
    pub output: Option<Name>,
}

/// Which members of a family.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// `[*]`
    Everything,
    /// `[k: 6, arch: cpd]`
    Members(Vec<(Name, Expression)>),
}

impl Expression {
    /// Moves every part, for a value whose text stands behind others.
    pub fn move_by(&mut self, by: usize) {
        let moved = |span: &Span| span.start + by..span.end + by;
        let shift = |name: &mut Name| name.span = moved(&name.span);
        self.span = moved(&self.span);
        match &mut self.node {
            Term::Text(_) => {}
            Term::Number { unit, .. } => unit.iter_mut().for_each(shift),
            Term::List(members) | Term::Tuple(members) => {
                members.iter_mut().for_each(|member| member.move_by(by));
            }
            Term::Record(fields) => fields.iter_mut().for_each(|field| {
                shift(&mut field.name);
                field.value.move_by(by);
            }),
            Term::Call { name, arguments } => {
                shift(name);
                arguments.iter_mut().for_each(|(name, value)| {
                    name.iter_mut().for_each(shift);
                    value.move_by(by);
                });
            }
            Term::Reference(Reference { name, selection, output }) => {
                shift(name);
                output.iter_mut().for_each(shift);
                if let Some(Selection::Members(members)) = selection {
                    members.iter_mut().for_each(|(name, value)| {
                        shift(name);
                        value.move_by(by);
                    });
                }
            }
            Term::Negation(value) => value.move_by(by),
            Term::Operation { left, right, .. } => {
                left.move_by(by);
                right.move_by(by);
            }
        }
    }
}
