//! Mutations of real files, and bytes without sense: reading, checking and formatting end soon,
//! without a panic, and formatting changes no meaning.
//!
//! A fixed number of cases by default. `MSX_FUZZ_SECONDS=600 cargo test --test fuzz` goes on for that
//! long, `MSX_FUZZ_SEED` chooses the first case.

#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "support/sources.rs"]
mod sources;

use miette::{GraphicalReportHandler, GraphicalTheme};
use msx::language::experiment::Experiment;
use msx::language::format::{WIDTH, format};
use msx::language::schema::Schemas;
use msx::language::syntax::tokens::{Class, tokens};
use msx::language::{Diagnostic, Source, compile};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sources::Folder;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// Cases where no time is given.
const CASES: u64 = 400;
/// What no case may take, on the slowest machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(30);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.msx` file of the repository that is made to be read.
fn corpus() -> Vec<String> {
    let folders = ["examples", "experiments", "tests/ui", "tests/format/cases", "tests/editors"];
    let mut texts = Vec::new();
    for folder in folders {
        for entry in WalkDir::new(root().join(folder)).follow_root_links(true).sort_by_file_name() {
            let path = entry.expect("readable").into_path();
            if path.extension().is_some_and(|extension| extension == "msx") {
                texts.push(fs::read_to_string(path).expect("readable"));
            }
        }
    }
    assert!(texts.len() >= 40, "only {} files", texts.len());
    texts
}

/// What a file means, without places in it, or else what is wrong with it.
fn meaning(source: &Source, schemas: &Schemas) -> Result<Experiment, Vec<String>> {
    match compile(source, &Folder(root().join("examples")), schemas, &[]) {
        Ok(mut compiled) => {
            check_places(&compiled.warnings);
            compiled.experiment.stages.iter_mut().for_each(|stage| stage.span = 0..0);
            compiled.experiment.claims.iter_mut().for_each(|claim| claim.span = 0..0);
            Ok(compiled.experiment)
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a message");
            check_places(&errors);
            Err(errors.iter().map(ToString::to_string).collect())
        }
    }
}

/// Every place lies in its text and cuts no character in two, and every message can be shown.
fn check_places(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let (_, text) = diagnostic.source().expect("a file");
        assert!(text.get(diagnostic.span.clone()).is_some(), "{diagnostic:?}");
        for (place, _) in &diagnostic.related {
            assert!(text.get(place.clone()).is_some(), "{diagnostic:?}");
        }
        for (_, text, place, _) in diagnostic.elsewhere() {
            assert!(text.get(place.clone()).is_some(), "{diagnostic:?}");
        }
    }
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    for diagnostic in diagnostics.iter().take(3) {
        let mut shown = String::new();
        handler.render_report(&mut shown, diagnostic).expect("a string takes everything");
        assert!(shown.contains(diagnostic.code.name()), "{shown}");
    }
}

/// Everything in a text but blank space and the commas that a formatter may move.
fn signs(text: &str) -> Vec<&str> {
    let mut end = 0;
    let mut found = Vec::new();
    for token in tokens(text) {
        assert!(end <= token.span.start, "tokens overlap at {}", token.span.start);
        end = token.span.end;
        let sign = &text[token.span];
        match token.class {
            Class::Comment | Class::Broken => found.extend(sign.split_whitespace()),
            _ if sign != "," => found.push(sign),
            _ => {}
        }
    }
    found
}

/// Every character but blank space and commas.
fn ink(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '\u{feff}')).collect()
}

fn check(text: &str, schemas: &Schemas) {
    let source = Source::new("any.msx", text);
    let before = meaning(&source, schemas);
    let formatted = format(&source, WIDTH);
    check_places(&formatted.problems);
    let again = Source::new("any.msx", formatted.text.as_str());
    assert_eq!(ink(text), ink(&again.text), "formatting lost or made something");
    assert_eq!(format(&again, WIDTH).text, again.text, "formatting twice differs from once");
    if formatted.problems.is_empty() {
        assert_eq!(before, meaning(&again, schemas), "formatting changed the meaning");
        assert_eq!(signs(text), signs(&again.text), "formatting changed more than blank space");
    } else {
        assert!(before.is_err(), "what cannot be read was taken");
        signs(text);
    }
}

/// A stretch of cases from `seed` on. The name of a failure is its seed.
#[test]
fn nothing_that_is_read_makes_it_fall() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seconds: Option<u64> = number("MSX_FUZZ_SECONDS");
    let first: u64 = number("MSX_FUZZ_SEED").unwrap_or(0);
    let (corpus, schemas) = (corpus(), msx::stages::schemas());
    let began = Instant::now();
    let mut failures = Vec::new();
    let mut cases = 0;
    while seconds.map_or(cases < CASES, |seconds| began.elapsed().as_secs() < seconds) {
        let seed = first + cases;
        cases += 1;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let bytes = match random.random_ratio(1, 10) {
            true => mutate::noise(&mut random),
            false => mutate::mutated(&corpus, &mut random),
        };
        let text = String::from_utf8_lossy(&bytes);
        let case = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&text, &schemas)));
        if outcome.is_err() || case.elapsed() > LONGEST {
            let path = std::env::temp_dir().join(format!("msx-fuzz-{seed}.msx"));
            fs::write(&path, text.as_bytes()).expect("the temporary folder is writable");
            failures.push(format!("{seed} ({:?}): {}", case.elapsed(), path.display()));
        }
    }
    eprintln!("{cases} cases in {:?}", began.elapsed());
    assert!(failures.is_empty(), "failed, by seed:\n{}", failures.join("\n"));
}
