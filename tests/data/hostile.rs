//! Images that promise what they do not hold, in every data set of image files.

use crate::support::{assert_says, encoded, picture, write};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use image::ImageFormat;
use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::dicom::Window;
use msx::data::labels::LabelTable;
use msx::data::memory::Forgetful;
use msx::data::scans::{Frames, Keeping, Patients, Reading, write as write_fold};
use msx::data::tabled::{Tabled, list};
use msx::data::{DataError, Raster, folder};
use msx::progress::Silent;
use std::io::Write;
use std::path::Path;

/// A grey PNG of eight bits whose header says `side`, with so many zeros in it.
fn png(side: u32, zeros: usize) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(data);
        let length = u32::try_from(data.len()).expect("short");
        [&length.to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()[..]].concat()
    };
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; zeros]).expect("memory");
    let data = packed.finish().expect("memory");
    let signature = b"\x89PNG\r\n\x1a\n".to_vec();
    [signature, chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", b"")].concat()
}

/// Puts bytes where others are.
fn with(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

/// Where the height and width stand in a JPEG: behind the marker of the frame and its length.
fn sides_of_jpeg(bytes: &[u8]) -> usize {
    let marker = bytes.windows(2).position(|pair| pair[0] == 0xFF && pair[1] == 0xC0);
    marker.expect("a baseline JPEG") + 5
}

/// Names, bytes and what the message says.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let small = picture(16, 16);
    let whole = encoded(&small, ImageFormat::Png);
    let tiff = encoded(&small, ImageFormat::Tiff);
    let jpeg = encoded(&small, ImageFormat::Jpeg);
    let sides = sides_of_jpeg(&jpeg);
    vec![
        ("empty.png", Vec::new(), "cannot decode"),
        ("text.png", b"not an image at all".to_vec(), "cannot decode"),
        ("cut.png", whole[..whole.len() / 2].to_vec(), "cannot decode"),
        ("cut.tif", tiff[..tiff.len() / 2].to_vec(), "cannot decode"),
        ("cut.jpg", jpeg[..jpeg.len() / 2].to_vec(), "cut short"),
        ("bomb.png", png(60_000, 1 << 20), "60000 × 60000 pixels, more than an image may"),
        ("large.png", png(16_000, 1 << 20), "16000 × 16000 pixels"),
        ("lies.png", png(4_000, 300), "cannot decode"),
        ("lies.jpg", with(jpeg, sides, &[0xFF, 0xF0, 0xFF, 0xF0]), "65520 × 65520 pixels"),
        ("lies.tif", tiff[..8].to_vec(), "cannot decode"),
    ]
}

fn by_folder(root: &Path, target: &Path) -> Result<(), DataError> {
    folder::read(root, Raster::eight(16), target, &Silent, &Forgetful).map(|_| ())
}

fn by_table(root: &Path, name: &str, skip: bool, target: &Path) -> Result<usize, DataError> {
    let csv = root.join("t.csv");
    write(&csv, format!("path,A\nclass/{name},1\nclass/good.png,1\n").as_bytes());
    let tabled = Tabled {
        table: LabelTable::new(csv, "path"),
        root: root.to_owned(),
        patients: Some(Patients::File),
        drop_unlabelled: false,
    };
    let keeping = Keeping {
        square: Raster::eight(16).into(),
        skip_unreadable: skip,
        patient_key: "msx".to_owned(),
    };
    let reading = Reading { keeping, windows: vec![Window::File], frames: Frames::Every };
    let summary = write_fold(&list(&tabled)?, &reading, target, &Silent, &Forgetful)?;
    Ok(summary.skipped.len())
}

fn by_chexpert(root: &Path, name: &str, target: &Path) -> Result<(), DataError> {
    let patient = root.join("pack/patient1");
    write(&patient.join(name), &std::fs::read(root.join("class").join(name)).expect("there"));
    let csv = root.join("pack/t.csv");
    let header = "Path,Sex,Age,Frontal/Lateral,AP/PA,Edema";
    write(&csv, format!("{header}\npack/patient1/{name},F,1,Frontal,AP,1\n").as_bytes());
    let policy =
        Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };
    chexpert::read(&csv, policy, Raster::eight(16), target, &Silent, &Forgetful).map(|_| ())
}

#[test]
fn images_that_lie_are_named_in_every_data_set() {
    for (name, bytes, reason) in cases() {
        let folder = tempfile::tempdir().expect("folder");
        let (root, target) = (folder.path().join("data"), folder.path().join("fold"));
        write(&root.join("class").join(name), &bytes);
        write(&root.join("class/good.png"), &encoded(&picture(16, 16), ImageFormat::Png));
        let parts = [name, reason, "replace the file or remove it"];
        assert_says(by_folder(&root, &target), &parts);
        assert_says(by_table(&root, name, false, &target), &parts);
        assert_eq!(by_table(&root, name, true, &target).expect("skips"), 1, "{name}");
        assert_says(by_chexpert(&root, name, &target), &parts);
    }
}
