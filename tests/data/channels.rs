//! Images of several channels: each is what it would be alone, and nothing confuses one with another.

use crate::dicom_file::Picture;
use crate::real::pack;
use crate::support::{assert_says, info, write_png};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use msx::data::channels::{interleaved, shown};
use msx::data::depth::{Deep, Pixel};
use msx::data::dicom::Window;
use msx::data::dicom::collection::{Collection, list};
use msx::data::memory::Forgetful;
use msx::data::scans::{Format, Frames, Keeping, Patients, Reading, write};
use msx::data::subset::{self, Classes, Filter, SubsetConfig};
use msx::data::{
    Channels, DataError, Depth, Fold, FoldInfo, Raster, perceptual, write_fold, write_part,
};
use msx::progress::Silent;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SIDE: usize = 16;
const BRAIN: Window = Window::Fixed { centre: 40.0, width: 80.0 };
const SUBDURAL: Window = Window::Fixed { centre: 80.0, width: 200.0 };
const BONE: Window = Window::Fixed { centre: 600.0, width: 2800.0 };
const WINDOWS: [Window; 3] = [BRAIN, SUBDURAL, BONE];

fn raster(depth: Depth, channels: Channels) -> Raster {
    Raster { depth, channels, ..Raster::eight(SIDE) }
}

/// Scans of a head, air to bone, in frames that differ; all of one class.
fn scans() -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for number in 0..5_u32 {
        let frames = 1 + number % 2;
        let sample = |place: u32| ((place * 37 + place * number * 13) % 2400) as u16;
        let samples: Vec<u16> = (0..frames * 24 * 20).map(sample).collect();
        Picture::grey(24, 20, &samples)
            .text(tags::NUMBER_OF_FRAMES, VR::IS, &frames.to_string())
            .text(tags::RESCALE_SLOPE, VR::DS, "1")
            .text(tags::RESCALE_INTERCEPT, VR::DS, "-1024")
            .write(&folder.path().join(format!("head/{number}.dcm")));
    }
    folder
}

fn reading(windows: &[Window], depth: Depth) -> Reading {
    Reading {
        keeping: Keeping {
            // What is kept has as many channels as there are windows, whatever is said here.
            square: raster(depth, Channels::One).into(),
            skip_unreadable: true,
            patient_key: "key".to_owned(),
        },
        windows: windows.to_vec(),
        frames: Frames::Every,
    }
}

fn read(folder: &Path, windows: &[Window], depth: Depth) -> Result<(TempDir, Fold), DataError> {
    let collection =
        Collection { folder: folder.to_owned(), labels: None, patients: Patients::File };
    let target = tempfile::tempdir().expect("folder");
    let reading = reading(windows, depth);
    write(&list(&collection)?, &reading, target.path(), &Silent, &Forgetful)?;
    let fold = Fold::open(target.path())?;
    Ok((target, fold))
}

/// Each channel of a fold is the image that its window shows alone.
fn are_single_windows(folder: &Path, depth: Depth) {
    let (_target, all) = read(folder, &WINDOWS, depth).expect("reads");
    assert_eq!(all.info().channels, Channels::Three);
    for (channel, window) in WINDOWS.into_iter().enumerate() {
        let (_target, one) = read(folder, &[window], depth).expect("reads");
        assert_eq!((one.info().channels, one.len()), (Channels::One, all.len()));
        assert_eq!(one.info().sources, all.info().sources);
        for image in 0..all.len() {
            let planes: Vec<&[u8]> = all.info().raster().planes(all.image(image)).collect();
            assert_eq!(planes.len(), WINDOWS.len());
            assert_eq!(planes[channel], one.image(image), "channel {channel} of image {image}");
        }
    }
    for image in 0..all.len() {
        assert_eq!(all.digest(image), blake3::hash(all.image(image)).as_bytes());
    }
}

#[test]
fn a_channel_is_what_its_window_shows_alone() {
    let folder = scans();
    let files = |threads: usize, depth| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            are_single_windows(folder.path(), depth);
            let (target, _) = read(folder.path(), &WINDOWS, depth).expect("reads");
            ["images.npy", "fold.json", "digests.npy"]
                .map(|file| fs::read(target.path().join(file)).expect("there"))
        })
    };
    for depth in Depth::EVERY {
        assert!(files(1, depth) == files(2, depth), "threads show in the bytes");
    }
}

#[test]
fn channels_of_real_scans_are_their_windows() {
    let Some(samples) = pack("dicom-samples") else { return };
    let folder = tempfile::tempdir().expect("folder");
    fs::create_dir(folder.path().join("all")).expect("folder");
    for name in ["CT_small.dcm", "MR_small_jpeg_ls_lossless.dcm", "emri_small_RLE.dcm"] {
        fs::copy(samples.join(name), folder.path().join("all").join(name)).expect("copies");
    }
    Depth::EVERY.into_iter().for_each(|depth| are_single_windows(folder.path(), depth));
}

