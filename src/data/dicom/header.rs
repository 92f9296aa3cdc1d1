//! What a file says of its pixels.

use super::error::{describe, wrong};
use super::file::DicomFile;
use super::window::Shape;
use crate::data::error::DataError;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject, Tag};

/// More pixels, in one frame or in all, are taken for a broken header.
const MOST_PIXELS: usize = 1 << 28;
const MOST_PIXELS_OF_ALL: usize = 1 << 32;

/// How samples are laid out and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Samples a pixel: 1 or 3.
    pub(super) samples: usize,
    pub(super) frames: usize,
    /// Bits that a sample takes: 1, 8 or 16.
    pub(super) allocated: u32,
    /// Bits of these that count.
    pub(super) stored: u32,
    /// The highest of these.
    pub(super) high: u32,
    pub(super) signed: bool,
    /// Whether all of the first colour stands before all of the second.
    pub(super) planes: bool,
    pub(super) photometric: String,
    /// Samples that stand for no measurement, as an inclusive range.
    pub(super) padding: Option<(i32, i32)>,
}

impl Header {
    pub(super) fn of(file: &DicomFile) -> Result<Header, DataError> {
        let object = &file.object;
        let wanted = |tag, name: &str| {
            whole(object, tag).ok_or_else(|| {
                let reason = format!("it holds no image: {name} {tag} is missing");
                wrong(&file.path, reason, "leave files without images out")
            })
        };
        let allocated = wanted(tags::BITS_ALLOCATED, "Bits Allocated")?;
        let stored = whole(object, tags::BITS_STORED).unwrap_or(allocated);
        let padding = integer(object, tags::PIXEL_PADDING_VALUE).map(|value| {
            let limit = integer(object, tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value);
            (value.min(limit), value.max(limit))
        });
        let photometric = text(object, tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
        let header = Header {
            rows: wanted(tags::ROWS, "Rows")?,
            columns: wanted(tags::COLUMNS, "Columns")?,
            samples: whole(object, tags::SAMPLES_PER_PIXEL).unwrap_or(1),
            frames: whole(object, tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1),
            allocated: allocated as u32,
            stored: stored as u32,
            high: whole(object, tags::HIGH_BIT).unwrap_or(stored.wrapping_sub(1)) as u32,
            signed: whole(object, tags::PIXEL_REPRESENTATION) == Some(1),
            planes: whole(object, tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
            padding,
        };
        match header.contradiction() {
            Some(reason) => {
                let reason = format!("{reason}, in {}", describe(file.syntax()));
                Err(wrong(&file.path, reason, "convert it to grey or RGB of 8 or 16 bits"))
            }
            None => Ok(header),
        }
    }

    fn contradiction(&self) -> Option<String> {
        let pixels = self.rows * self.columns;
        if pixels == 0 || pixels > MOST_PIXELS {
            return Some(format!("an image of {} × {} pixels", self.columns, self.rows));
        }
        if pixels.saturating_mul(self.frames) > MOST_PIXELS_OF_ALL {
            return Some(format!(
                "{} images of {} × {} pixels",
                self.frames, self.columns, self.rows
            ));
        }
        if !matches!(self.samples, 1 | 3) {
            return Some(format!("{} samples a pixel cannot be read", self.samples));
        }
        if !matches!(self.allocated, 1 | 8 | 16) {
            return Some(format!("samples of {} bits cannot be read", self.allocated));
        }
        let fits = (1..=self.allocated).contains(&self.stored)
            && self.high < self.allocated
            && self.high + 1 >= self.stored;
        (!fits).then(|| {
            let (stored, allocated, high) = (self.stored, self.allocated, self.high);
            format!("{stored} bits below bit {high} do not fit into {allocated}")
        })
    }

    /// Pixels of one frame.
    pub(super) fn pixels(&self) -> usize {
        self.rows * self.columns
    }
}

/// A whole number that is at least 0.
fn whole(object: &InMemDicomObject, tag: Tag) -> Option<usize> {
    usize::try_from(integer(object, tag)?).ok()
}

fn integer(object: &InMemDicomObject, tag: Tag) -> Option<i32> {
    let element = object.get(tag)?;
    if element.vr() != VR::UN {
        return element.to_int().ok();
    }
    let bytes = element.to_bytes().ok()?;
    Some(i32::from(u16::from_le_bytes([*bytes.first()?, *bytes.get(1)?])))
}

/// A text without the blanks around it. Where the file does not say what an element is (`UN`), its
/// bytes are taken for text.
pub(super) fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let element = object.get(tag)?;
    let text = if element.vr() == VR::UN {
        String::from_utf8_lossy(&element.to_bytes().ok()?).into_owned()
    } else {
        element.to_str().ok()?.into_owned()
    };
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// A number of one frame: of the whole file, else of the frame's own group, else of the group that
/// all frames share. The first where there are several.
pub(super) fn number(
    object: &DefaultDicomObject,
    frame: usize,
    group: Tag,
    tag: Tag,
) -> Option<f64> {
    let of = |object: &InMemDicomObject| {
        let first = match object.get(tag)?.vr() {
            VR::DS | VR::UN => text(object, tag)?.split('\\').next()?.trim().parse().ok()?,
            _ => object.get(tag)?.to_multi_float64().ok()?.first().copied()?,
        };
        Some(first).filter(|number: &f64| number.is_finite())
    };
    let within = |groups: Tag, position: usize| {
        let item = object.get(groups)?.items()?.get(position)?;
        of(item.get(group)?.items()?.first()?)
    };
    of(object)
        .or_else(|| within(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frame))
        .or_else(|| within(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, 0))
}

/// The shape of the file's windows.
pub(super) fn window_shape(object: &InMemDicomObject) -> Shape {
    match text(object, tags::VOILUT_FUNCTION).as_deref() {
        Some("LINEAR_EXACT") => Shape::LinearExact,
        Some("SIGMOID") => Shape::Sigmoid,
        _ => Shape::Linear,
    }
}
