//! `msx explain`

use super::console;
use crate::language::Code;
use crate::language::explain::{self, Explanation};
use clap::Args;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use std::ffi::OsStr;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A code such as wrong-unit or msx::wrong-unit; without it, a list of all
    #[arg(value_parser = CodeParser, hide_possible_values = true)]
    code: Option<Code>,
}

pub(super) fn run(arguments: &Arguments) {
    let text = match arguments.code {
        None => explain::overview(),
        Some(code) => Explanation::of(code).page(),
    };
    console::text(&text);
}

/// Names every code to shells that complete, and what may be meant by one that there is not.
#[derive(Debug, Clone)]
struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Code, clap::Error> {
        let written = StringValueParser::new().parse_ref(command, argument, value)?;
        explain::find(&written).map_err(|reason| {
            clap::Error::raw(ErrorKind::InvalidValue, format!("{reason}\n")).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value =
            |&code: &Code| PossibleValue::new(code.name()).help(Explanation::of(code).summary);
        Some(Box::new(Code::ALL.iter().map(value)))
    }
}
