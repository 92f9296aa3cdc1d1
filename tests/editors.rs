//! The grammars for editors see in a text what the language sees: the same mistakes, and the same
//! colour for each byte.
//!
//! After a deliberate change run `MSX_BLESS=1 cargo test --test editors` and read the difference.

use msx::language::syntax::parse;
use msx::language::syntax::tokens::{Class, tokens};
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator, Tree};
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every msx file of the repository, broken ones too.
fn files() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = ["examples", "experiments", "tests"]
        .iter()
        .flat_map(|folder| WalkDir::new(root().join(folder)).follow_links(true))
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "msx"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "only {} files", paths.len());
    paths
}

fn is_sound(text: &str) -> bool {
    parse(text, 0).problems.diagnostics.is_empty()
}

/// The files in which the language finds no mistake of syntax.
fn sound_files() -> Vec<(PathBuf, String)> {
    let texts = files().into_iter().map(|path| (path.clone(), read(&path)));
    let sound: Vec<_> = texts.filter(|(_, text)| is_sound(text)).collect();
    assert!(sound.len() >= 10, "only {} files", sound.len());
    sound
}

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_msx::LANGUAGE.into()).expect("the versions fit");
    parser.parse(text, None).expect("it has a language and no time limit")
}

fn query(text: &str) -> Query {
    Query::new(&tree_sitter_msx::LANGUAGE.into(), text).unwrap_or_else(|error| panic!("{error}"))
}

/// What each byte of a text is, blank space aside.
type Classes = Vec<Option<Class>>;

fn by_the_language(text: &str) -> Classes {
    let mut classes = vec![None; text.len()];
    for token in tokens(text) {
        classes[token.span].fill(Some(token.class));
    }
    classes
}

/// What an editor makes of a text from pieces with names of its own, where the language says that
/// there is something.
fn by_an_editor<'n>(
    text: &str,
    pieces: impl IntoIterator<Item = (usize, usize, &'n str)>,
    class: impl Fn(&str) -> Option<Class>,
) -> Classes {
    let mut classes = vec![None; text.len()];
    for (start, end, name) in pieces {
        classes[start..end.min(text.len())].fill(class(name));
    }
    for (byte, expected) in by_the_language(text).into_iter().enumerate() {
        if expected.is_none() && text.as_bytes()[byte].is_ascii_whitespace() {
            classes[byte] = None;
        }
    }
    classes
}

/// The first place where an editor sees something else than the language does.
fn difference(name: &Path, text: &str, editor: &Classes) -> Option<String> {
    let language = by_the_language(text);
    let place = (0..text.len()).find(|&byte| language[byte] != editor[byte])?;
    let line = text[..place].matches('\n').count();
    let (ours, theirs) = (language[place], editor[place]);
    let shown = text.lines().nth(line).unwrap_or_default();
    Some(format!("{}:{}: {ours:?}, not {theirs:?}, in: {shown}", name.display(), line + 1))
}

/// The classes of the names that the query for highlighting gives.
fn class_of_capture(name: &str) -> Option<Class> {
    Some(match name {
        "comment" => Class::Comment,
        "keyword" => Class::Keyword,
        "type" => Class::Kind,
        "label" => Class::Name,
        "type.builtin" => Class::Type,
        "constructor" => Class::Method,
        "property" | "variable.parameter" => Class::Field,
        "function" => Class::Function,
        "variable" | "boolean" | "constant.builtin.boolean" => Class::Reference,
        "variable.member" | "variable.other.member" => Class::Member,
        "number" | "constant.numeric" => Class::Number,
        "attribute" => Class::Unit,
        "string" => Class::Text,
        "string.escape" | "constant.character.escape" => Class::Escape,
        "operator" => Class::Operator,
        "punctuation.bracket" | "punctuation.delimiter" => Class::Punctuation,
        _ => return None,
    })
}

/// The classes of the innermost scopes that the TextMate grammar gives.
fn class_of_scope(name: &str) -> Option<Class> {
    Some(match name.strip_suffix(".msx")? {
        "comment.line.number-sign" => Class::Comment,
        "keyword.control" => Class::Keyword,
        "entity.name.type.kind" => Class::Kind,
        "variable.other.constant" => Class::Name,
        "support.type" => Class::Type,
        "support.class.method" => Class::Method,
        "support.type.property-name" => Class::Field,
        "support.function" => Class::Function,
        "variable.other" | "constant.language" => Class::Reference,
        "variable.other.member" => Class::Member,
        "constant.numeric" => Class::Number,
        "keyword.other.unit" => Class::Unit,
        "string.quoted.double" => Class::Text,
        "punctuation.definition.string.begin" | "punctuation.definition.string.end" => Class::Text,
        "constant.character.escape" => Class::Escape,
        "keyword.operator" => Class::Operator,
        name if name.starts_with("punctuation.") => Class::Punctuation,
        _ => return None,
    })
}

