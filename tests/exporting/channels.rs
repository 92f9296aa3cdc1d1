//! Images of several channels for other programs: nothing of a channel is lost in any form.

use super::{Named, array, export, nothing_else_in, refused, text, write};
use dicom_dictionary_std::tags;
use dicom_object::open_file;
use image::DynamicImage;
use msx::data::dicom::{Colour, samples};
use msx::data::image::shrink;
use msx::data::tfrecord::Example;
use msx::data::{Channels, Depth, Fold, FoldInfo, Origin, Raster, write_fold};
use msx::progress::Silent;
use msx::share::export::{CARD, Export, Form, Nature};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::ZipArchive;

const SIDE: usize = 8;
const COUNT: usize = 3;

/// Two folds of random bytes with labels of one finding.
fn folds(channels: Channels, depth: Depth) -> (Vec<TempDir>, Named) {
    let raster = Raster { side: SIDE, depth, channels };
    let fold = |name: &str| {
        let info = FoldInfo {
            findings: vec!["Bleed".to_owned()],
            side: SIDE,
            depth,
            channels,
            count: COUNT,
            origin: Origin::Real,
            patients: (0..COUNT).map(|at| format!("p{at}")).collect(),
            sources: (0..COUNT).map(|at| format!("s{at}")).collect(),
        };
        let byte = |at: usize| (at * 131 + at * at * 7 + name.len()) as u8;
        let pixels: Vec<u8> = (0..COUNT * raster.bytes()).map(byte).collect();
        let folder = tempfile::tempdir().expect("folder");
        write_fold(folder.path(), &info, &pixels, &[1, 0, 1]).expect("writes");
        let fold = Fold::open(folder.path()).expect("opens");
        (folder, (name.to_owned(), fold))
    };
    ["train", "test"].map(fold).into_iter().unzip()
}

fn exported(folds: &Named, form: Form) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("folder");
    let out = home.path().join("out");
    write(&export(folds, Nature::Real), form, &out, false, &Silent).expect("exports");
    (home, out)
}

/// The channels of an image, as numbers.
fn planes(fold: &Fold, image: usize) -> Vec<Vec<u16>> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u16::from(byte));
    let raster = fold.info().raster();
    let plane =
        |plane: &[u8]| plane.chunks_exact(raster.depth.bytes()).map(number).collect::<Vec<u16>>();
    raster.planes(fold.image(image)).map(plane).collect()
}

/// Red, green and blue of a picture, and nothing but the bits that it should have.
fn colours(path: &Path, depth: Depth) -> [Vec<u16>; 3] {
    let picture = image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let numbers: Vec<u16> = match (picture, depth) {
        (DynamicImage::ImageRgb8(picture), Depth::Eight) => {
            picture.into_raw().into_iter().map(u16::from).collect()
        }
        (DynamicImage::ImageRgb16(picture), Depth::Sixteen) => picture.into_raw(),
        (other, _) => panic!("{}: {:?}", path.display(), other.color()),
    };
    [0, 1, 2].map(|sample| numbers.iter().copied().skip(sample).step_by(3).collect())
}

#[test]
fn pictures_hold_channels_as_colours() {
    for depth in Depth::EVERY {
        for channels in [Channels::Two, Channels::Three] {
            let (_kept, folds) = folds(channels, depth);
            for form in [Form::Table, Form::Folder] {
                let (_home, out) = exported(&folds, form);
                for (name, fold) in &folds {
                    for image in 0..COUNT {
                        let class = ["no finding", "Bleed"][usize::from(fold.labels(image)[0])];
                        let path = match form {
                            Form::Table => format!("images/{name}/{:06}.png", image + 1),
                            _ => format!("{name}/{class}/{:06}.png", image + 1),
                        };
                        let mut expected = planes(fold, image);
                        // Blue is black where there are two.
                        expected.resize(3, vec![0; SIDE * SIDE]);
                        assert_eq!(colours(&out.join(&path), depth).to_vec(), expected, "{path}");
                    }
                }
                let card = fs::read_to_string(out.join(CARD)).expect("a card");
                assert!(card.contains(&format!("\"channels\": {}", channels.count())), "{card}");
                assert!(card.contains(&format!("{channels}, resized")), "{card}");
            }
        }
    }
}

/// As MedMNIST has its sets in colours.
#[test]
fn arrays_have_channels_behind_each_pixel() {
    for channels in [Channels::Two, Channels::Three] {
        let (_kept, folds) = folds(channels, Depth::Eight);
        let (_home, out) = exported(&folds, Form::Npz);
        let mut archive = ZipArchive::new(File::open(out).expect("there")).expect("an archive");
        for (name, fold) in &folds {
            let (shape, bytes) = array(&mut archive, &format!("{name}_images"));
            let wanted = [COUNT, SIDE, SIDE, channels.count()].map(|side| side as u64);
            assert_eq!(shape, wanted);
            for image in 0..COUNT {
                for (channel, plane) in planes(fold, image).into_iter().enumerate() {
                    let size = SIDE * SIDE * channels.count();
                    let part = bytes[image * size..][..size].iter();
                    let found = part.skip(channel).step_by(channels.count());
                    assert!(found.map(|&byte| u16::from(byte)).eq(plane), "{name} {image}");
                }
            }
        }
    }
}

