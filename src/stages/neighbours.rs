//! `neighbours`: the nearest real image to each of some synthetic ones.

use super::fields::at_least;
use super::{Context, Figure, Method, ResultFiles, StageError};
use crate::data::census::spread;
use crate::data::{Channels, Depth, Fold, Pixels, Raster};
use crate::language::schema::{
    Field, FieldType, Header, MethodSchema, Output, OutputType, Variant,
};
use crate::language::value::Value;
use crate::learn::classifier::{Features, features};
use crate::learn::with_backend;
use crate::measure::neighbours::{Metric, nearest};
use serde::{Deserialize, Serialize};

/// `neighbours NAME: CLASSIFIER`
pub(super) struct Neighbours;

/// Pairs of a synthetic image and its nearest real one. `pairs.bin` holds the images: synthetic,
/// real, synthetic, real, …
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pairs {
    /// Side of the images in pixels.
    pub(super) side: usize,
    /// Their channels; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub(super) channels: Channels,
    /// How distances were measured.
    pub(super) metric: Metric,
    /// How many real images were searched.
    pub(super) searched: usize,
    /// The pairs, in the order of the synthetic fold.
    pub(super) pairs: Vec<PairInfo>,
}

/// One pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PairInfo {
    /// Position in the synthetic fold.
    pub(super) synthetic: usize,
    /// Position in the real fold.
    pub(super) real: usize,
    /// Distance between their features.
    pub(super) distance: f64,
    /// Label set of the synthetic image.
    pub(super) labels: String,
    /// Label set of the real image.
    pub(super) real_labels: String,
}

impl Method for Neighbours {
    fn schema(&self) -> MethodSchema {
        let variant = |name, doc| Variant { name, doc, parameters: Vec::new() };
        let metrics = vec![
            variant("cosine", "One less the cosine of the angle between features."),
            variant("euclidean", "Length of the difference between features."),
        ];
        let fold = || FieldType::Output(OutputType::Fold);
        MethodSchema {
            kind: "neighbours",
            method: "",
            summary: "the nearest real image to each synthetic one",
            docs: "Exact search in the space of the averaged features in front of a classifier's \
                   head. Copies of training images show up as pairs that look alike at a distance \
                   near zero.",
            example: "neighbours nn: on_real { of: fake.test, among: fold.train, count: 100 }",
            revision: 1,
            header: Header::Stage { role: "features", kinds: &["classifier"] },
            fields: vec![
                Field::required("of", fold(), "The synthetic images."),
                Field::required("among", fold(), "The real images to search."),
                Field::default(
                    "count",
                    at_least(1),
                    Value::Int(100),
                    "How many synthetic images, spread evenly over their fold.",
                ),
                Field::default(
                    "metric",
                    FieldType::Choice(metrics),
                    Value::word("cosine"),
                    "How distances are measured.",
                ),
            ],
            outputs: vec![Output {
                name: "pairs",
                kind: OutputType::Gallery,
                doc: "Each synthetic image with its nearest real one.",
            }],
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        let Some(found) = result.json::<Pairs>("pairs", "pairs.json") else { return Vec::new() };
        let mut distances: Vec<f64> = found.pairs.iter().map(|pair| pair.distance).collect();
        distances.sort_by(f64::total_cmp);
        let named = |name, at: usize| distances.get(at).map(|&value| Figure::plain(name, value));
        let middle = distances.len() / 2;
        named("least distance", 0).into_iter().chain(named("median distance", middle)).collect()
    }

    /// The pairs show real images.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let queries = Fold::open(&context.input("of")?.output("test"))?;
        let candidates = Fold::open(&context.input("among")?.output("train"))?;
        let sides = (queries.info().side, candidates.info().side);
        if sides.0 != sides.1 {
            return Err(StageError::message(format!(
                "`of` has images of {} px, `among` of {} px; take folds of one size",
                sides.0, sides.1
            )));
        }
        let channels = (queries.info().channels, candidates.info().channels);
        if channels.0 != channels.1 {
            return Err(StageError::message(format!(
                "`of` has images of {}, `among` of {}; take folds of as many windows",
                channels.0, channels.1
            )));
        }
        let chosen = spread(queries.len(), context.parameters.count("count")?);
        let mut images = Vec::new();
        chosen.iter().for_each(|&index| images.extend_from_slice(queries.image(index)));
        let of_queries = embed(context, Pixels::new(&images, queries.info().raster()))?;
        let of_candidates = embed(context, candidates.pixels())?;
        let metric = match context.parameters.text("metric")? {
            "euclidean" => Metric::Euclidean,
            _ => Metric::Cosine,
        };
        let found = nearest(&of_queries.values, &of_candidates.values, of_queries.width, metric)
            .ok_or_else(|| StageError::message("the fold to search is empty"))?;
        let mut pixels = Vec::new();
        let mut pairs = Vec::with_capacity(chosen.len());
        for (&synthetic, neighbour) in chosen.iter().zip(&found) {
            // They are for looking at.
            pixels.extend(&*queries.pixels().at_depth(synthetic, Depth::Eight));
            pixels.extend(&*candidates.pixels().at_depth(neighbour.index, Depth::Eight));
            pairs.push(PairInfo {
                synthetic,
                real: neighbour.index,
                distance: neighbour.distance,
                labels: queries.label_set(synthetic).name(&queries.info().findings),
                real_labels: candidates
                    .label_set(neighbour.index)
                    .name(&candidates.info().findings),
            });
        }
        let Raster { side, channels, .. } = queries.info().raster();
        let pairs = Pairs { side, channels, metric, searched: candidates.len(), pairs };
        context.write("pairs", "pairs.bin", &pixels)?;
        context.write_json("pairs", "pairs.json", &pairs)
    }
}

fn embed(context: &Context<'_>, images: Pixels<'_>) -> Result<Features, StageError> {
    let weights = context.input("features")?.read("weights", "weights.safetensors")?;
    let found = with_backend!(context.device, |B, device| {
        features::<B>(&weights, images, &device, context.monitor)
    })?;
    Ok(found)
}
