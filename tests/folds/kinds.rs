//! Scans and volumes are decoded once too: new labels decode none, a new window all.

use crate::decoded::changed;
use crate::dicom_file::Picture;
use crate::project::Project;
use std::fs;
use std::path::Path;

fn label(project: &Project, rows: &[(&str, u8)]) {
    let rows: String = rows.iter().map(|(file, label)| format!("{file},{label}\n")).collect();
    fs::write(project.folder().join("table.csv"), format!("path,A\n{rows}")).expect("table");
}

#[test]
fn scans_are_decoded_once_and_again_for_another_window() {
    let project = Project::new(
        "experiment e { seed: 1 }\n\
         dataset chest: dicom {\n\
         path: \"scans\", table: \"table.csv\", patients: file, size: 16px,\n\
         window: window(centre: 500, width: 1_000) }\n",
    );
    for file in 0..5_u16 {
        let samples: Vec<u16> = (0..400).map(|place| 100 * file + place % 90).collect();
        Picture::grey(20, 20, &samples).write(&project.folder().join(format!("scans/{file}.dcm")));
    }
    label(&project, &[("0.dcm", 0), ("1.dcm", 1), ("2.dcm", 0), ("3.dcm", 1)]);
    changed(&project, |_| {}, 4, 0);
    let relabel = |project: &Project| label(project, &[("3.dcm", 0), ("0.dcm", 1), ("2.dcm", 1)]);
    changed(&project, relabel, 0, 3);
    changed(&project, |project| label(project, &[("4.dcm", 1), ("1.dcm", 0)]), 1, 1);
    changed(&project, |project| project.edit("centre: 500", "centre: 400"), 2, 0);
}

#[test]
fn volumes_are_decoded_once_and_again_for_other_slices() {
    let project = Project::new(
        "experiment e { seed: 1 }\n\
         dataset chest: nifti {\n\
         path: \"volumes\", table: \"table.csv\", size: 8px, axis: coronal, slices: middle }\n",
    );
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nifti");
    let [first, second, third] = ["lps_u8.nii.gz", "lia_f64_two.nii", "ras_i16.nii"];
    fs::create_dir_all(project.folder().join("volumes")).expect("folder");
    for name in [first, second, third] {
        fs::copy(golden.join(name), project.folder().join("volumes").join(name)).expect("copies");
    }
    label(&project, &[(first, 0), (second, 1)]);
    changed(&project, |_| {}, 2, 0);
    changed(&project, |project| label(project, &[(second, 0), (first, 1)]), 0, 2);
    changed(&project, |project| label(project, &[(second, 0), (third, 1)]), 1, 1);
    changed(&project, |project| project.edit("coronal", "axial"), 2, 0);
}
