// The grammar of msx files for editors. Rules have the names and the order of grammar/msx.pest,
// which is the truth; tests/editors.rs holds the two against each other.

/// <reference types="tree-sitter-cli/dsl" />

// At least one, with commas between and perhaps one behind.
const listed = (rule) => seq(rule, repeat(seq(",", rule)), optional(","));

module.exports = grammar({
  name: "msx",

  word: ($) => $.identifier,

  // Whether a word behind a number is its unit depends on the line's end and on what follows the
  // word, and whether `and` behind a value is the name of the next field, on the colon; only a
  // scanner can look so far.
  externals: ($) => [$.unit, $._operator_as_name, $._recovering],

  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment],

  rules: {
    file: ($) => repeat($._item),

    comment: (_) => token(seq("#", /[^\n]*/)),

    _item: ($) =>
      choice(
        $.import,
        $.experiment,
        $.param,
        $.binding,
        $.sweep,
        $.template,
        $.claim,
        $.stage,
      ),

    import: ($) =>
      seq(
        "use",
        field("path", alias($.literal, $.text)),
        choice(seq("as", field("name", $.identifier)), $.imported_names),
      ),
    imported_names: ($) => seq("{", optional(listed($.imported)), "}"),
    imported: ($) =>
      seq(field("name", $.identifier), optional(seq("as", field("name", $.identifier)))),

    experiment: ($) => seq("experiment", field("name", $.identifier), $.settings),

    param: ($) =>
      seq(
        "param",
        field("name", $.identifier),
        ":",
        field("type", $.type_name),
        "=",
        field("default", $._expression),
        optional($.settings),
      ),

    binding: ($) =>
      seq("let", field("name", $.identifier), "=", field("value", $._expression)),

    sweep: ($) => seq("for", $.over, repeat(seq(",", $.over)), $.body),
    over: ($) => seq($.variables, "in", field("values", $._expression)),
    variables: ($) =>
      choice(
        field("name", $.identifier),
        seq("(", listed(field("name", $.identifier)), ")"),
      ),

    template: ($) => seq("template", field("name", $.identifier), $.parameters, $.body),
    parameters: ($) => seq("(", optional(listed($.parameter)), ")"),
    parameter: ($) =>
      seq(
        field("name", $.identifier),
        ":",
        field("type", $.type_name),
        optional(seq("=", field("default", $._expression))),
      ),

    claim: ($) => seq("claim", field("name", $.identifier), ":", $.call),

    stage: ($) =>
      seq(
        $.kind,
        field("name", $.identifier),
        optional(seq(":", $.header)),
        $.block,
      ),
    kind: ($) =>
      seq(
        field("name", $.identifier),
        optional(
          seq(
            token.immediate("."),
            field("name", alias($._identifier_at_once, $.identifier)),
          ),
        ),
      ),
    header: ($) => $._referred,

    body: ($) => seq("{", repeat($._item), "}"),
    block: ($) => seq("{", repeat(choice($.field, $.spread)), "}"),
    settings: ($) => seq("{", repeat($.field), "}"),
    field: ($) =>
      seq(
        field("name", $._field_name),
        ":",
        field("value", $._expression),
        optional(","),
      ),
    _field_name: ($) => choice($.identifier, alias($._operator_as_name, $.identifier)),
    spread: ($) => seq("...", $._expression, optional(",")),

    // From the loosest operator to the tightest; each hidden rule is one rank and all below it.
    _expression: ($) => choice($.conditional, $._disjunction),
    conditional: ($) =>
      seq("if", $._expression, "then", $._expression, "else", $._expression),
    _disjunction: ($) => choice($.disjunction, $._conjunction),
    disjunction: ($) => seq($._disjunction, "or", $._conjunction),
    _conjunction: ($) => choice($.conjunction, $._inversion),
    conjunction: ($) => seq($._conjunction, "and", $._inversion),
    _inversion: ($) => choice($.inversion, $._comparison),
    inversion: ($) => seq("not", $._inversion),
    _comparison: ($) => choice($.comparison, $._range),
    comparison: ($) => seq($._range, $.comparator, $._range),
    comparator: (_) => choice("==", "!=", "<=", ">=", "<", ">"),
    _range: ($) => choice($.range, $._sum),
    range: ($) => seq($._sum, "..", $._sum, optional(seq("by", $._sum))),
    _sum: ($) => choice($.sum, $._product),
    sum: ($) => seq($._sum, choice("+", "-"), $._product),
    _product: ($) => choice($.product, $._factor),
    product: ($) => seq($._product, choice("*", "/"), $._factor),
    _factor: ($) => choice($.negation, $._primary),
    negation: ($) => seq("-", $._primary),
    _primary: ($) =>
      choice($.number, $.text, $.list, $.group, $.record, $.call, $.reference),

    number: ($) => seq($.digits, optional($.unit)),
    digits: (_) => /[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)?/,

    text: ($) =>
      seq(
        '"',
        repeat(choice($.text_piece, $.escape, $.interpolation)),
        token.immediate('"'),
      ),
    // Stronger than a comment, which would take a string's `#` and all behind it.
    text_piece: (_) => token.immediate(prec(1, /[^"\\\n{]+/)),
    interpolation: ($) => seq(token.immediate("{"), $._expression, "}"),
    literal: ($) =>
      seq(
        '"',
        repeat(choice(alias($._literal_piece, $.text_piece), $.escape)),
        token.immediate('"'),
      ),
    _literal_piece: (_) => token.immediate(prec(1, /[^"\\\n]+/)),
    escape: (_) => token.immediate(/\\["\\nt{}]/),

    list: ($) => seq("[", optional(listed($._expression)), "]"),
    group: ($) => seq("(", listed($._expression), ")"),
    record: ($) => seq("{", repeat(choice($.field, $.spread)), "}"),

    call: ($) => seq(field("name", $.identifier), "(", optional(listed($.argument)), ")"),
    argument: ($) => seq(optional(seq(field("name", $._argument_name), ":")), $._expression),
    // The two keywords that may begin a value are names in front of a colon.
    _argument_name: ($) =>
      choice($.identifier, alias("if", $.identifier), alias("not", $.identifier)),

    reference: ($) => $._referred,
    _referred: ($) =>
      seq(field("name", $.identifier), repeat(choice($.selection, $.member))),
    member: ($) => seq(".", field("name", $.identifier)),
    selection: ($) => seq("[", choice($.everything, listed($.selector)), "]"),
    everything: (_) => "*",
    selector: ($) => seq(field("name", $.identifier), ":", field("value", $._expression)),

    type_name: ($) => $.identifier,
    identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    _identifier_at_once: (_) => token.immediate(/[A-Za-z_][A-Za-z0-9_]*/),
  },
});