#[test]
fn pictures_have_no_windows() {
    let folder = scans();
    write_png(&folder.path().join("head/drawn.png"));
    let csv = folder.path().join("table.csv");
    fs::write(&csv, "path,A\nhead/0.dcm,1\nhead/drawn.png,1\n").expect("writes");
    let labels = msx::data::labels::LabelTable::new(csv, "path");
    let collection = Collection {
        folder: folder.path().to_owned(),
        labels: Some(labels),
        patients: Patients::File,
    };
    let listing = list(&collection).expect("lists");
    let target = folder.path().join("fold");
    let written = |windows: &[Window]| {
        let reading = reading(windows, Depth::Eight);
        write(&listing, &reading, &target, &Silent, &Forgetful)
    };
    // It is no file that cannot be read, and is not left out like one.
    let parts = ["head/drawn.png", "is a picture", "2 windows", "give one `window`"];
    assert_says(written(&[BRAIN, BONE]), &parts);
    assert!(!target.exists(), "work was done before");
    assert_eq!(written(&[BRAIN]).expect("reads").summary.kept, 2);
    assert_says(written(&[]), &["images of 0 channels are not known, those of 1 to 3 are"]);
}

fn fold_of(raster: Raster, bytes: &[u8]) -> (TempDir, FoldInfo) {
    let folder = tempfile::tempdir().expect("folder");
    let count = bytes.len() / raster.bytes();
    let Raster { side, depth, channels } = raster;
    let info = FoldInfo { depth, channels, ..info(count, side, &["A"]) };
    write_fold(folder.path(), &info, bytes, &vec![1; count]).expect("writes");
    (folder, info)
}

/// Numbers of many kinds for so many images.
fn bytes(raster: Raster, count: usize) -> Vec<u8> {
    (0..count * raster.bytes()).map(|at| (at * at % 251 + at % 5) as u8).collect()
}

/// Folds of one channel are what they were, byte by byte; numpy reads all.
#[test]
fn the_form_on_disk_says_how_many_channels_there_are() {
    let small = |channels| Raster { channels, ..Raster::eight(2) };
    let text = |folder: &TempDir| fs::read_to_string(folder.path().join("fold.json")).expect("it");
    let shape = |folder: &TempDir| {
        let file = fs::File::open(folder.path().join("images.npy")).expect("there");
        npyz::NpyFile::new(file).expect("an array").shape().to_vec()
    };
    let (one, _) = fold_of(small(Channels::One), &[1, 2, 3, 4]);
    assert!(!text(&one).contains("channels"), "{}", text(&one));
    assert_eq!(shape(&one), [1, 2, 2]);
    let (two, _) = fold_of(small(Channels::Two), &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(text(&two).contains("\"channels\": 2"), "{}", text(&two));
    assert_eq!(shape(&two), [1, 2, 2, 2]);
    for (written, said) in [("0", "images of 0 channels"), ("4", "images of 4 channels")] {
        let changed = text(&two).replace("\"channels\": 2", &format!("\"channels\": {written}"));
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("fold.json"), changed).expect("writes");
        assert_says(
            Fold::open(folder.path()),
            &["fold.json", said, "those of 1 to 3 are", "delete the cache entry"],
        );
    }
    // Two images of one channel are no image of two.
    let (pair, _) = fold_of(small(Channels::One), &[1, 2, 3, 4, 5, 6, 7, 8]);
    fs::copy(pair.path().join("images.npy"), two.path().join("images.npy")).expect("copies");
    assert_says(
        Fold::open(two.path()),
        &["images.npy", "its shape is [2, 2, 2], fold.json says [1, 2, 2, 2]"],
    );
}

#[test]
fn a_part_of_a_fold_has_its_channels() {
    let raster = raster(Depth::Sixteen, Channels::Three);
    let (folder, all) = fold_of(raster, &bytes(raster, 3));
    let whole = Fold::open(folder.path()).expect("opens");
    let info = |channels| FoldInfo { depth: raster.depth, channels, ..info(2, SIDE, &["A"]) };
    let part = folder.path().join("part");
    write_part(&part, &whole, &[2, 0], &info(all.channels), &[1, 1]).expect("writes");
    let part = Fold::open(&part).expect("opens");
    assert_eq!((part.image(0), part.image(1)), (whole.image(2), whole.image(0)));
    let other = folder.path().join("other");
    let refused = write_part(&other, &whole, &[2, 0], &info(Channels::Two), &[1, 1]);
    assert!(refused.is_err(), "a fold of other images");
}

