; The same patterns as those of tree-sitter-msx, by the names that Helix has for them.

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

(field name: (identifier) @variable.parameter)
(argument name: (identifier) @variable.parameter)
(selector name: (identifier) @variable.parameter)

((reference name: (identifier) @constant.builtin.boolean)
  (#any-of? @constant.builtin.boolean "true" "false"))
((reference name: (identifier) @variable)
  (#not-any-of? @variable "true" "false"))
(member name: (identifier) @variable.other.member)

(digits) @constant.numeric
(unit) @attribute

(text "\"" @string)
(text_piece) @string
(escape) @constant.character.escape

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
