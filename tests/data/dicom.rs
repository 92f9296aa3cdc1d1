//! DICOM files: what pydicom makes of the samples, and what each tag does to the pixels.

use crate::dicom_file::Picture;
use crate::real::pack;
use crate::support::{assert_says, write};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use msx::data::DataError;
use msx::data::dicom::{Colour, Window, inspect, pseudonym, samples, values};
use msx::data::image::Grey;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What becomes of the samples that are not read, by file, with words of the message.
const REFUSED: [(&str, &[&str]); 7] = [
    // Its scan says that it holds first coefficients alone, which only progressive files may.
    ("JPEG-lossy.dcm", &["JPEG Extended", "1.2.840.10008.1.2.4.51", "gdcmconv --raw"]),
    ("MR_truncated.dcm", &["it ends too early", "(7FE0,0010)", "copy it again"]),
    ("empty_charset_LEI.dcm", &["it holds no image", "Bits Allocated", "leave files without"]),
    ("nested_priv_SQ.dcm", &["it holds no image", "Bits Allocated", "leave files without"]),
    ("no_meta.dcm", &["it has no header of DICOM's", "dcmconv of DCMTK"]),
    ("no_meta_group_length.dcm", &["it has no header of DICOM's", "dcmconv of DCMTK"]),
    ("rtplan_truncated.dcm", &["it ends too early", "copy it again"]),
];

/// How far two decoders of lossy grey may lie apart, in samples.
const ROUNDING: f64 = 1.0;
/// The same for colour, in grey values of 0..=255.
const ROUNDING_OF_COLOUR: f64 = 2.0;

/// Every frame as a grey image.
fn read(path: &Path, window: Window) -> Result<Vec<Grey>, DataError> {
    let values = values(path)?;
    Ok((0..values.frames.len()).map(|frame| values.grey(frame, window)).collect())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|one| one.as_f64().expect("a number")).collect()
}

/// The sample as pydicom reads it: its samples bit by bit where nothing is lost, its modality values
/// in grey at the places of a grid, and their range and mean.
fn equals(path: &Path, golden: &Value) {
    let name = path.display();
    let shape = numbers(&golden["shape"]);
    let stored = samples(path).unwrap_or_else(|error| panic!("{error}"));
    let width = stored.values.len() / (stored.frames * stored.rows * stored.columns);
    let found = [stored.frames, stored.rows, stored.columns, width].map(|side| side as f64);
    assert_eq!(found.to_vec(), shape, "{name}");
    let tolerance = match golden["stored"].as_str() {
        Some(hash) => {
            let bytes: Vec<u8> = stored.values.iter().flat_map(|v| v.to_le_bytes()).collect();
            assert_eq!(blake3::hash(&bytes).to_hex().as_str(), hash, "{name}");
            1e-2
        }
        None if width == 1 => ROUNDING,
        None => ROUNDING_OF_COLOUR,
    };
    let read = values(path).expect("reads");
    let all = || read.frames.iter().flatten().map(|&value| f64::from(value));
    let grey = &golden["grey"];
    let near = |what: &str, ours: f64, theirs: f64| {
        assert!((ours - theirs).abs() <= tolerance, "{name}: {what} {ours}, pydicom {theirs}");
    };
    let count = all().count() as f64;
    for (what, ours) in [
        ("min", all().fold(f64::INFINITY, f64::min)),
        ("max", all().fold(f64::NEG_INFINITY, f64::max)),
        ("mean", all().sum::<f64>() / count),
    ] {
        near(what, ours, grey[what].as_f64().expect("a number"));
    }
    let grid = numbers(&grey["grid"]);
    let kept = grid.len().isqrt();
    for (place, theirs) in grid.into_iter().enumerate() {
        let (row, column) = (place / kept * read.height / kept, place % kept * read.width / kept);
        near(
            &format!("row {row}, column {column}"),
            f64::from(read.frames[0][row * read.width + column]),
            theirs,
        );
    }
}

