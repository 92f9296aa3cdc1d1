//! `subset`: label sets, patient split and counts, as the seed system makes them.

use super::fields::{at_least, fold_outputs, side};
use super::{Context, Method, Parameters, StageError};
use crate::data::split::read_splits;
use crate::data::subset::{self, Classes, FOLDS, Filter, SubsetConfig};
use crate::data::{Dropped, Fold, Summary};
use crate::language::schema::{
    Field, FieldType, Header, MethodSchema, Output, OutputType, Variant,
};
use crate::language::value::{Dimension, Fields, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// `subset NAME: DATASET`
pub(super) struct Subset;

/// What the subset's summary holds.
#[derive(Serialize)]
struct SubsetSummary<'a> {
    classes: Vec<String>,
    dropped: &'a [Dropped],
    folds: BTreeMap<&'static str, Summary>,
}

impl Method for Subset {
    fn schema(&self) -> MethodSchema {
        let mut outputs = fold_outputs();
        outputs.push(Output {
            name: "summary",
            kind: OutputType::Table,
            doc: "Classes, counts and what was left out.",
        });
        MethodSchema {
            kind: "subset",
            method: "",
            summary: "train, validation and test folds of a dataset, split by patient",
            docs: "A class is a label set, one distinct combination of findings. All patients of \
                   the dataset are split first, by a seeded shuffle, so that no patient is in two \
                   folds and the split does not depend on the classes. Label sets are \
                   filtered by their findings, ranked and chosen. Images are then chosen in \
                   a seeded order of their own: fewer classes or fewer samples are contained in \
                   more, and the validation and test folds do not change with the number of \
                   training images. A `total` is shared out to the label sets in proportion to \
                   their images in the fold, by the method of Sainte-Laguë: each gets its share \
                   rounded to the nearest as nearly as the sum allows, and a smaller total is \
                   contained in a larger one. Findings that no longer occur leave the label \
                   vector.",
            example: "subset fold: chest { classes: top(6), per_class: { train: 2300, valid: 190, \
                      test: 170 }, size: 32px }",
            revision: 2,
            header: Header::Stage { role: "of", kinds: &["dataset"] },
            fields: fields(),
            outputs,
        }
    }

    fn shows_data(&self, output: &str) -> bool {
        output != "summary"
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let folder = context.input("of")?.output("images");
        let dataset = Fold::open_unread(&folder)?;
        let config = config(context.parameters, dataset.info().side)?;
        let (info, labels) = (dataset.info(), dataset.all_labels());
        let plan = match context.parameters.text("folds")? {
            "published" => {
                let splits = read_splits(&folder, dataset.len())?.ok_or_else(|| {
                    StageError::message(
                        "the dataset was not published with folds; draw them with `folds: drawn`, \
                         or name their column in the dataset's `split_column`",
                    )
                })?;
                subset::plan_published(info, labels, &config, &splits)?
            }
            _ => subset::plan(info, labels, &config)?,
        };
        let mut folds = BTreeMap::new();
        for (position, name) in FOLDS.into_iter().enumerate() {
            let target = context.output(name)?;
            folds.insert(name, subset::write(&dataset, &plan, position, config.side, &target)?);
        }
        let names = plan.classes.iter().map(|class| class.name(&dataset.info().findings));
        let summary = SubsetSummary { classes: names.collect(), dropped: &plan.dropped, folds };
        context.write_json("summary", "summary.json", &summary)
    }
}

