//! The kinds of mistakes.

use std::fmt;

/// Declares every kind of mistake once: its variant, its stable name, and by that name the page
/// under `explain/` without which it does not compile.
macro_rules! codes {
    ($($(#[$documentation:meta])+ $code:ident = $name:literal,)+) => {
        /// The kinds of mistakes. The name of each is stable and can be searched for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$documentation])+ $code,)+
        }

        impl Code {
            /// Every kind of mistake.
            pub const ALL: &[Code] = &[$(Code::$code),+];

            /// The name without `msx::` in front.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)+
                }
            }

            /// The page that explains it.
            pub(super) fn page(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("explain/", $name, ".md")),)+
                }
            }
        }
    };
}

codes! {
    /// The text does not follow the grammar.
    Syntax = "syntax",
    /// There is no experiment header, or more than one.
    Header = "header",
    /// No such stage kind.
    UnknownKind = "unknown-kind",
    /// No such method.
    UnknownMethod = "unknown-method",
    /// No such field.
    UnknownField = "unknown-field",
    /// No such name.
    UnknownName = "unknown-name",
    /// No such word of an enumeration.
    UnknownWord = "unknown-word",
    /// No such output of a stage.
    UnknownOutput = "unknown-output",
    /// No such unit.
    UnknownUnit = "unknown-unit",
    /// A required field is not there.
    MissingField = "missing-field",
    /// A value of another type.
    WrongType = "wrong-type",
    /// A number without its unit or with another.
    WrongUnit = "wrong-unit",
    /// A number outside its range.
    OutOfRange = "out-of-range",
    /// Two declarations of one name, or one field twice.
    Duplicate = "duplicate",
    /// A stage that depends on itself.
    Cycle = "cycle",
    /// A family where one stage is wanted, or the reverse.
    Family = "family",
    /// A value on the command line that does not fit.
    Override = "override",
    /// A file that cannot be imported.
    Import = "import",
    /// More stages than anybody can run.
    TooLarge = "too-large",
    /// A declaration that nothing uses.
    Unused = "unused",
    /// A model that learns from a fold for tests.
    TestFold = "test-fold",
    /// A comparison of results on different folds.
    DifferentFolds = "different-folds",
    /// A test fold whose patients may have been trained on.
    SharedPatients = "shared-patients",
    /// Two rounds of a loop with the same values.
    RepeatedRound = "repeated-round",
    /// Results that are taken for independent and are one.
    SameWork = "same-work",
    /// A file that cannot be read.
    Io = "io",
}

impl Code {
    /// Whether a file with this mistake can be run all the same.
    pub fn is_warning(self) -> bool {
        matches!(
            self,
            Code::Unused
                | Code::TestFold
                | Code::DifferentFolds
                | Code::SharedPatients
                | Code::RepeatedRound
                | Code::SameWork
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "msx::{}", self.name())
    }
}
