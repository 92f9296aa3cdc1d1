//! Writing: one image as a DICOM file that names no patient, grey or, of several channels, in colours.
//!
//! The object is a Secondary Capture Image (PS3.3, A.8.1). Attributes of the patient and of the visit
//! that the standard wants present stand empty. A synthetic image says so three times: Conversion Type
//! `SYN` (C.8.6.1), Synthetic Data `YES` (C.12.1, since 2023), and the Derivation Description.

use crate::data::channels::shown;
use crate::data::depth::{Deep, Depth, Pixel};
use crate::data::pixels::Raster;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

/// Longest values of the kinds LO, ST and LT in characters (PS3.5, 6.2).
const LONGEST_LO: usize = 64;
const LONGEST_ST: usize = 1024;
const LONGEST_LT: usize = 10_240;

/// What a file says.
pub struct Capture<'a> {
    /// The bytes of an image, `[channels, side, side]`, black to white.
    pub pixels: &'a [u8],
    /// Its side, depth and channels; of several the depth is eight bits.
    pub raster: Raster,
    /// What stands for the study, the same in all of its images.
    pub study: u128,
    /// What stands for the series.
    pub series: u128,
    /// What stands for the image alone.
    pub instance: u128,
    /// The series' number within the study.
    pub series_number: usize,
    /// The image's number within the series.
    pub instance_number: usize,
    /// What the study is.
    pub study_description: &'a str,
    /// What the series is.
    pub series_description: &'a str,
    /// How the image came to be.
    pub derivation: &'a str,
    /// What it shows.
    pub comments: &'a str,
    /// Whether it was made artificially.
    pub is_synthetic: bool,
}

