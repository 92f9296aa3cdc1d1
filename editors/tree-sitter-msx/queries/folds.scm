[
  (imported_names)
  (parameters)
  (body)
  (block)
  (settings)
  (record)
  (list)
  (call)
] @fold