#[test]
fn the_samples_are_what_pydicom_makes_of_them() {
    let Some(folder) = pack("dicom-samples") else { return };
    let golden: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../golden/dicom.json")).expect("JSON");
    assert_eq!(golden.len(), 32);
    let refused: BTreeMap<&str, &[&str]> = REFUSED.into_iter().collect();
    for (name, golden) in &golden {
        let path = folder.join(name);
        match refused.get(name.as_str()) {
            Some(parts) => {
                assert_says(read(&path, Window::File), &[&[name.as_str()], *parts].concat())
            }
            None => {
                assert!(
                    golden["error"].is_null(),
                    "pydicom refuses {name}, we must say what we do"
                );
                equals(&path, golden);
            }
        }
    }
}

/// Writes a picture and reads its first frame in grey values of 0..=255, rounded.
fn seen(picture: &Picture, window: Window) -> Vec<i32> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("image.dcm");
    picture.write(&path);
    let grey = read(&path, window).unwrap_or_else(|error| panic!("{error}")).remove(0);
    grey.pixels.iter().map(|value| value.round() as i32).collect()
}

fn measured(picture: &Picture) -> Vec<f32> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("image.dcm");
    picture.write(&path);
    values(&path).unwrap_or_else(|error| panic!("{error}")).frames.remove(0)
}

#[track_caller]
fn refuses(picture: &Picture, parts: &[&str]) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("image.dcm");
    picture.write(&path);
    assert_says(read(&path, Window::Full), &[&["image.dcm"], parts].concat());
}

/// Slope and intercept of a CT, and a window of 40 ± 40 Hounsfield units.
fn ct(samples: &[u16]) -> Picture {
    Picture::grey(1, samples.len() as u16, samples).text(tags::RESCALE_SLOPE, VR::DS, "2").text(
        tags::RESCALE_INTERCEPT,
        VR::DS,
        "-1024",
    )
}

#[test]
fn samples_become_values_and_a_window_shows_some_of_them() {
    let picture = ct(&[512, 532, 552, 1000]);
    assert_eq!(measured(&picture), [0.0, 40.0, 80.0, 976.0]);
    let brain = Window::Fixed { centre: 40.0, width: 80.0 };
    // C.11.2.1.2.1: ((40 − 39.5) / 79 + 0.5) × 255 = 129.1.
    assert_eq!(seen(&picture, brain), [0, 129, 255, 255]);
    // Nothing said of a window: from the least value to the greatest.
    for window in [Window::Full, Window::File] {
        assert_eq!(seen(&picture, window), [0, 10, 21, 255]);
    }
    let named = picture.text(tags::WINDOW_CENTER, VR::DS, "40\\600");
    let named = named.text(tags::WINDOW_WIDTH, VR::DS, "80\\2800");
    assert_eq!(seen(&named, Window::File), [0, 129, 255, 255]);
    let exact = named.clone().text(tags::VOILUT_FUNCTION, VR::CS, "LINEAR_EXACT");
    assert_eq!(seen(&exact, Window::File), [0, 128, 255, 255]);
    let sigmoid = named.text(tags::VOILUT_FUNCTION, VR::CS, "SIGMOID");
    assert_eq!(seen(&sigmoid, Window::File), [30, 128, 225, 255]);
}

#[test]
fn more_is_brighter_in_every_image() {
    let picture = ct(&[512, 532, 552, 1000]);
    let inverted = picture.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1");
    assert_eq!(seen(&inverted, Window::Full), [255, 245, 234, 0]);
    let brain = Window::Fixed { centre: 40.0, width: 80.0 };
    assert_eq!(seen(&inverted, brain), [255, 126, 0, 0]);
}

#[test]
fn only_the_bits_that_count_are_read() {
    let twelve = Picture::grey(1, 4, &[0xF801, 0x0FFF, 0x1800, 0x0000])
        .number(tags::BITS_STORED, 12)
        .number(tags::HIGH_BIT, 11);
    assert_eq!(measured(&twelve), [2049.0, 4095.0, 2048.0, 0.0]);
    let signed = twelve.number(tags::PIXEL_REPRESENTATION, 1);
    assert_eq!(measured(&signed), [-2047.0, -1.0, -2048.0, 0.0]);
    let upper = Picture::grey(1, 2, &[0xFFF0, 0x0010])
        .number(tags::BITS_STORED, 12)
        .number(tags::HIGH_BIT, 15);
    assert_eq!(measured(&upper), [4095.0, 1.0]);
}

