//! Whatever a file holds, compiling it ends, without a panic.

use crate::support::compiled_with;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// Pieces that mean something to the language, alone or in the wrong place.
const PIECES: [&str; 34] = [
    "use ",
    " as ",
    "template t(",
    "claim c: ",
    "for k in ",
    "if ",
    " then ",
    " else ",
    " and ",
    "not ",
    "..",
    "...",
    " by ",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\\{",
    "\"{",
    "}\"",
    "#",
    ",",
    ":",
    "=",
    "==",
    ".",
    "*",
    "12 kimg",
    "fold",
    "\n",
    "é",
];

const LIBRARY: &str = "dataset raw: phantom { count: 300 }\nsubset fold: raw { }\nlet base = { k: 3 }
    template judged(fold: subset, n: int = 2) { classifier c: cnn { train: fold.train, valid: fold.valid } }";

const RICH: &str = "use \"lib.msx\" { fold, base, judged as also }\nuse \"lib.msx\" as lib
    experiment rich { seed: 1 }
    param arch: word = cpd { one_of: [cpd, prog], doc: \"a word\" }
    param n: int = 3 { range: 1..9 }
    template own(x: subset, n: int = 4) { for j in 1..n { also inner { fold: x, n: j } } }
    for (k, m) in [(2, 10), (4, 20)], s in 10 kimg..30 kimg by 10 kimg {
        gan g: arch { train: fold.train, length: if k == 2 then s else 2 * s, ...{ batch: m } }
        own a { x: lib.fold, n: 1 + 1 }
        evaluate auc: a.inner[j: 1].c { test: fold.test }
    }
    dataset f: folder { path: \"data/{n}/{arch}.csv\" }
    compare fig: auroc { candidate: auc[*], baseline: auc[k: 2], over: k }
    claim c: trend(fig.relative, over: k, direction: falling)
    report page { }";

/// The texts to start from.
fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![RICH.to_owned()];
    for name in ["quickstart", "chest", "mednist"] {
        let path = root.join(format!("examples/{name}.msx"));
        texts.push(fs::read_to_string(path).expect("an example"));
    }
    texts
}

/// One change: which place, how much goes away there, and which piece comes instead.
type Change = (prop::sample::Index, usize, usize);

fn changed(mut text: String, changes: &[Change]) -> String {
    for (place, length, piece) in changes {
        let begins: Vec<usize> = text.char_indices().map(|(begin, _)| begin).collect();
        if begins.is_empty() {
            break;
        }
        let first = place.index(begins.len());
        let end = begins.get(first + length).copied().unwrap_or(text.len());
        text.replace_range(begins[first]..end, PIECES[*piece]);
    }
    text
}

#[test]
fn the_rich_file_has_no_mistakes() {
    let compiled = compiled_with(RICH, &[("lib.msx", LIBRARY)], &[]);
    assert!(compiled.is_ok(), "{:?}", compiled.err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_change_of_a_file_makes_the_compiler_panic(
        which in 0..4_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, 0..PIECES.len()), 1..8),
        in_library in any::<bool>(),
    ) {
        let (mut text, mut library) = (texts().swap_remove(which), LIBRARY.to_owned());
        if in_library {
            library = changed(library, &changes);
        } else {
            text = changed(text, &changes);
        }
        for diagnostic in compiled_with(&text, &[("lib.msx", &library)], &[]).err().into_iter().flatten() {
            prop_assert!(diagnostic.span.start <= diagnostic.span.end);
        }
    }
}
