//! What a user relies on in the data: images become what Pillow makes of them, patients stay in
//! one fold, selections are nested, and what is wrong is named with file, line and remedy.

#[path = "data/census.rs"]
mod census;
#[path = "data/channels.rs"]
mod channels;
#[path = "data/chexpert.rs"]
mod chexpert;
#[path = "data/collection.rs"]
mod collection;
#[path = "data/deep.rs"]
mod deep;
#[path = "data/dicom.rs"]
mod dicom;
#[path = "data/dicom_file.rs"]
mod dicom_file;
#[path = "data/duplicates.rs"]
mod duplicates;
#[path = "data/fold.rs"]
mod fold;
#[path = "data/folder.rs"]
mod folder;
#[path = "data/hostile.rs"]
mod hostile;
#[path = "data/jpeg.rs"]
mod jpeg;
#[path = "data/medmnist.rs"]
mod medmnist;
#[path = "data/nifti.rs"]
mod nifti;
#[path = "data/paper.rs"]
mod paper;
#[path = "data/phantom.rs"]
mod phantom;
#[path = "data/random.rs"]
mod random;
#[path = "data/real.rs"]
mod real;
#[path = "data/recipes.rs"]
mod recipes;
#[path = "data/resize.rs"]
mod resize;
#[path = "data/rsna_ich.rs"]
mod rsna_ich;
#[path = "data/skipping.rs"]
mod skipping;
#[path = "data/subset.rs"]
mod subset;
#[path = "data/support.rs"]
mod support;
#[path = "data/tabled.rs"]
mod tabled;
#[path = "data/tfrecord.rs"]
mod tfrecord;
