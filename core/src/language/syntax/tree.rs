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
    /// Names of another file.
    Import(Import),
    /// The header of the file.
    Experiment {
        /// Its name.
        name: Name,
        /// `title` and `seed`.
        fields: Vec<Field>,
        /// From the keyword to the closing brace.
        span: Span,
    },
    /// A value that the command line may replace.
    Param {
        /// Its name.
        name: Name,
        /// The word for its type.
        type_name: Name,
        /// The value in the file.
        default: Expression,
        /// `range`, `one_of` and `doc`.
        settings: Vec<Field>,
        /// From the keyword to the end of the value or block.
        span: Span,
    },
    /// A constant.
    Let {
        /// Its name.
        name: Name,
        /// Its value.
        value: Expression,
        /// From the keyword to the end of the value.
        span: Span,
    },
    /// A sweep.
    For {
        /// What varies; the last one fastest.
        over: Vec<Over>,
        /// Declarations made anew for each round.
        body: Vec<Item>,
        /// From the keyword to the closing brace.
        span: Span,
    },
    /// Declarations to be made again with other arguments.
    Template(Template),
    /// What the authors expect of the results.
    Claim(Claim),
    /// A stage, or an instance of a template.
    Stage(Stage),
}

/// `use "lib/chest.msx" { fold }` or `use "lib/chest.msx" as chest`
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The other file, as written.
    pub path: Spanned<String>,
    /// What comes from it.
    pub names: ImportedNames,
    /// From the keyword to the last name or closing brace.
    pub span: Span,
}

/// What an import brings into sight.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportedNames {
    /// One name, behind which all names of the file stand.
    Namespace(Name),
    /// Some names of the file.
    Chosen(Vec<ImportedName>),
}

/// `fold` or `fold as chest_fold`
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedName {
    /// The name in the other file.
    pub original: Name,
    /// The name in this one.
    pub local: Name,
}

/// One part of a sweep: `k in [2, 4]`
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// Loop variables.
    pub variables: Vec<Name>,
    /// What they run over.
    pub values: Expression,
}

/// `template judged(fold: subset) { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name.
    pub name: Name,
    /// What an instance gives.
    pub parameters: Vec<Parameter>,
    /// What an instance declares.
    pub body: Vec<Item>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `epochs: int = 100`
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// The word for its type, or a stage kind.
    pub type_name: Name,
    /// What holds where an instance leaves it out.
    pub default: Option<Expression>,
}

/// What stands in parentheses behind a word; some of it has a name.
pub type Arguments = Vec<(Option<Name>, Expression)>;

/// `claim fewer_help: trend(fig.relative, over: k, direction: falling)`
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Its name.
    pub name: Name,
    /// What kind of statement it is.
    pub method: Name,
    /// What is claimed of what.
    pub arguments: Arguments,
    /// From the keyword to the closing parenthesis.
    pub span: Span,
}

/// The declaration of a stage or family, or an instance of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The import in front of the kind: `chest.judged`.
    pub namespace: Option<Name>,
    /// The stage kind or template.
    pub kind: Name,
    /// The stage's name.
    pub name: Name,
    /// What stands after the colon.
    pub header: Option<Spanned<Reference>>,
    /// The fields.
    pub entries: Vec<Entry>,
    /// From the kind to the closing brace.
    pub span: Span,
}

/// One part of a block or record.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// `name: value`
    Field(Field),
    /// `...record`
    Spread(Expression),
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
    /// `"data/{name}.csv"`
    Interpolation(Vec<Piece>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `2..6`, `10 kimg..50 kimg by 10 kimg`
    Range {
        /// The first member.
        first: Box<Expression>,
        /// Where it ends; belongs to it.
        last: Box<Expression>,
        /// From one member to the next; 1 without it.
        step: Option<Box<Expression>>,
    },
    /// `(a, b)`
    Tuple(Vec<Expression>),
    /// `{ a: 1 }`
    Record(Vec<Entry>),
    /// `top(6)`
    Call {
        /// The word in front.
        name: Name,
        /// What stands in its parentheses.
        arguments: Arguments,
    },
    /// A name with what may follow it.
    Reference(Reference),
    /// `-a`
    Negation(Box<Expression>),
    /// `not a`
    Inversion(Box<Expression>),
    /// `a + b`
    Operation {
        /// What is done.
        operator: Operator,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// `if quick then 3 else 100`
    Conditional {
        /// What decides.
        condition: Box<Expression>,
        /// The value where it holds.
        then: Box<Expression>,
        /// The value where it does not.
        otherwise: Box<Expression>,
    },
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it stands there.
    Text(String),
    /// The value of what stands between braces.
    Value(Expression),
}

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `and`
    And,
    /// `or`
    Or,
}

/// `fold`, `fold.train`, `auc[*]`, `judged[k: 6].auc.result`
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The name in front.
    pub name: Name,
    /// What follows it.
    pub parts: Vec<Part>,
}

/// What may follow a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// `.train`: an output, a name inside an instance of a template, or a name of an import.
    Member(Name),
    /// `[k: 6]`
    Selection(Selection),
}

/// Which members of a family.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// `[*]`
    Everything,
    /// `[k: 6, arch: cpd]`
    Members(Vec<(Name, Expression)>),
}
