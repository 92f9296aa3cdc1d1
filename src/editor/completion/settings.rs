//! What the header of an experiment and the block of a parameter can say.

/// A field that no schema knows, because it belongs to the language itself.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    pub(super) doc: &'static str,
}

/// The fields of `experiment`.
pub(super) const HEADER: [Setting; 2] = [
    Setting {
        name: "title",
        example: "\"What it asks\"",
        doc: "a string: the question, as reports show it",
    },
    Setting { name: "seed", example: "1", doc: "a whole number: the seed that stages inherit" },
];

const DOC: Setting =
    Setting { name: "doc", example: "\"What it is for\"", doc: "a string: what it is for" };
const ONE_OF: Setting = Setting {
    name: "one_of",
    example: "[…]",
    doc: "a list: the values that it may have, such as [cpd, prog]",
};
const RANGE: Setting = Setting {
    name: "range",
    example: "1..500",
    doc: "a range: the least and the largest value, such as 1..500",
};

/// The fields of a `param` of a type; what has no order has no range.
pub(super) fn of_parameter(type_name: &str) -> Vec<&'static Setting> {
    match type_name {
        "text" | "path" | "word" | "bool" => vec![&DOC, &ONE_OF],
        _ => vec![&DOC, &RANGE, &ONE_OF],
    }
}
