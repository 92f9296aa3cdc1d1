; Each token has one pattern, so that it does not matter which of several an editor prefers.

(comment) @comment

[
  "use"
  "as"
  "experiment"
  "param"
  "let"
  "for"
  "in"
  "template"
  "claim"
  "if"
  "then"
  "else"
  "and"
  "or"
  "not"
  "by"
] @keyword

(kind (identifier) @type)
(type_name) @type.builtin
(header name: (identifier) @constructor)
(call name: (identifier) @function)

(import name: (identifier) @label)
(imported name: (identifier) @label)
(experiment name: (identifier) @label)
(param name: (identifier) @label)
(binding name: (identifier) @label)
(variables name: (identifier) @label)
(template name: (identifier) @label)
(parameter name: (identifier) @label)
(claim name: (identifier) @label)
(stage name: (identifier) @label)

(field name: (identifier) @property)
(argument name: (identifier) @property)
(selector name: (identifier) @property)

((reference name: (identifier) @boolean)
  (#any-of? @boolean "true" "false"))
((reference name: (identifier) @variable)
  (#not-any-of? @variable "true" "false"))
(member name: (identifier) @variable.member)

(digits) @number
(unit) @attribute

(text "\"" @string)
(text_piece) @string
(escape) @string.escape

[
  (comparator)
  (everything)
  "="
  "+"
  "-"
  "*"
  "/"
  ".."
  "..."
] @operator

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  ","
  ":"
  "."
] @punctuation.delimiter
