//! What a running stage sees: parameters, inputs, a place for outputs, and the outside.

use super::error::StageError;
use crate::data::memory::Memory;
use crate::language::experiment::Bindings;
use crate::language::value::{Fields, Value};
use crate::learn::checkpoint::Checkpoints;
use crate::learn::device::Device;
use crate::progress::Monitor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Everything a stage may use while it runs.
pub struct Context<'a> {
    /// The checked parameters.
    pub parameters: Parameters<'a>,
    /// The inputs, in canonical order: by role, then by content.
    pub inputs: &'a [StageInput],
    /// The folder of the `.msx` file, against which the user's paths are resolved.
    pub base: &'a Path,
    /// Outputs go to `out/<output>/<file>`.
    pub out: &'a Path,
    /// Where networks compute.
    pub device: &'a Device,
    /// Receives progress.
    pub monitor: &'a dyn Monitor,
    /// Resumable states of this stage's trajectory.
    pub checkpoints: &'a dyn Checkpoints,
    /// Those of the trainings that [`Method::stretches`](super::Method::stretches) lists.
    pub stretches: &'a [&'a dyn Checkpoints],
    /// Images that were decoded before.
    pub memory: &'a dyn Memory,
}

impl Context<'_> {
    /// The one input with this role.
    ///
    /// # Errors
    /// There is none, which the checker should have refused.
    pub fn input(&self, role: &str) -> Result<&StageInput, StageError> {
        self.inputs
            .iter()
            .find(|input| input.field == role)
            .ok_or_else(|| StageError::Defect(format!("no input `{role}` reached the stage")))
    }

    /// All inputs of a field that takes many, in canonical order.
    pub fn inputs_of<'b>(&'b self, field: &'b str) -> impl Iterator<Item = &'b StageInput> {
        self.inputs.iter().filter(move |input| input.field == field)
    }

    /// The folder of an output, created.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn output(&self, name: &str) -> Result<PathBuf, StageError> {
        let folder = self.out.join(name);
        fs::create_dir_all(&folder).map_err(StageError::io(&folder))?;
        Ok(folder)
    }

    /// Writes `out/<output>/<file>`.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, output: &str, file: &str, bytes: &[u8]) -> Result<(), StageError> {
        let path = self.output(output)?.join(file);
        fs::write(&path, bytes).map_err(StageError::io(&path))
    }

    /// Writes `out/<output>/<file>` as JSON.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write_json<T: Serialize>(
        &self,
        output: &str,
        file: &str,
        value: &T,
    ) -> Result<(), StageError> {
        let bytes = serde_json::to_vec_pretty(value).map_err(StageError::other)?;
        self.write(output, file, &bytes)
    }
}

/// One input, linked into a folder of the stage's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StageInput {
    /// The field or header role that takes it.
    pub field: String,
    /// Kind of the giving stage.
    pub kind: String,
    /// Method of the giving stage.
    pub method: String,
    /// Family member of the giving stage.
    pub bindings: Bindings,
    /// The one output that was asked for; `None` for the whole stage.
    pub output: Option<String>,
    /// Its folder: the output's files, or a folder an output for a whole stage.
    #[serde(with = "crate::any_path")]
    pub folder: PathBuf,
}

impl StageInput {
    /// The folder of one output.
    pub fn output(&self, name: &str) -> PathBuf {
        match &self.output {
            Some(_) => self.folder.clone(),
            None => self.folder.join(name),
        }
    }

    /// Reads one file of one output.
    ///
    /// # Errors
    /// It is not there.
    pub fn read(&self, output: &str, file: &str) -> Result<Vec<u8>, StageError> {
        let path = self.output(output).join(file);
        fs::read(&path).map_err(StageError::io(&path))
    }

    /// Reads one JSON file of one output.
    ///
    /// # Errors
    /// It is not there or of another form.
    pub fn read_json<T: DeserializeOwned>(
        &self,
        output: &str,
        file: &str,
    ) -> Result<T, StageError> {
        serde_json::from_slice(&self.read(output, file)?).map_err(StageError::other)
    }
}

/// The parameters of a stage with typed access. The checker has filled in defaults, so a missing
/// or wrongly typed one is a defect of the schema, not of the user's file.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a>(pub &'a Fields);

