//! How a stage method describes itself. Checker, planner, manual and editor all read this.

use super::value::{Dimension, Value};

/// The type of something a stage gives and another takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputType {
    /// A whole dataset: images, labels, patient ids.
    Dataset,
    /// One fold of images and labels.
    Fold,
    /// A trained generator.
    Generator,
    /// A trained classifier.
    Classifier,
    /// Training curves.
    Curves,
    /// Scores and their statistics.
    Evaluation,
    /// Images laid out for looking at.
    Gallery,
    /// A table of results.
    Table,
    /// Candidates against a baseline.
    Comparison,
    /// A page.
    Page,
}

impl OutputType {
    /// The numbers that claims can be made about, each with one sentence for the manual.
    pub fn measures(self) -> &'static [(&'static str, &'static str)] {
        match self {
            OutputType::Evaluation => &[("auroc", "Mean AUROC over the findings.")],
            OutputType::Comparison => &[
                ("candidate", "Mean AUROC of the candidate."),
                ("baseline", "Mean AUROC of the baseline."),
                ("difference", "The candidate's AUROC less the baseline's."),
                ("relative", "The candidate's AUROC as a share of the baseline's."),
            ],
            _ => &[],
        }
    }
}

/// One named output of a stage, reachable as `stage.name`.
#[derive(Debug, Clone)]
pub struct Output {
    /// The name after the dot.
    pub name: &'static str,
    /// What it is.
    pub kind: OutputType,
    /// One sentence for the manual.
    pub doc: &'static str,
}

/// What stands after the colon in `kind name: …`.
#[derive(Debug, Clone)]
pub enum Header {
    /// A method: `gan g: cpd`.
    Method,
    /// Another stage: `subset fold: chest`; it becomes the input with this role.
    Stage {
        /// The input's role, e.g. `of`.
        role: &'static str,
        /// The kinds that fit.
        kinds: &'static [&'static str],
    },
    /// Nothing: `report page { … }`.
    Nothing,
}

/// The type of a field's value.
#[derive(Debug, Clone)]
pub enum FieldType {
    /// `true` or `false`.
    Bool,
    /// A whole number in an inclusive range.
    Int {
        /// Least value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// One of several whole numbers, in ascending order.
    OneOf(&'static [i64]),
    /// A real number in an inclusive range; a whole number is taken too.
    Float {
        /// Least value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// A string.
    Text,
    /// A file or folder of the user's, relative to the `.msx` file; its content goes into the key.
    Path,
    /// A number with a unit, in an inclusive range of base units. A plain number is an error that
    /// names the units, but a [`Dimension::Fraction`] may be written `0.8` as well as `80%`.
    Quantity {
        /// What it measures.
        dimension: Dimension,
        /// Least amount in base units.
        min: f64,
        /// Largest amount in base units.
        max: f64,
    },
    /// One of several words, some with arguments: `all`, `top(6)`.
    Choice(Vec<Variant>),
    /// A list of one type; a single value stands for a list of one.
    List(Box<FieldType>),
    /// A value, or a list of up to so many different ones. A list of one is written down as the value
    /// alone, so that a field may become such a one and what there is keeps its key.
    Several {
        /// The type of each.
        of: Box<FieldType>,
        /// How many there may be, at least 1.
        most: usize,
    },
    /// A record with known fields.
    Record(Vec<Field>),
    /// One output of a stage, `fold.train`. A bare stage name is taken where that stage has
    /// exactly one output of the wanted type.
    Output(OutputType),
    /// A whole stage of one of these kinds.
    Stage(&'static [&'static str]),
    /// Any number of whole stages: a name, a family selection `auc[*]` / `auc[arch: cpd]`, or a
    /// list of these. Empty kinds mean any kind.
    Stages {
        /// The kinds that fit; empty for all.
        kinds: &'static [&'static str],
        /// Whether all that the named stages were made from comes along.
        with_ancestors: bool,
    },
    /// The name of a loop variable of the families that the stage takes: `over: k`.
    Axis,
    /// A number that an output holds, of one stage or several: `fig.relative`, `auc[*].auroc`.
    Measure,
}

impl FieldType {
    /// The type of what a list of this type holds; of what is no list, the type itself.
    pub fn member(&self) -> &FieldType {
        match self {
            FieldType::List(of) | FieldType::Several { of, .. } => of,
            other => other,
        }
    }

