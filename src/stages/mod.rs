//! The stage methods, one file each: schema, documentation, revision and run function together.
//!
//! Everything else (checker, planner, manual) reads the schemas from here.

mod classifier;
mod compare;
mod context;
mod dataset;
mod error;
mod evaluate;
mod fields;
mod figure;
mod gan;
mod neighbours;
mod report;
mod subset;
mod synth;

pub use context::{Context, Parameters, StageInput};
pub use error::StageError;
pub use fields::backing_files;
pub use figure::{Figure, ResultFiles};

use crate::language::schema::{MethodSchema, Schemas};
use crate::language::value::Fields;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One stage method.
pub trait Method: Send + Sync {
    /// Its description. The only place where its fields are named for others.
    fn schema(&self) -> MethodSchema;

    /// Whether networks compute in it, so that the device's arithmetic belongs in the key.
    fn uses_device(&self) -> bool {
        false
    }

    /// Memory in bytes that it will hold at most, roughly; the scheduler starts no stage beside
    /// others for which there is no room.
    fn memory(&self, parameters: Parameters<'_>) -> u64 {
        let _ = parameters;
        LITTLE_MEMORY
    }

    /// The trainings whose ways this one goes along for a while, by their parameters. What it has in
    /// common with one of them is filed with that one's checkpoints; none for a training whose way is
    /// its own from the first step to the last.
    fn stretches(&self, parameters: Parameters<'_>) -> Vec<Fields> {
        let _ = parameters;
        Vec::new()
    }

    /// The files of the user's that it reads, so that their content goes into the key.
    ///
    /// # Errors
    /// A path that does not exist, or a list of files that cannot be read.
    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        let _ = (parameters, base);
        Ok(Vec::new())
    }

    /// What a result of it says in a few numbers, the most important first.
    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        let _ = result;
        Vec::new()
    }

    /// Whether an output shows images or labels of the data that the stage goes back to. Where these
    /// are files of the user's, such an output is not given away.
    fn shows_data(&self, output: &str) -> bool {
        let _ = output;
        false
    }

    /// Does the work and writes every output of the schema.
    ///
    /// # Errors
    /// Bad input, with place and remedy; or the user asked to stop.
    fn run(&self, context: &Context<'_>) -> Result<(), StageError>;
}

/// What most stages make do with, in bytes.
pub const LITTLE_MEMORY: u64 = 256 << 20;

/// What a stage needs beside a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Memory in bytes.
    pub memory: u64,
    /// Whether it computes on the accelerator.
    pub accelerator: bool,
}

/// Files that one field stands for.
#[derive(Debug, Clone)]
pub struct Source {
    /// The field.
    pub role: &'static str,
    /// Names in the digest are relative to this; a file that is its own base counts by content
    /// alone.
    pub base: PathBuf,
    /// The files.
    pub files: Vec<PathBuf>,
}

/// Every method of this version, in manual order.
pub fn methods() -> Vec<Box<dyn Method>> {
    vec![
        Box::new(dataset::Phantom),
        Box::new(dataset::Folder),
        Box::new(dataset::Csv),
        Box::new(dataset::MedMnist),
        Box::new(dataset::Chexpert),
        Box::new(dataset::RsnaIch),
        Box::new(dataset::Dicom),
        Box::new(dataset::Nifti),
        Box::new(dataset::TfRecord),
        Box::new(subset::Subset),
        Box::new(gan::Cpd),
        Box::new(gan::Prog),
        Box::new(synth::Synth),
        Box::new(classifier::Cnn),
        Box::new(classifier::DenseNet121),
        Box::new(evaluate::Evaluate),
        Box::new(neighbours::Neighbours),
        Box::new(compare::CompareAuroc),
        Box::new(report::Report),
    ]
}

/// Methods by the kind and the name that their schemas give, which take a while to make.
pub struct ByName<'a>(HashMap<(&'static str, &'static str), &'a dyn Method>);

impl<'a> ByName<'a> {
    /// These methods.
    pub fn of(methods: &'a [Box<dyn Method>]) -> ByName<'a> {
        let named = methods.iter().map(|method| {
            let schema = method.schema();
            ((schema.kind, schema.method), method.as_ref())
        });
        ByName(named.collect())
    }

    /// The method of this kind and name.
    pub fn get(&self, kind: &str, method: &str) -> Option<&'a dyn Method> {
        self.0.get(&(kind, method)).copied()
    }
}

/// The schemas of every method.
pub fn schemas() -> Schemas {
    Schemas::new(methods().iter().map(|method| method.schema()).collect())
}

/// Where the page of a report lies: stage kind, output, file.
pub fn report_output() -> (&'static str, &'static str, &'static str) {
    (report::KIND, report::OUTPUT, report::FILE)
}
