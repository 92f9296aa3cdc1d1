//! From text to stages and from stages to keys, for files far larger than anybody writes.
//!
//! `cargo bench --bench language`

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use msx::graph::Graph;
use msx::language::compile;
use msx::language::format::{WIDTH, format};
use msx::project::ProjectFiles;
use std::fmt::Write;
use std::fs;
use std::hint::black_box;

/// A file of about `lines` lines, one classifier in three of them.
fn long_file(lines: usize) -> String {
    let mut text = "experiment long { seed: 1 }\ndataset d: phantom { count: 100 }\n\
                    subset fold: d { }\n"
        .to_owned();
    for number in 0..lines / 3 {
        writeln!(
            text,
            "classifier c{number}: cnn {{\n    train: fold.train, valid: fold.valid, epochs: 3\n}}"
        )
        .expect("a string takes everything");
    }
    text
}

/// Two nested loops of one hundred rounds.
fn wide_sweep() -> String {
    let list = (1..=100).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    format!(
        "experiment wide {{ seed: 1 }}\ndataset d: phantom {{ count: 100 }}\nfor a in [{list}] {{ \
         for b in [{list}] {{ subset fold: d {{ classes: top(a), seed: b }} }} }}\n"
    )
}

fn language(bencher: &mut Criterion) {
    let schemas = msx::stages::schemas();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in [("10000_lines", long_file(10_000)), ("10000_stages", wide_sweep())] {
        let path = folder.path().join(format!("{name}.msx"));
        fs::write(&path, text).expect("the disk takes it");
        let (files, source) = ProjectFiles::open(&path, None).expect("it was just written");
        bencher.bench_function(&format!("compile/{name}"), |bencher| {
            bencher
                .iter(|| black_box(compile(&source, &files, &schemas, &[]).expect("no mistakes")));
        });
        let compiled = compile(&source, &files, &schemas, &[]).expect("no mistakes");
        bencher.bench_function(&format!("format/{name}"), |bencher| {
            bencher.iter(|| black_box(format(&source, WIDTH)));
        });
        bencher.bench_function(&format!("graph/{name}"), |bencher| {
            bencher.iter_batched(
                || compiled.experiment.stages.clone(),
                |stages| black_box(Graph::build(stages, &schemas)),
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, language);
criterion_main!(benches);
