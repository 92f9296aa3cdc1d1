//! `dataset`: where images and labels come from.

mod chexpert;
mod folder;
mod phantom;

pub(super) use chexpert::Chexpert;
pub(super) use folder::Folder;
pub(super) use phantom::Phantom;