fn fields() -> Vec<Field> {
    let per_class = |name, doc| Field::optional(name, at_least(1), doc);
    let total = per_class;
    let names = || FieldType::List(Box::new(FieldType::Text));
    let findings = |name, doc| Field::optional(name, names(), doc);
    let word = |name, doc| Variant { name, doc, parameters: Vec::new() };
    let share = |name, default, doc| {
        let ty = FieldType::Quantity { dimension: Dimension::Fraction, min: 0.0, max: 1.0 };
        Field::default(name, ty, Value::fraction(default), doc)
    };
    let shares = Fields::from_iter([
        ("train".to_owned(), Value::fraction(0.8)),
        ("valid".to_owned(), Value::fraction(0.1)),
        ("test".to_owned(), Value::fraction(0.1)),
    ]);
    vec![
        Field::default(
            "classes",
            FieldType::Choice(class_choices()),
            Value::word("all"),
            "Which label sets are kept. They are ranked by frequency in the whole dataset; equally \
             frequent ones by the positions of their findings.",
        ),
        findings(
            "containing",
            "Only label sets with all of these findings. This, `excluding` and `findings` come \
             first: `classes` ranks and chooses among the label sets that they leave.",
        ),
        findings("excluding", "Only label sets with none of these findings."),
        findings(
            "findings",
            "Only label sets of these findings and no others; images without any stay. Labels are \
             never changed: an image that shows another finding too is left out whole.",
        ),
        Field::default(
            "per_class",
            FieldType::Record(vec![
                per_class("train", "Images of each class to train on; all there are without it."),
                per_class("valid", "Images of each class to validate on."),
                per_class("test", "Images of each class to test on."),
            ]),
            Value::Record(Fields::new()),
            "How many images each class has in each fold.",
        ),
        Field::optional(
            "total",
            FieldType::Record(vec![
                total("train", "Images to train on."),
                total("valid", "Images to validate on."),
                total("test", "Images to test on."),
            ]),
            "How many images a fold has over all classes, in place of `per_class` for that fold.",
        ),
        Field::default(
            "split",
            FieldType::Record(vec![
                share("train", 0.8, "Share of the patients to train on."),
                share("valid", 0.1, "Share of the patients to validate on."),
                share("test", 0.1, "Share of the patients to test on."),
            ]),
            Value::Record(shares),
            "How the patients are shared out; the shares sum to 1.",
        )
        .splits_patients(),
        Field::default(
            "folds",
            FieldType::Choice(vec![
                word("drawn", "By a seeded shuffle of the patients, in the shares of `split`."),
                word(
                    "published",
                    "Those that the dataset was published with; `split` plays no part. A patient \
                     in two of them is an error.",
                ),
            ]),
            Value::word("drawn"),
            "Where the folds come from.",
        )
        .splits_patients(),
        Field::optional(
            "size",
            side(),
            "Side of the images: the dataset's own, or that halved any number of times.",
        ),
        Field::seed().splits_patients(),
    ]
}

fn class_choices() -> Vec<Variant> {
    let count = |name, doc| vec![Field::required(name, at_least(1), doc)];
    vec![
        Variant { name: "all", doc: "Every label set.", parameters: Vec::new() },
        Variant {
            name: "top",
            doc: "The most frequent label sets.",
            parameters: count("count", "How many."),
        },
        Variant {
            name: "min_count",
            doc: "Label sets with at least so many images in the dataset.",
            parameters: count("count", "How many images."),
        },
        Variant {
            name: "named",
            doc: "These label sets, whatever their number of images.",
            parameters: vec![Field::required(
                "sets",
                FieldType::List(Box::new(FieldType::Text)),
                "Their names as `msx data` writes them, findings joined by ` + `, in any order; \
                 `no finding` for images without any.",
            )],
        },
    ]
}

fn config(parameters: Parameters<'_>, dataset_side: usize) -> Result<SubsetConfig, StageError> {
    let classes = match parameters.choice("classes")? {
        ("top", Some(arguments)) => Classes::Top(arguments.count("count")?),
        ("min_count", Some(arguments)) => Classes::MinCount(arguments.count("count")?),
        ("named", Some(arguments)) => Classes::Named(arguments.texts("sets")?),
        _ => Classes::All,
    };
    let names = |field: &str| parameters.get(field).map(|_| parameters.texts(field)).transpose();
    let filter = Filter {
        containing: names("containing")?.unwrap_or_default(),
        excluding: names("excluding")?.unwrap_or_default(),
        findings: names("findings")?,
    };
    let wanted = parameters.record("per_class")?;
    let mut per_class = [None; 3];
    let totals = parameters.get("total").map(|_| parameters.record("total")).transpose()?;
    let mut total = [None; 3];
    let shares = parameters.record("split")?;
    let mut split = [0.0; 3];
    for (position, name) in FOLDS.into_iter().enumerate() {
        if wanted.get(name).is_some() {
            per_class[position] = Some(wanted.count(name)?);
        }
        if let Some(totals) = totals.filter(|totals| totals.get(name).is_some()) {
            total[position] = Some(totals.count(name)?);
        }
        if per_class[position].is_some() && total[position].is_some() {
            return Err(StageError::message(format!(
                "`per_class` and `total` both say how many images {name} has; leave one out"
            )));
        }
        split[position] = shares.float(name)?;
    }
    let sum: f64 = split.iter().sum();
    if (sum - 1.0).abs() > 1e-9 {
        return Err(StageError::message(format!(
            "the shares of `split` sum to {sum}, they must sum to 1"
        )));
    }
    let side = match parameters.get("size") {
        Some(_) => parameters.size("size")?,
        None => dataset_side,
    };
    Ok(SubsetConfig { filter, classes, per_class, total, split, side, seed: parameters.seed()? })
}