impl Capture<'_> {
    /// The file's bytes, little endian with explicit kinds, uncompressed. The same image gives the
    /// same bytes.
    ///
    /// # Errors
    /// The pixels are not as many as side and channels say, there are colours of sixteen bits, or the
    /// library refuses, in words.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let Raster { side, depth, channels } = self.raster;
        if !channels.is_one() && !depth.is_eight() {
            return Err(format!("colours of {} bits are not written", depth.bits()));
        }
        let side = u16::try_from(side).map_err(|_| "the image is too large for DICOM")?;
        if self.pixels.len() != self.raster.bytes() {
            return Err(format!("{} bytes are no square of {side} pixels", self.pixels.len()));
        }
        let bits = u16::from(depth.bits());
        let mut object = InMemDicomObject::new_empty();
        self.add_texts(&mut object);
        let numbers = [
            (tags::SAMPLES_PER_PIXEL, channels.samples() as u16),
            (tags::ROWS, side),
            (tags::COLUMNS, side),
            (tags::BITS_ALLOCATED, bits),
            (tags::BITS_STORED, bits),
            (tags::HIGH_BIT, bits - 1),
            (tags::PIXEL_REPRESENTATION, 0),
        ];
        for (tag, number) in numbers {
            object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(number)));
        }
        if !channels.is_one() {
            // The samples of a pixel stand together (C.7.6.3.1.3).
            let by_pixel = PrimitiveValue::from(0_u16);
            object.put(DataElement::new(tags::PLANAR_CONFIGURATION, VR::US, by_pixel));
        }
        let (kind, pixels) = self.pixel_data();
        object.put(DataElement::new(tags::PIXEL_DATA, kind, pixels));
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
            .media_storage_sop_class_uid(uids::SECONDARY_CAPTURE_IMAGE_STORAGE)
            .media_storage_sop_instance_uid(uid(self.instance));
        let file = object.with_meta(meta).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.write_all(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    fn pixel_data(&self) -> (VR, PrimitiveValue) {
        match self.raster.depth {
            Depth::Eight => {
                let mut pixels = shown(self.pixels, self.raster).into_owned();
                // Values have an even length.
                pixels.resize(pixels.len().next_multiple_of(2), 0);
                (VR::OB, PrimitiveValue::U8(pixels.into()))
            }
            Depth::Sixteen => {
                let levels = Deep::of_bytes(self.pixels).iter().map(|pixel| pixel.level());
                (VR::OW, PrimitiveValue::U16(levels.collect()))
            }
        }
    }

    fn add_texts(&self, object: &mut InMemDicomObject) {
        let conversion = if self.is_synthetic { "SYN" } else { "WSD" };
        let version = env!("CARGO_PKG_VERSION");
        let photometric = if self.raster.channels.is_one() { "MONOCHROME2" } else { "RGB" };
        let texts = [
            (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".to_owned()),
            (tags::IMAGE_TYPE, VR::CS, r"DERIVED\SECONDARY".to_owned()),
            (tags::SOP_CLASS_UID, VR::UI, uids::SECONDARY_CAPTURE_IMAGE_STORAGE.to_owned()),
            (tags::SOP_INSTANCE_UID, VR::UI, uid(self.instance)),
            (tags::STUDY_INSTANCE_UID, VR::UI, uid(self.study)),
            (tags::SERIES_INSTANCE_UID, VR::UI, uid(self.series)),
            (tags::SERIES_NUMBER, VR::IS, self.series_number.to_string()),
            (tags::INSTANCE_NUMBER, VR::IS, self.instance_number.to_string()),
            (tags::STUDY_DESCRIPTION, VR::LO, one_line(self.study_description)),
            (tags::SERIES_DESCRIPTION, VR::LO, one_line(self.series_description)),
            (tags::MODALITY, VR::CS, "OT".to_owned()),
            (tags::CONVERSION_TYPE, VR::CS, conversion.to_owned()),
            (tags::MANUFACTURER, VR::LO, "msx".to_owned()),
            (tags::SOFTWARE_VERSIONS, VR::LO, version.to_owned()),
            (tags::SECONDARY_CAPTURE_DEVICE_MANUFACTURER, VR::LO, "msx".to_owned()),
            (tags::SECONDARY_CAPTURE_DEVICE_SOFTWARE_VERSIONS, VR::LO, version.to_owned()),
            (tags::DERIVATION_DESCRIPTION, VR::ST, cut(self.derivation, LONGEST_ST)),
            (tags::IMAGE_COMMENTS, VR::LT, cut(self.comments, LONGEST_LT)),
            (tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES".to_owned()),
            (
                tags::DEIDENTIFICATION_METHOD,
                VR::LO,
                "msx exports pixels and labels alone".to_owned(),
            ),
            (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric.to_owned()),
        ];
        for (tag, kind, text) in texts {
            // What a backslash would cut into several values is one value but for the image type.
            let value = match tag {
                tags::IMAGE_TYPE => {
                    PrimitiveValue::Strs(text.split('\\').map(str::to_owned).collect())
                }
                _ => PrimitiveValue::from(text),
            };
            object.put(DataElement::new(tag, kind, value));
        }
        if self.is_synthetic {
            let yes = PrimitiveValue::from("YES");
            object.put(DataElement::new(tags::SYNTHETIC_DATA, VR::CS, yes));
        }
        for (tag, kind) in EMPTY {
            object.put(DataElement::new(tag, kind, PrimitiveValue::Empty));
        }
    }
}

/// Attributes that have to be there and may be empty.
const EMPTY: [(Tag, VR); 11] = [
    (tags::PATIENT_NAME, VR::PN),
    (tags::PATIENT_ID, VR::LO),
    (tags::PATIENT_BIRTH_DATE, VR::DA),
    (tags::PATIENT_SEX, VR::CS),
    (tags::STUDY_DATE, VR::DA),
    (tags::STUDY_TIME, VR::TM),
    (tags::STUDY_ID, VR::SH),
    (tags::ACCESSION_NUMBER, VR::SH),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    (tags::LATERALITY, VR::CS),
    (tags::PATIENT_ORIENTATION, VR::CS),
];

/// A unique identifier derived from a UUID (PS3.5, B.2): `2.25.` and its 128 bits as a number. The bits
/// are those of a UUID of version 8, whose content is free (RFC 9562, 5.8).
fn uid(bits: u128) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    format!("2.25.{}", bits & !VERSION & !VARIANT | 8 << 76 | 0b10 << 62)
}

fn one_line(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c == '\\' || c.is_control() { '/' } else { c }).collect();
    cut(&text, LONGEST_LO)
}

fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}
