//! What pixels depend on is in the words that images are remembered by.

use msx::data::Raster;
use msx::data::dicom::Window;
use msx::data::nifti::{Axis, Range, Slicing, Which};
use msx::data::scans::{Format, Frames, Keeping, Patient, Reading, Scan};
use std::collections::BTreeSet;

fn scan(name: &str) -> Scan {
    Scan {
        path: name.into(),
        source: name.to_owned(),
        labels: Vec::new(),
        patient: Patient::Own,
        split: None,
    }
}

#[test]
fn windows_and_frames_count_for_dicom_files_and_not_for_pictures() {
    let windows = [
        Window::File,
        Window::Full,
        Window::Fixed { centre: 40.0, width: 80.0 },
        Window::Fixed { centre: 40.0, width: 81.0 },
        Window::Fixed { centre: 40.5, width: 80.0 },
    ];
    let frames = [Frames::Every, Frames::First, Frames::Middle];
    let recipes = |names: &[&str]| -> BTreeSet<String> {
        let scans: Vec<Scan> = names.iter().map(|name| scan(name)).collect();
        let keeping = Keeping {
            square: Raster::eight(8).into(),
            skip_unreadable: false,
            patient_key: "key".to_owned(),
        };
        let ways = windows.iter().flat_map(|&window| frames.map(|frames| (window, frames)));
        ways.map(|(window, frames)| Reading {
            keeping: keeping.clone(),
            windows: vec![window],
            frames,
        })
        .map(|reading| reading.recipe(&scans))
        .collect()
    };
    assert_eq!(recipes(&["a.png", "b.JPG"]).len(), 1);
    assert_eq!(recipes(&["a.png", "b.dcm"]).len(), 15);
    assert!(recipes(&["a.png"]).is_disjoint(&recipes(&["b.dcm"])));
}

#[test]
fn axes_slices_and_ranges_count_for_volumes() {
    let axes = [Axis::Axial, Axis::Coronal, Axis::Sagittal, Axis::Stored(0), Axis::Stored(1)];
    let whiches = [
        Which::All,
        Which::Middle,
        Which::Between { from: 0.0, to: 1.0, step: 2 },
        Which::Between { from: 0.0, to: 0.9, step: 2 },
        Which::Between { from: 0.1, to: 1.0, step: 2 },
        Which::Between { from: 0.0, to: 1.0, step: 3 },
    ];
    let ranges = [
        Range::Full,
        Range::Fixed { centre: 40.0, width: 80.0 },
        Range::Fixed { centre: 41.0, width: 80.0 },
        Range::Percentiles { low: 0.0, high: 1.0 },
        Range::Percentiles { low: 0.0, high: 0.99 },
    ];
    let mut recipes = BTreeSet::new();
    for axis in axes {
        for which in whiches {
            recipes.extend(ranges.map(|range| Slicing { axis, which, range }.recipe(&[])));
        }
    }
    assert_eq!(recipes.len(), axes.len() * whiches.len() * ranges.len());
}
