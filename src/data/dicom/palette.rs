//! Palettes: three tables of colours (DICOM PS3.3, C.7.6.3.1.5 and C.7.6.3.1.6).

use super::error::wrong;
use super::file::DicomFile;
use crate::data::error::DataError;
use crate::data::image::luma;
use dicom_dictionary_std::tags;
use dicom_object::Tag;

/// Grey values of a palette's places.
pub(super) struct Palette {
    first: i32,
    greys: Vec<f32>,
}

impl Palette {
    pub(super) fn of(file: &DicomFile) -> Result<Palette, DataError> {
        let colours = [
            (
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
            (
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            ),
        ];
        let tables: Option<Vec<(i32, Vec<f32>)>> =
            colours.into_iter().map(|(descriptor, data)| table(file, descriptor, data)).collect();
        let tables = tables.filter(|tables| {
            tables.iter().all(|(first, values)| {
                *first == tables[0].0 && values.len() == tables[0].1.len() && !values.is_empty()
            })
        });
        let Some(tables) = tables else {
            return Err(wrong(
                &file.path,
                "its palette is missing, segmented or of unequal tables",
                "convert it to RGB, or leave it out",
            ));
        };
        let [red, green, blue] = [0, 1, 2].map(|colour| &tables[colour].1);
        let greys = (0..red.len()).map(|place| luma([red[place], green[place], blue[place]]));
        Ok(Palette { first: tables[0].0, greys: greys.collect() })
    }

    /// The grey value of a sample; those beside the table take its nearest end.
    pub(super) fn grey(&self, sample: i32) -> f32 {
        let place = usize::try_from(i64::from(sample) - i64::from(self.first)).unwrap_or(0);
        self.greys[place.min(self.greys.len() - 1)]
    }
}

/// The sample of a table's first entry, and its entries.
fn table(file: &DicomFile, descriptor: Tag, data: Tag) -> Option<(i32, Vec<f32>)> {
    let descriptor = file.object.get(descriptor)?.to_multi_int::<i32>().ok()?;
    let [count, first, bits] = descriptor[..] else { return None };
    // The table of 65,536 entries has no room for its length.
    let count = if count == 0 { 65_536 } else { usize::try_from(count).ok()? };
    let bytes = file.object.get(data)?.to_bytes().ok()?;
    let entries: Vec<f32> = if bits == 8 && bytes.len() < 2 * count {
        bytes.iter().map(|&entry| f32::from(entry)).collect()
    } else {
        let pairs = bytes.chunks_exact(2);
        pairs.map(|pair| f32::from(u16::from_le_bytes([pair[0], pair[1]]))).collect()
    };
    (entries.len() >= count).then(|| (first, entries[..count].to_vec()))
}