#[test]
fn padding_is_black_and_does_not_stretch_the_range() {
    let picture = Picture::grey(1, 4, &[63536, 0, 50, 100]).number(tags::PIXEL_REPRESENTATION, 1);
    assert_eq!(seen(&picture, Window::Full)[1..], [243, 249, 255]);
    let padded = picture.signed(tags::PIXEL_PADDING_VALUE, -2000);
    assert_eq!(seen(&padded, Window::Full), [0, 0, 128, 255]);
    let inverted = padded.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1");
    assert_eq!(seen(&inverted, Window::Full), [0, 255, 128, 0]);
}

#[test]
fn every_frame_is_an_image() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("frames.dcm");
    let picture = Picture::grey(1, 2, &[0, 10, 20, 0, 5, 5]);
    picture.text(tags::NUMBER_OF_FRAMES, VR::IS, "3").write(&path);
    let frames = read(&path, Window::Full).expect("reads");
    let pixels: Vec<&[f32]> = frames.iter().map(|frame| frame.pixels.as_slice()).collect();
    assert_eq!(pixels, [[0.0, 255.0], [255.0, 0.0], [0.0, 0.0]]);
    assert_eq!(inspect(&path).expect("reads").frames, 3);
}

#[test]
fn frames_have_numbers_of_their_own() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("enhanced.dcm");
    Picture::grey(1, 2, &[10, 20, 10, 20])
        .text(tags::NUMBER_OF_FRAMES, VR::IS, "2")
        .rescaled_by_frame(&[("1", "-5"), ("2.5", "0")])
        .write(&path);
    assert_eq!(values(&path).expect("reads").frames, [[5.0, 15.0], [25.0, 50.0]]);
}

/// Files that passed through software which knows fewer elements than there are.
#[test]
fn elements_of_unknown_kind_are_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("unknown.dcm");
    Picture::grey(1, 2, &[10, 20])
        .text(tags::RESCALE_SLOPE, VR::UN, "3 ")
        .text(tags::RESCALE_INTERCEPT, VR::UN, "-1")
        .text(tags::PATIENT_ID, VR::UN, "patient 9 ")
        .write(&path);
    assert_eq!(values(&path).expect("reads").frames, [[29.0, 59.0]]);
    assert_eq!(inspect(&path).expect("reads").patient.as_deref(), Some("patient 9"));
}

#[test]
fn frames_in_jpeg_ls_are_read() {
    let frames = [[7, 300, 4000, 65_535], [0, 1, 2, 3]];
    let parts = frames.map(|frame| {
        let mut bytes = Vec::new();
        jpegls::encode(&frame, 2, 2, &mut bytes).expect("encodes");
        bytes
    });
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("frames.dcm");
    let picture = Picture::grey(2, 2, &[])
        .text(tags::NUMBER_OF_FRAMES, VR::IS, "2")
        .compressed(uids::JPEGLS_LOSSLESS, parts.to_vec());
    picture.write(&path);
    assert_eq!(
        samples(&path).expect("reads").values,
        frames.concat().into_iter().map(i32::from).collect::<Vec<_>>()
    );
    let promises = picture.text(tags::NUMBER_OF_FRAMES, VR::IS, "1000000");
    refuses(&promises, &["JPEG-LS Lossless", "1000000 frames stand in 2 parts", "gdcmconv --raw"]);
}

