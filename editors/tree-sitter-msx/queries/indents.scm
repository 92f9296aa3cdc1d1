[
  (imported_names)
  (parameters)
  (body)
  (block)
  (settings)
  (record)
  (list)
  (group)
  (call)
] @indent.begin

[
  "}"
  "]"
  ")"
] @indent.branch @indent.end