/// A subset at a smaller side is, channel by channel, that of folds of the single channels.
#[test]
fn subsets_are_halved_channel_by_channel() {
    for depth in Depth::EVERY {
        let raster = raster(depth, Channels::Three);
        let all = bytes(raster, 4);
        let (folder, info) = fold_of(raster, &all);
        let config = SubsetConfig {
            filter: Filter::default(),
            classes: Classes::All,
            per_class: [None, Some(0), Some(0)],
            total: [None; 3],
            split: [1.0, 0.0, 0.0],
            side: SIDE / 4,
            seed: 1,
        };
        let plan = subset::plan(&info, &[1; 4], &config).expect("plans");
        let halved = |folder: &Path| {
            let whole = Fold::open(folder).expect("opens");
            let target = folder.join("part");
            subset::write(&whole, &plan, 0, config.side, &target).expect("writes");
            Fold::open(&target).expect("opens")
        };
        let three = halved(folder.path());
        assert_eq!(three.info().channels, Channels::Three);
        for channel in 0..3 {
            let planes = raster.planes(&all).skip(channel).step_by(3).collect::<Vec<_>>().concat();
            let (single, _) = fold_of(raster.plane(), &planes);
            let single = halved(single.path());
            for image in 0..4 {
                let plane = three.info().raster().planes(three.image(image)).nth(channel);
                assert_eq!(plane, Some(single.image(image)), "{depth:?}, channel {channel}");
            }
        }
    }
}

#[test]
fn images_look_alike_where_the_means_of_their_channels_do() {
    for depth in Depth::EVERY {
        let one = raster(depth, Channels::One);
        let pixels: Vec<u8> = bytes(Raster::eight(SIDE), 1).iter().map(|byte| byte / 3).collect();
        let plane = depth.convert(pixels.as_slice(), Depth::Eight);
        let shifted: Vec<u8> = pixels.iter().map(|byte| byte + 20).collect();
        let shifted = depth.convert(shifted.as_slice(), Depth::Eight);
        let black = vec![0; one.bytes()];
        let hash = |image: &[u8], channels| {
            perceptual::thumbnail(image, Raster { channels, ..one })
                .map(|found| perceptual::hash(&found))
        };
        let expected = hash(&plane, Channels::One);
        assert!(expected.is_some());
        // Darker, but with the same pattern.
        assert_eq!(hash(&[&plane, &*black].concat(), Channels::Two), expected);
        assert_eq!(hash(&[&plane, &*shifted, &*black].concat(), Channels::Three), expected);
        let opposite: Vec<u8> = pixels.iter().map(|byte| 100 - byte).collect();
        let opposite = depth.convert(opposite.as_slice(), Depth::Eight);
        assert_eq!(hash(&[&*plane, &*opposite].concat(), Channels::Two), None, "grey everywhere");
    }
}

#[test]
fn channels_are_shown_as_colours() {
    let small = |channels| Raster { channels, ..Raster::eight(2) };
    let planes = [1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24];
    let two = small(Channels::Two);
    assert_eq!(*shown(&planes[..4], small(Channels::One)), planes[..4]);
    assert_eq!(*shown(&planes[..8], two), [1, 11, 0, 2, 12, 0, 3, 13, 0, 4, 14, 0]);
    assert_eq!(*interleaved(&planes[..8], two), [1, 11, 2, 12, 3, 13, 4, 14]);
    let three = [1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24];
    assert_eq!(*shown(&planes, small(Channels::Three)), three);
    assert_eq!(*interleaved(&planes, small(Channels::Three)), three);
    let deep = Raster { depth: Depth::Sixteen, channels: Channels::Two, ..Raster::eight(1) };
    assert_eq!(*shown(&[1, 2, 3, 4], deep), [1, 2, 3, 4, 0, 0]);
    assert_eq!(Deep::of_bytes(&shown(&[1, 2, 3, 4], deep))[1].level(), 0x0403);
}

/// What was remembered of one window is still found, and is not taken for another list of windows.
#[test]
fn every_list_of_windows_has_a_recipe_of_its_own() {
    let folder = scans();
    let collection =
        Collection { folder: folder.path().to_owned(), labels: None, patients: Patients::File };
    let scans = list(&collection).expect("lists").scans;
    let recipe = |windows: &[Window]| reading(windows, Depth::Eight).recipe(&scans);
    assert_eq!(
        recipe(&[BRAIN]),
        "pictures 2, DICOM 1: Fixed { centre: 40.0, width: 80.0 }, Every frames"
    );
    let all = [recipe(&[BRAIN]), recipe(&[BRAIN, BONE]), recipe(&[BONE, BRAIN]), recipe(&WINDOWS)];
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
}