#[test]
fn colours_become_grey_by_luma() {
    let rgb = Picture::grey(1, 2, &[])
        .bytes(tags::PIXEL_DATA, &[255, 0, 0, 100, 200, 50])
        .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB")
        .number(tags::SAMPLES_PER_PIXEL, 3)
        .eight_bits();
    let rounded = |picture: &Picture| -> Vec<i32> {
        measured(picture).iter().map(|value| (value * 1000.0).round() as i32).collect()
    };
    // 0.299 × 255, and 0.299 × 100 + 0.587 × 200 + 0.114 × 50.
    assert_eq!(rounded(&rgb), [76_245, 153_000]);
    let planes = rgb
        .number(tags::PLANAR_CONFIGURATION, 1)
        .bytes(tags::PIXEL_DATA, &[255, 100, 0, 200, 0, 50]);
    assert_eq!(rounded(&planes), [76_245, 153_000]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let picture = Picture::grey(2, 2, &[1, 2, 3, 4]);
    let syntax = "Explicit VR Little Endian (1.2.840.10008.1.2.1)";
    refuses(&picture.clone().number(tags::ROWS, 3), &["8 bytes of pixels are too few", syntax]);
    refuses(&picture.clone().number(tags::ROWS, 0), &["an image of 2 × 0 pixels", syntax]);
    let many = picture.clone().text(tags::NUMBER_OF_FRAMES, VR::IS, "2147483647");
    refuses(&many, &["2147483647 images of 2 × 2 pixels", syntax]);
    refuses(&picture.clone().number(tags::BITS_ALLOCATED, 32), &["samples of 32 bits", syntax]);
    refuses(&picture.clone().number(tags::BITS_STORED, 17), &["17 bits below bit 15 do not fit"]);
    refuses(&picture.clone().number(tags::HIGH_BIT, 7), &["16 bits below bit 7 do not fit"]);
    refuses(&picture.clone().without(tags::ROWS), &["it holds no image: Rows (0028,0010)"]);
    refuses(&picture.clone().without(tags::PIXEL_DATA), &["it holds no pixels (7FE0,0010)"]);
    let odd = picture.clone().text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "HSV");
    refuses(&odd, &["cannot be read as `HSV`", "convert it to MONOCHROME2 or RGB"]);
    let palette = picture.clone().text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "PALETTE COLOR");
    refuses(&palette, &["its palette is missing", "convert it to RGB"]);
    refuses(&picture.with_modality_table(), &["Modality LUT", "Rescale Slope"]);
}

#[test]
fn what_is_no_dicom_file_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    assert_says(
        read(&at("none.dcm"), Window::Full),
        &["none.dcm", "No such file", "check the path"],
    );
    assert_says(read(folder.path(), Window::Full), &["is a directory", "give a file"]);
    for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", &[0; 132], &[b'x'; 4000]] {
        write(&at("other.dcm"), bytes);
        assert_says(
            read(&at("other.dcm"), Window::Full),
            &["other.dcm", "has no header of DICOM's"],
        );
    }
}

/// Whatever is cut off or changed in a file, the answer is an image or an error, never a panic.
#[test]
fn broken_bytes_never_end_in_a_panic() {
    let Some(folder) = pack("dicom-samples") else { return };
    let target = tempfile::tempdir().expect("folder");
    let path = target.path().join("broken.dcm");
    for name in ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"] {
        let whole = std::fs::read(folder.join(name)).expect("reads");
        for part in 1..12 {
            write(&path, &whole[..whole.len() * part / 12]);
            let cut = read(&path, Window::Full);
            assert!(cut.is_err() || name.contains("jp2k"), "{name} cut at {part}/12 is read");
            let mut changed = whole.clone();
            let begin = 1200 + (whole.len() - 1200) * part / 12;
            changed[begin..begin + 8].fill(0xA5);
            write(&path, &changed);
            drop(read(&path, Window::Full));
        }
    }
}

#[test]
fn pseudonyms_tell_patients_apart_and_not_who_they_are() {
    let one = pseudonym("msx", "12345");
    assert_eq!((one.len(), one.contains("12345")), (32, false));
    assert!(one.chars().all(|digit| digit.is_ascii_hexdigit()), "{one}");
    assert_eq!(one, pseudonym("msx", " 12345 "));
    assert_ne!(one, pseudonym("msx", "12346"));
    assert_ne!(one, pseudonym("another key", "12345"));
}

#[test]
fn the_patient_of_a_file_is_found_or_not() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("image.dcm");
    let picture = Picture::grey(1, 1, &[1]);
    picture.write(&path);
    assert_eq!(inspect(&path).expect("reads").patient.as_deref(), Some("patient 1"));
    for anonymous in
        [picture.clone().without(tags::PATIENT_ID), picture.text(tags::PATIENT_ID, VR::LO, "  ")]
    {
        anonymous.write(&path);
        assert_eq!(inspect(&path).expect("reads").patient, None);
    }
    let Some(folder) = pack("dicom-samples") else { return };
    let colour = samples(&folder.join("SC_ybr_full_422_uncompressed.dcm")).expect("reads").colour;
    assert_eq!(colour, Colour::Ybr);
}
