//! `synth`: synthetic folds with the sizes and label vectors of real ones.

use super::fields::fold_outputs;
use super::gan::MadeFor;
use super::{Context, Method, StageError};
use crate::data::subset::FOLDS;
use crate::data::{Channels, Depth, Fold, FoldInfo, LabelSet, Origin, Pixels, Raster, write_fold};
use crate::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType};
use crate::language::value::Value;
use crate::learn::gan::{Wanted, synthesise};
use crate::learn::with_backend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `synth NAME: GAN`
pub(super) struct Synth;

/// Real and synthetic images of each class side by side, for reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Gallery {
    /// Side of the images in pixels.
    pub(super) side: usize,
    /// Their channels; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub(super) channels: Channels,
    /// Classes, most frequent first.
    pub(super) classes: Vec<GalleryClass>,
}

/// One class of a [`Gallery`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GalleryClass {
    pub(super) name: String,
    /// Images in each of the two rows of `gallery.bin`, where all rows follow each other.
    pub(super) count: usize,
}

impl Method for Synth {
    fn schema(&self) -> MethodSchema {
        let mut outputs = fold_outputs();
        outputs.push(Output {
            name: "gallery",
            kind: OutputType::Gallery,
            doc: "Real and synthetic training images of each class side by side.",
        });
        MethodSchema {
            kind: "synth",
            method: "",
            summary: "synthetic folds with the sizes and label vectors of real ones",
            docs: "For every image of the real train, validation and test folds the generator \
                   makes one with the same label vector. Latents come from one seeded stream a \
                   fold. Pixels are as deep as those of the real images, in as many channels.",
            example: "synth fake: g { like: fold }",
            revision: 2,
            header: Header::Stage { role: "of", kinds: &["gan"] },
            fields: vec![
                Field::required(
                    "like",
                    FieldType::Stage(&["subset"]),
                    "The subset whose folds are imitated.",
                ),
                Field::default(
                    "gallery",
                    FieldType::Int { min: 1, max: 100 },
                    Value::Int(8),
                    "Images of each class that are laid out for looking at.",
                ),
                Field::seed(),
            ],
            outputs,
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    /// The gallery has real images beside the synthetic ones.
    fn shows_data(&self, output: &str) -> bool {
        output == "gallery"
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let generator = context.input("of")?;
        let made_for: MadeFor = generator.read_json("generator", "made_for.json")?;
        let generator = generator.read("generator", "generator.safetensors")?;
        for (position, name) in FOLDS.into_iter().enumerate() {
            let real = Fold::open_unread(&context.input("like")?.output(name))?;
            let info = real.info();
            let (findings, side, channels) = (info.findings.clone(), info.side, info.channels);
            let wanted = MadeFor { findings, side, channels };
            if made_for != wanted {
                return Err(StageError::message(format!(
                    "the generator makes {}, `like` has {}; give `like` the subset that the GAN \
                     was trained on",
                    made_for, wanted
                )));
            }
            // Each fold has a seed of its own, so that no latent is used twice.
            let seed = context.parameters.seed()?.wrapping_mul(3).wrapping_add(position as u64);
            let wanted = Wanted {
                labels: real.all_labels(),
                findings: info.findings.len(),
                depth: info.depth,
            };
            let images = with_backend!(context.device, |B, device| {
                synthesise::<B>(&generator, wanted, seed, &device, context.monitor)
            })?;
            let info = FoldInfo {
                origin: Origin::Synthetic,
                patients: Vec::new(),
                sources: Vec::new(),
                ..real.info().clone()
            };
            write_fold(&context.output(name)?, &info, &images, real.all_labels())?;
            if name == "train" {
                write_gallery(context, &real, &images)?;
            }
        }
        Ok(())
    }
}

/// The first images of each class; a real image and the synthetic one with its labels share a
/// column.
fn write_gallery(context: &Context<'_>, real: &Fold, synthetic: &[u8]) -> Result<(), StageError> {
    let wanted = context.parameters.count("gallery")?;
    let synthetic = Pixels::new(synthetic, real.info().raster());
    let mut members: BTreeMap<LabelSet, Vec<usize>> = BTreeMap::new();
    for index in 0..real.len() {
        members.entry(real.label_set(index)).or_default().push(index);
    }
    let mut classes: Vec<(LabelSet, Vec<usize>)> = members.into_iter().collect();
    classes.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let mut pixels = Vec::new();
    let Raster { side, channels, .. } = real.info().raster();
    let mut gallery = Gallery { side, channels, classes: Vec::new() };
    for (class, indices) in classes {
        let shown = &indices[..indices.len().min(wanted)];
        real.check(shown)?;
        for images in [real.pixels(), synthetic] {
            // They are for looking at.
            shown.iter().for_each(|&at| pixels.extend(&*images.at_depth(at, Depth::Eight)));
        }
        gallery
            .classes
            .push(GalleryClass { name: class.name(&real.info().findings), count: shown.len() });
    }
    context.write("gallery", "gallery.bin", &pixels)?;
    context.write_json("gallery", "gallery.json", &gallery)
}