    /// Whether a list is taken, and a single value as well.
    pub fn takes_lists(&self) -> bool {
        matches!(self, FieldType::List(_) | FieldType::Several { .. })
    }
}

/// One word of a [`FieldType::Choice`].
#[derive(Debug, Clone)]
pub struct Variant {
    /// The word.
    pub name: &'static str,
    /// One sentence for the manual.
    pub doc: &'static str,
    /// Its parameters, in positional order; empty for a bare word.
    pub parameters: Vec<Field>,
}

/// What holds where a field is left out.
#[derive(Debug, Clone)]
pub enum Default {
    /// It must be written.
    Required,
    /// This value.
    Value(Value),
    /// The experiment's `seed`.
    ExperimentSeed,
    /// Nothing at all: the parameter or input is absent.
    Absent,
    /// For [`FieldType::Stages`]: every stage of the file but those of the same kind.
    EveryStage,
}

/// One field of a stage, record or choice.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// One or two sentences for the manual.
    pub doc: &'static str,
    /// Its type.
    pub ty: FieldType,
    /// What holds without it.
    pub default: Default,
    /// True for fields that only say how long to go on (length, patience): they are left out of
    /// the trajectory key, so that a longer training continues a shorter one.
    pub horizon: bool,
    /// True for fields that decide which patients fall into which fold: of two stages that differ in
    /// them, the test fold of one may hold patients of the other's training fold.
    pub splits_patients: bool,
    /// True for fields whose value stays in the experiment file and the cache: pages, locks and bundles
    /// withhold it, unless it is the default.
    pub secret: bool,
}

impl Field {
    /// A field with whatever holds where it is left out.
    pub fn new(name: &'static str, ty: FieldType, default: Default, doc: &'static str) -> Field {
        Field { name, doc, ty, default, horizon: false, splits_patients: false, secret: false }
    }

    /// A field that must be written.
    pub fn required(name: &'static str, ty: FieldType, doc: &'static str) -> Field {
        Field::new(name, ty, Default::Required, doc)
    }

    /// A field with a default value.
    pub fn default(name: &'static str, ty: FieldType, value: Value, doc: &'static str) -> Field {
        Field::new(name, ty, Default::Value(value), doc)
    }

    /// A field that may be absent.
    pub fn optional(name: &'static str, ty: FieldType, doc: &'static str) -> Field {
        Field::new(name, ty, Default::Absent, doc)
    }

    /// The `seed` field every stage with chance in it has.
    pub fn seed() -> Field {
        let ty = FieldType::Int { min: 0, max: i64::MAX };
        let doc = "Seed of every random stream of this stage.";
        Field::new("seed", ty, Default::ExperimentSeed, doc)
    }

    /// Marks the field as one that only says how long to go on.
    pub fn horizon(mut self) -> Field {
        self.horizon = true;
        self
    }

    /// Marks the field as one that decides which patients fall into which fold.
    pub fn splits_patients(mut self) -> Field {
        self.splits_patients = true;
        self
    }

    /// Marks the field as one whose value is withheld from everybody else.
    pub fn secret(mut self) -> Field {
        self.secret = true;
        self
    }

    /// Whether a value of this field may not leave.
    pub fn withholds(&self, value: &Value) -> bool {
        self.secret && !matches!(&self.default, Default::Value(default) if default == value)
    }
}

/// The description of one stage method.
#[derive(Debug, Clone)]
pub struct MethodSchema {
    /// The stage kind, e.g. `gan`.
    pub kind: &'static str,
    /// The method, e.g. `cpd`; empty for kinds whose header is not a method.
    pub method: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Markdown for the manual.
    pub docs: &'static str,
    /// A `.msx` snippet for the manual.
    pub example: &'static str,
    /// Raised whenever the bytes that the method produces change.
    pub revision: u32,
    /// What stands after the colon.
    pub header: Header,
    /// The fields, in manual order.
    pub fields: Vec<Field>,
    /// The outputs.
    pub outputs: Vec<Output>,
}

/// All known methods. The language knows stages only through this.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    methods: Vec<MethodSchema>,
}

impl Schemas {
    /// Collects schemas; order is kept for manuals.
    pub fn new(methods: Vec<MethodSchema>) -> Schemas {
        Schemas { methods }
    }

    /// Every method, in manual order.
    pub fn methods(&self) -> &[MethodSchema] {
        &self.methods
    }

    /// The kinds, each once, in manual order.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<&'static str> = Vec::new();
        for schema in &self.methods {
            if !kinds.contains(&schema.kind) {
                kinds.push(schema.kind);
            }
        }
        kinds
    }

    /// The methods of one kind.
    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a MethodSchema> {
        self.methods.iter().filter(move |schema| schema.kind == kind)
    }

    /// One method; `method` is empty for kinds whose header is not a method.
    pub fn get(&self, kind: &str, method: &str) -> Option<&MethodSchema> {
        self.methods.iter().find(|schema| schema.kind == kind && schema.method == method)
    }
}
