//! The benchmark over its library means what it meant written out.

use crate::sources::Folder;
use crate::support::{keys, must_compile};
use msx::language::compile;
use std::fs;
use std::path::Path;

#[test]
fn the_benchmark_has_the_keys_that_it_had_written_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder(root.join("experiments"));
    for (name, stages) in [("chest_classes.msx", 81), ("chest_samples.msx", 107)] {
        let written_out = root.join("tests/language/written_out").join(name);
        let written_out = must_compile(&fs::read_to_string(written_out).expect("readable"));
        let compiled = compile(&folder.open(name), &folder, &msx::stages::schemas(), &[]);
        let compiled = compiled.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_eq!(keys(&compiled), keys(&written_out), "{name}");
        assert_eq!(compiled.experiment.stages.len(), stages, "{name}");
    }
}
