//! Opening a file.

use super::error::{DAMAGED, caused, chain};
use super::header::{Header, text};
use crate::data::error::DataError;
use dicom_dictionary_std::tags;
use dicom_object::{
    DefaultDicomObject, FileMetaTable, InMemDicomObject, OpenFileOptions, ReadError,
};
use dicom_transfer_syntax_registry::entries::{
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN,
};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes before the letters DICM.
const PREAMBLE: u64 = 128;

/// An open file.
pub(super) struct DicomFile {
    pub(super) path: PathBuf,
    pub(super) object: DefaultDicomObject,
}

impl DicomFile {
    /// Reads the whole file.
    pub(super) fn open(path: &Path) -> Result<DicomFile, DataError> {
        DicomFile::open_with(path, OpenFileOptions::new())
    }

    /// Reads everything in front of the pixels.
    pub(super) fn open_without_pixels(path: &Path) -> Result<DicomFile, DataError> {
        DicomFile::open_with(path, OpenFileOptions::new().read_until(tags::PIXEL_DATA))
    }

    fn open_with(path: &Path, options: OpenFileOptions) -> Result<DicomFile, DataError> {
        let file = File::open(path).map_err(DataError::io(path))?;
        if file.metadata().map_err(DataError::io(path))?.is_dir() {
            let is_folder = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(DataError::io(path)(is_folder));
        }
        let mut reader = BufReader::new(file);
        let object = match undeclared_implicit(&mut reader) {
            Some(meta) => {
                InMemDicomObject::read_dataset_with_ts(reader, &IMPLICIT_VR_LITTLE_ENDIAN.erased())
                    .map(|object| object.with_exact_meta(meta))
            }
            None => {
                reader.seek(SeekFrom::Start(0)).map_err(DataError::io(path))?;
                options.from_reader(reader)
            }
        };
        let object = object.map_err(|error| unreadable(path, &error))?;
        Ok(DicomFile { path: path.to_owned(), object })
    }

    /// The identifier of the transfer syntax.
    pub(super) fn syntax(&self) -> &str {
        self.object.meta().transfer_syntax()
    }

    /// What the pixels mean.
    pub(super) fn header(&self) -> Result<Header, DataError> {
        Header::of(self)
    }

    /// The patient id, unless it is missing or blank.
    pub(super) fn patient_id(&self) -> Option<String> {
        text(&self.object, tags::PATIENT_ID).filter(|id| !id.is_empty())
    }
}

/// Some writers declare explicit value representations and then leave them out. The header of such
/// a file, with the reader at the data set behind it; `None` for every other file.
fn undeclared_implicit(reader: &mut BufReader<File>) -> Option<FileMetaTable> {
    reader.seek(SeekFrom::Start(PREAMBLE)).ok()?;
    let meta = FileMetaTable::from_reader(&mut *reader).ok()?;
    let other_layouts = [
        IMPLICIT_VR_LITTLE_ENDIAN.uid(),
        EXPLICIT_VR_BIG_ENDIAN.uid(),
        DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid(),
    ];
    let mut first = [0; 6];
    reader.read_exact(&mut first).ok()?;
    reader.seek_relative(-6).ok()?;
    let has_representation = first[4..].iter().all(u8::is_ascii_uppercase);
    (!has_representation && !other_layouts.contains(&meta.transfer_syntax())).then_some(meta)
}

fn unreadable(path: &Path, error: &ReadError) -> DataError {
    let (words, ends_early) = chain(error);
    match error {
        ReadError::ParseMetaDataSet { .. } | ReadError::ReadPreambleBytes { .. } => caused(
            path,
            "it has no header of DICOM's",
            words,
            "write one with a DICOM tool, such as dcmconv of DCMTK, or leave the file out",
        ),
        _ if ends_early => caused(path, "it ends too early", words, DAMAGED),
        _ => caused(path, "it cannot be read", words, DAMAGED),
    }
}