impl<'a> Parameters<'a> {
    /// The value of an optional parameter.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    fn required(&self, name: &str) -> Result<&'a Value, StageError> {
        self.get(name)
            .ok_or_else(|| StageError::Defect(format!("parameter `{name}` was not filled in")))
    }

    /// A whole number.
    ///
    /// # Errors
    /// A defect of the schema, as for every getter here.
    pub fn int(&self, name: &str) -> Result<i64, StageError> {
        match self.required(name)? {
            Value::Int(value) => Ok(*value),
            other => Err(mismatch(name, other)),
        }
    }

    /// A whole number that the schema keeps at or above zero.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn count(&self, name: &str) -> Result<usize, StageError> {
        usize::try_from(self.int(name)?).map_err(StageError::other)
    }

    /// The stage's seed.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn seed(&self) -> Result<u64, StageError> {
        u64::try_from(self.int("seed")?).map_err(StageError::other)
    }

    /// A real number, or the amount of a quantity in base units.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn float(&self, name: &str) -> Result<f64, StageError> {
        match self.required(name)? {
            Value::Float(value) => Ok(*value),
            Value::Quantity(quantity) => Ok(quantity.amount),
            other => Err(mismatch(name, other)),
        }
    }

    /// The amount of a quantity that counts something: pixels, images, bytes.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn amount(&self, name: &str) -> Result<u64, StageError> {
        let amount = self.float(name)?;
        // Ranges in the schemas keep amounts far below 2^53.
        Ok(amount.round().max(0.0) as u64)
    }

    /// The same as a size in memory.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn size(&self, name: &str) -> Result<usize, StageError> {
        usize::try_from(self.amount(name)?).map_err(StageError::other)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn bool(&self, name: &str) -> Result<bool, StageError> {
        match self.required(name)? {
            Value::Bool(value) => Ok(*value),
            other => Err(mismatch(name, other)),
        }
    }

    /// A word, string or path.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn text(&self, name: &str) -> Result<&'a str, StageError> {
        match self.required(name)? {
            Value::Text(text) | Value::Word(text) => Ok(text),
            other => Err(mismatch(name, other)),
        }
    }

    /// A list of texts or words.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, StageError> {
        let Value::List(items) = self.required(name)? else {
            return Err(mismatch(name, self.required(name)?));
        };
        items
            .iter()
            .map(|item| match item {
                Value::Text(text) | Value::Word(text) => Ok(text.clone()),
                other => Err(mismatch(name, other)),
            })
            .collect()
    }

    /// A list of whole numbers at or above zero.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn counts(&self, name: &str) -> Result<Vec<usize>, StageError> {
        let Value::List(items) = self.required(name)? else {
            return Err(mismatch(name, self.required(name)?));
        };
        items
            .iter()
            .map(|item| match item {
                Value::Int(value) => usize::try_from(*value).map_err(StageError::other),
                other => Err(mismatch(name, other)),
            })
            .collect()
    }

    /// A list of amounts (images, pixels) in base units.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn amounts(&self, name: &str) -> Result<Vec<u64>, StageError> {
        let Value::List(items) = self.required(name)? else {
            return Err(mismatch(name, self.required(name)?));
        };
        items
            .iter()
            .map(|item| match item {
                Value::Quantity(quantity) => Ok(quantity.amount.round().max(0.0) as u64),
                other => Err(mismatch(name, other)),
            })
            .collect()
    }

    /// The fields of a record.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn record(&self, name: &str) -> Result<Parameters<'a>, StageError> {
        match self.required(name)? {
            Value::Record(fields) => Ok(Parameters(fields)),
            other => Err(mismatch(name, other)),
        }
    }

    /// A list of records.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn records(&self, name: &str) -> Result<Vec<Parameters<'a>>, StageError> {
        let Value::List(items) = self.required(name)? else {
            return Err(mismatch(name, self.required(name)?));
        };
        items
            .iter()
            .map(|item| match item {
                Value::Record(fields) => Ok(Parameters(fields)),
                other => Err(mismatch(name, other)),
            })
            .collect()
    }

    /// A choice: its word and its arguments, empty for a bare word.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn choice(&self, name: &str) -> Result<Chosen<'a>, StageError> {
        chosen(name, self.required(name)?)
    }

    /// The choices of a field that takes several, at least one.
    ///
    /// # Errors
    /// A defect of the schema.
    pub fn choices(&self, name: &str) -> Result<Vec<Chosen<'a>>, StageError> {
        let value = self.required(name)?;
        let values = match value {
            Value::List(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        values.iter().map(|value| chosen(name, value)).collect()
    }
}

/// A word with its arguments, none for a bare one.
pub type Chosen<'a> = (&'a str, Option<Parameters<'a>>);

fn chosen<'a>(name: &str, value: &'a Value) -> Result<Chosen<'a>, StageError> {
    match value {
        Value::Word(word) => Ok((word, None)),
        Value::Call { name, arguments } => Ok((name, Some(Parameters(arguments)))),
        other => Err(mismatch(name, other)),
    }
}

fn mismatch(name: &str, value: &Value) -> StageError {
    StageError::Defect(format!("parameter `{name}` has the unexpected value {value}"))
}