/// The examples of a file of records, by their frames: length, its checksum, the bytes, their checksum.
fn examples(path: &Path) -> Vec<Example> {
    let bytes = fs::read(path).expect("there");
    let mut rest = bytes.as_slice();
    let mut examples = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<8>() {
        let length = u64::from_le_bytes(*length) as usize;
        let (record, behind) = behind[4..].split_at(length);
        examples.push(Example::decode(record).expect("an example"));
        rest = &behind[4..];
    }
    examples
}

#[test]
fn records_say_how_many_channels_an_image_has() {
    for channels in [Channels::Two, Channels::Three] {
        let (_kept, folds) = folds(channels, Depth::Eight);
        let (_home, out) = exported(&folds, Form::TfRecord);
        for (name, fold) in &folds {
            for (power, side) in [(2, 4), (3, 8)] {
                let found = examples(&out.join(format!("{name}/{name}-r{power:02}.tfrecords")));
                assert_eq!(found.len(), COUNT);
                for (image, example) in found.into_iter().enumerate() {
                    assert_eq!(example.shape, [channels.count() as u64, side, side]);
                    let halved = |plane| shrink(plane, SIDE, side as usize).expect("a half");
                    let planes = fold.info().raster().planes(fold.image(image));
                    assert_eq!(example.data, planes.flat_map(halved).collect::<Vec<u8>>());
                }
            }
        }
    }
}

#[test]
fn dicom_files_of_several_channels_are_colours() {
    for channels in [Channels::Two, Channels::Three] {
        let (_kept, folds) = folds(channels, Depth::Eight);
        let (_home, out) = exported(&folds, Form::Dicom);
        for (name, fold) in &folds {
            for image in 0..COUNT {
                let path = out.join(format!("images/{name}/{:06}.dcm", image + 1));
                let file = open_file(&path).expect("DICOM");
                assert_eq!(text(&file, tags::PHOTOMETRIC_INTERPRETATION), "RGB");
                let number = |tag| file.element(tag).expect("it").to_int::<u16>().expect("one");
                assert_eq!(number(tags::SAMPLES_PER_PIXEL), 3);
                assert_eq!(number(tags::PLANAR_CONFIGURATION), 0);
                assert_eq!(number(tags::BITS_ALLOCATED), 8);
                let found = samples(&path).expect("samples");
                assert_eq!((found.colour, found.rows, found.columns), (Colour::Rgb, SIDE, SIDE));
                let mut expected = planes(fold, image);
                expected.resize(3, vec![0; SIDE * SIDE]);
                for (channel, plane) in expected.into_iter().enumerate() {
                    let found = found.values.iter().skip(channel).step_by(3).copied();
                    assert!(found.eq(plane.into_iter().map(i32::from)), "{name} {image}");
                }
            }
        }
    }
    // Grey is what it was.
    let (_kept, folds) = folds(Channels::One, Depth::Eight);
    let (_home, out) = exported(&folds, Form::Dicom);
    let file = open_file(out.join("images/train/000001.dcm")).expect("DICOM");
    assert_eq!(text(&file, tags::PHOTOMETRIC_INTERPRETATION), "MONOCHROME2");
    assert!(file.element(tags::PLANAR_CONFIGURATION).is_err());
}

#[test]
fn colours_of_sixteen_bits_are_no_dicom_files() {
    let (_kept, folds) = folds(Channels::Three, Depth::Sixteen);
    let home = tempfile::tempdir().expect("folder");
    let out = home.path().join("out");
    let deep = export(&folds, Nature::Real);
    let parts = ["8 bits, these have 16", "3 channels", "--depth 8"];
    refused(write(&deep, Form::Dicom, &out, false, &Silent), &parts);
    nothing_else_in(home.path(), &[]);
    let narrow = Export { depth: Depth::Eight, ..deep };
    write(&narrow, Form::Dicom, &out, false, &Silent).expect("exports");
    let found = samples(&out.join("images/train/000001.dcm")).expect("samples");
    let expected: Vec<Vec<u16>> = planes(&folds[0].1, 0)
        .into_iter()
        .map(|plane| plane.into_iter().map(|level| (level + 128) / 257).collect())
        .collect();
    let red: Vec<i32> = found.values.iter().copied().step_by(3).collect();
    assert_eq!(red, expected[0].iter().map(|&level| i32::from(level)).collect::<Vec<_>>());
}