#[test]
fn between_tokens_is_blank_space_alone() {
    for path in files() {
        let text = read(&path);
        let is_blank = |text: &str| text.trim_matches('\u{feff}').trim().is_empty();
        let mut end = 0;
        for token in tokens(&text) {
            let between = &text[end..token.span.start];
            assert!(is_blank(between), "{}: {between:?} is no token", path.display());
            assert!(!text[token.span.clone()].starts_with(' ') || token.class == Class::Text);
            end = token.span.end;
        }
        assert!(is_blank(&text[end..]), "{}: the end is no token", path.display());
    }
}

#[test]
fn every_class_of_token_is_met() {
    let text = read("tests/editors/constructs.msx");
    assert!(is_sound(&text), "{:?}", parse(&text, 0).problems);
    let met: Vec<Class> = tokens(&text).into_iter().map(|token| token.class).collect();
    for class in [
        Class::Comment,
        Class::Keyword,
        Class::Kind,
        Class::Name,
        Class::Type,
        Class::Method,
        Class::Field,
        Class::Function,
        Class::Reference,
        Class::Member,
        Class::Number,
        Class::Unit,
        Class::Text,
        Class::Escape,
        Class::Operator,
        Class::Punctuation,
    ] {
        assert!(met.contains(&class), "{class:?} is not met");
    }
    assert!(!met.contains(&Class::Broken));
}

#[test]
fn what_the_language_cannot_read_is_broken_and_no_more() {
    let text = "let x 3 # why\ndataset d: phantom { size = 3 px\n count: 4 }";
    let found: Vec<_> =
        tokens(text).into_iter().map(|token| (&text[token.span], token.class)).collect();
    assert_eq!(found[0], ("let x 3 # why", Class::Broken));
    assert_eq!(found[1..3], [("dataset", Class::Kind), ("d", Class::Name)]);
    assert_eq!(found[6], ("size = 3 px", Class::Broken));
    assert_eq!(found[7], ("count", Class::Field));

    let deep = format!("let x = {}", "[".repeat(100));
    let found = tokens(&deep);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].span, found[0].class), (&(0..deep.len()), Class::Broken));
}

#[test]
fn tree_sitter_finds_a_mistake_where_the_language_does() {
    for path in files() {
        let text = read(&path);
        let found = tree(&text).root_node().has_error();
        assert_eq!(found, !is_sound(&text), "{}", path.display());
    }
}

