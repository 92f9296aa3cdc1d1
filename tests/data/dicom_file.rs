//! Small DICOM files made on the spot.
#![allow(dead_code, reason = "each test uses its own part")]

use dicom_core::value::{DataSetSequence, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject, Tag};
use std::fs;
use std::path::Path;

/// A grey file of 16 bits, which each test changes where it wants.
#[derive(Clone)]
pub struct Picture {
    object: InMemDicomObject,
    syntax: &'static str,
}

impl Picture {
    /// A grey image, `[rows, columns]`.
    pub fn grey(rows: u16, columns: u16, samples: &[u16]) -> Picture {
        let object = InMemDicomObject::from_element_iter([
            DataElement::new(tags::ROWS, VR::US, PrimitiveValue::from(rows)),
            DataElement::new(tags::COLUMNS, VR::US, PrimitiveValue::from(columns)),
            DataElement::new(
                tags::PIXEL_DATA,
                VR::OW,
                PrimitiveValue::U16(samples.iter().copied().collect()),
            ),
        ]);
        Picture { object, syntax: uids::EXPLICIT_VR_LITTLE_ENDIAN }
            .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2")
            .text(tags::PATIENT_ID, VR::LO, "patient 1")
            .number(tags::SAMPLES_PER_PIXEL, 1)
            .number(tags::BITS_ALLOCATED, 16)
            .number(tags::BITS_STORED, 16)
            .number(tags::HIGH_BIT, 15)
            .number(tags::PIXEL_REPRESENTATION, 0)
    }

    /// Sets a number of the kind `US`.
    pub fn number(mut self, tag: Tag, number: u16) -> Picture {
        self.object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(number)));
        self
    }

    /// Sets a number of the kind `SS`.
    pub fn signed(mut self, tag: Tag, number: i16) -> Picture {
        self.object.put(DataElement::new(tag, VR::SS, PrimitiveValue::from(number)));
        self
    }

    /// Samples of eight bits.
    pub fn eight_bits(self) -> Picture {
        self.number(tags::BITS_ALLOCATED, 8).number(tags::BITS_STORED, 8).number(tags::HIGH_BIT, 7)
    }

    /// Says that a table turns samples into values.
    pub fn with_modality_table(mut self) -> Picture {
        let table = DataSetSequence::from(vec![InMemDicomObject::new_empty()]);
        self.object.put(DataElement::new(tags::MODALITY_LUT_SEQUENCE, VR::SQ, table));
        self
    }

    /// Sets a text; several values stand between backslashes.
    pub fn text(mut self, tag: Tag, kind: VR, text: &str) -> Picture {
        let values = text.split('\\').map(str::to_owned).collect();
        self.object.put(DataElement::new(tag, kind, PrimitiveValue::Strs(values)));
        self
    }

    /// Sets bytes.
    pub fn bytes(mut self, tag: Tag, bytes: &[u8]) -> Picture {
        let value = PrimitiveValue::U8(bytes.iter().copied().collect());
        self.object.put(DataElement::new(tag, VR::OB, value));
        self
    }

    /// Gives every frame a slope and an intercept of its own, as enhanced files do.
    pub fn rescaled_by_frame(mut self, numbers: &[(&str, &str)]) -> Picture {
        let group = |(slope, intercept): &(&str, &str)| {
            let values = InMemDicomObject::from_element_iter([
                DataElement::new(tags::RESCALE_SLOPE, VR::DS, PrimitiveValue::from(*slope)),
                DataElement::new(tags::RESCALE_INTERCEPT, VR::DS, PrimitiveValue::from(*intercept)),
            ]);
            InMemDicomObject::from_element_iter([DataElement::new(
                tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
                VR::SQ,
                DataSetSequence::from(vec![values]),
            )])
        };
        let groups = DataSetSequence::from(numbers.iter().map(group).collect::<Vec<_>>());
        let tag = tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE;
        self.object.put(DataElement::new(tag, VR::SQ, groups));
        self
    }

    /// Puts compressed parts in place of the samples.
    pub fn compressed(mut self, syntax: &'static str, parts: Vec<Vec<u8>>) -> Picture {
        let parts = PixelFragmentSequence::new_fragments(parts);
        self.object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, parts));
        self.syntax = syntax;
        self
    }

    /// Leaves an element out.
    pub fn without(mut self, tag: Tag) -> Picture {
        self.object.remove_element(tag);
        self
    }

    /// Writes the file, with the folders above it.
    pub fn write(&self, path: &Path) {
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folder");
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(self.syntax)
            .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
            .media_storage_sop_instance_uid("1.2.3");
        let file = self.object.clone().with_meta(meta).expect("a header");
        file.write_to_file(path).expect("writes");
    }
}
