//! Images and labels: readers, phantoms, folds, subsets. Knows nothing of networks or stages.

mod array;
pub mod census;
pub mod channels;
pub mod chexpert;
mod classes;
pub mod depth;
pub mod dicom;
pub mod duplicates;
mod error;
mod fold;
pub mod folder;
pub mod image;
mod ingest;
mod jpeg;
pub mod label_set;
pub mod labels;
mod located;
pub mod medmnist;
pub mod memory;
pub mod nifti;
pub mod npy;
pub mod perceptual;
pub mod phantom;
mod pixels;
pub mod random;
pub mod rsna_ich;
pub mod scans;
pub mod split;
pub mod subset;
mod summary;
mod table;
pub mod tabled;
pub mod tfrecord;

pub use channels::Channels;
pub use depth::Depth;
pub use error::DataError;
pub use fold::{
    BACKING_FILES, FILES as FOLD_FILES, Fold, FoldInfo, FoldWriter, Origin, write_fold, write_part,
};
pub use label_set::LabelSet;
pub use pixels::{Pixels, Raster};
pub use summary::{Account, Dropped, Summary};