/// Each token in turn is left out of every sound file.
#[test]
fn tree_sitter_finds_the_mistakes_of_torn_files() {
    let mut differing = Vec::new();
    let mut broken = 0;
    for (path, text) in sound_files() {
        for token in tokens(&text) {
            let torn = format!("{}{}", &text[..token.span.start], &text[token.span.end..]);
            let sound = is_sound(&torn);
            broken += usize::from(!sound);
            if tree(&torn).root_node().has_error() == sound {
                let line = text[..token.span.start].matches('\n').count();
                let shown = torn.lines().nth(line).unwrap_or_default();
                differing.push(format!("{}:{}: {sound}: {shown}", path.display(), line + 1));
            }
        }
    }
    assert!(broken > 1000, "only {broken} files were broken");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn tree_sitter_colours_as_the_language_reads() {
    let helix = read("editors/helix/queries/msx/highlights.scm");
    let mut differing = Vec::new();
    for query_text in [tree_sitter_msx::HIGHLIGHTS, &helix] {
        let query = query(query_text);
        for (path, text) in sound_files() {
            let tree = tree(&text);
            let mut cursor = QueryCursor::new();
            let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
            let mut pieces = Vec::new();
            while let Some((found, index)) = captures.next() {
                let capture = found.captures[*index];
                let name = query.capture_names()[capture.index as usize];
                pieces.push((capture.node.start_byte(), capture.node.end_byte(), name));
            }
            let classes = by_an_editor(&text, pieces, class_of_capture);
            differing.extend(difference(&path, &text, &classes));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Needs node and the packages of `editors/package-lock.json`; `tests/editors.sh` brings them.
#[test]
fn textmate_colours_as_the_language_reads() {
    let Some(packages) = std::env::var_os("MSX_EDITOR_PACKAGES") else {
        eprintln!("SKIPPED: the TextMate grammar was not compared; run tests/editors.sh");
        return;
    };
    let files = sound_files();
    let output = Command::new("node")
        .arg(root().join("tests/editors/textmate.mjs"))
        .arg(Path::new(&packages).join("package.json"))
        .arg(root().join("editors/vscode/syntaxes/msx.tmLanguage.json"))
        .args(files.iter().map(|(path, _)| path))
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Vec<(usize, usize, String)>> =
        serde_json::from_slice(&output.stdout).expect("the script writes JSON");
    assert_eq!(found.len(), files.len());
    let differing: Vec<String> = files
        .iter()
        .zip(&found)
        .filter_map(|((path, text), pieces)| {
            let pieces = pieces.iter().map(|(start, end, name)| (*start, *end, name.as_str()));
            difference(path, text, &by_an_editor(text, pieces, class_of_scope))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// What Helix calls the captures that tree-sitter's queries have by other names.
const HELIX_NAMES: [(&str, &str); 8] = [
    ("@property", "@variable.parameter"),
    ("@boolean", "@constant.builtin.boolean"),
    ("@variable.member", "@variable.other.member"),
    ("@number", "@constant.numeric"),
    ("@string.escape", "@constant.character.escape"),
    ("@indent.begin", "@indent"),
    ("@indent.branch @indent.end", "@outdent"),
    (
        "; Each token has one pattern, so that it does not matter which of several an editor prefers.",
        "; The same patterns as those of tree-sitter-msx, by the names that Helix has for them.",
    ),
];

fn for_helix(query: &str) -> String {
    let rename = |query: String, (from, to): &(&str, &str)| {
        let mut parts = query.split(from);
        let mut renamed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // `@number` is no `@number.float`.
            let is_whole = !part.starts_with(|next: char| next == '.' || next.is_alphanumeric());
            renamed.push_str(if is_whole { to } else { from });
            renamed.push_str(part);
        }
        renamed
    };
    HELIX_NAMES.iter().fold(query.to_owned(), rename)
}

#[test]
fn queries_of_other_editors_are_those_of_tree_sitter() {
    for (path, made) in [
        ("editors/helix/queries/msx/highlights.scm", for_helix(tree_sitter_msx::HIGHLIGHTS)),
        ("editors/helix/queries/msx/indents.scm", for_helix(tree_sitter_msx::INDENTS)),
        ("editors/zed/languages/msx/highlights.scm", tree_sitter_msx::HIGHLIGHTS.to_owned()),
    ] {
        if std::env::var_os("MSX_BLESS").is_some() {
            fs::write(root().join(path), &made).expect("writable");
        }
        assert!(read(path) == made, "{path} is not:\n{made}");
    }
}

/// Needs node and the extension as `tests/editors.sh` builds and packs it.
#[test]
fn the_vscode_extension_speaks_with_the_server() {
    let Some(extension) = std::env::var_os("MSX_VSCODE_EXTENSION") else {
        eprintln!("SKIPPED: the VS Code extension was not tried; run tests/editors.sh");
        return;
    };
    let output = Command::new("node")
        .arg(root().join("tests/editors/extension.mjs"))
        .arg(Path::new(&extension).join("dist/extension.js"))
        .arg(env!("CARGO_BIN_EXE_msx"))
        .env("MSX_DEVICE", "cpu")
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn queries_name_what_the_grammar_has() {
    query(tree_sitter_msx::FOLDS);
    query(tree_sitter_msx::INDENTS);
    query(&read("editors/helix/queries/msx/indents.scm"));
}

/// The tree of a text as the corpus of tree-sitter's own tests has it.
fn outline(node: Node<'_>, field: Option<&str>, depth: usize, written: &mut String) {
    if depth > 0 {
        written.push('\n');
    }
    let field = field.map(|field| format!("{field}: ")).unwrap_or_default();
    write!(written, "{:indent$}{field}({}", "", node.kind(), indent = 2 * depth).expect("a string");
    for index in 0..node.child_count() as u32 {
        let Some(child) = node.child(index).filter(Node::is_named) else { continue };
        outline(child, node.field_name_for_child(index), depth + 1, written);
    }
    written.push(')');
}

/// `tree-sitter test` reads the same files; this does so without it.
#[test]
fn trees_are_as_recorded() {
    let folder = root().join("editors/tree-sitter-msx/test/corpus");
    let examples: String = ["quickstart", "mednist", "chest"]
        .iter()
        .map(|name| {
            format!("{BAR}\n{name}\n{BAR}\n\n{}\n---\n", read(format!("examples/{name}.msx")))
        })
        .collect();
    let mut texts: HashMap<PathBuf, String> = fs::read_dir(&folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("readable").path())
        .map(|path| (path.clone(), read(&path)))
        .collect();
    texts.insert(folder.join("examples.txt"), examples);
    for (path, text) in texts {
        let blessed = renewed(&text);
        if std::env::var_os("MSX_BLESS").is_some() {
            fs::write(&path, &blessed).expect("writable");
        }
        assert!(read(&path) == blessed, "{} is not:\n{blessed}", path.display());
    }
}

const BAR: &str = "==================";

/// A file of the corpus with the trees that its texts have now.
fn renewed(corpus: &str) -> String {
    let parts: Vec<&str> = corpus.split(BAR).map(str::trim).skip(1).collect();
    let mut cases = Vec::new();
    for case in parts.chunks(2) {
        let [name, rest] = case else { panic!("a name has a bar on both sides: {case:?}") };
        let text = rest.split("\n---\n").next().unwrap_or_default().trim();
        let text = text.strip_suffix("\n---").unwrap_or(text).trim_end();
        let mut tree_of_text = String::new();
        outline(tree(text).root_node(), None, 0, &mut tree_of_text);
        assert!(is_sound(text), "{name} has a mistake");
        cases.push(format!("{BAR}\n{name}\n{BAR}\n\n{text}\n\n---\n\n{tree_of_text}\n"));
    }
    cases.join("\n")
}
