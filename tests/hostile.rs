//! Files that nobody writes on purpose, given to the program itself: each ends soon with a sentence.

#[path = "hostile/bundle.rs"]
mod bundle;
#[path = "hostile/cache.rs"]
mod cache;
#[path = "data/dicom_file.rs"]
mod dicom_file;
#[path = "hostile/names.rs"]
mod names;
#[path = "support/project.rs"]
mod project;
#[path = "hostile/terminal.rs"]
mod terminal;

use project::{Project, Said};
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What no such file may take, on the slowest machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(240);

/// Checks and formats a file of this name and content; the program ends by itself with code 1 and says
/// where the mistake is.
fn refused(name: &str, content: &[u8]) -> [Said; 2] {
    let project = Project::new("experiment e { seed: 1 }\n");
    fs::write(project.folder().join(name), content).expect("writable");
    ["check", "fmt"].map(|command| {
        let began = Instant::now();
        let said = project.msx(&[command, name]);
        assert!(began.elapsed() < LONGEST, "{command} {name} took {:?}", began.elapsed());
        assert_eq!(said.code, Some(1), "{command} {name}: {}", said.err);
        assert!(said.err.contains(name), "{command}: {}", said.err);
        said
    })
}

#[test]
fn a_file_of_fifty_megabytes_is_refused_by_its_size() {
    let declarations = b"dataset d: phantom { count: 100 }\n".repeat(1 + 50_000_000 / 34);
    for said in refused("large.msx", &declarations) {
        assert!(said.err.contains("it is larger than 16 MiB"), "{}", said.err);
    }
}

#[test]
fn fifty_megabytes_on_standard_input_are_refused_by_their_size() {
    let project = Project::new("experiment e { seed: 1 }\n");
    let mut command = project.command(&["fmt", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // It stops reading before all is written.
    let _ = child.stdin.take().expect("a pipe").write_all(&vec![b'#'; 50_000_000]);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("it is larger than 16 MiB"), "{err}");
}

#[test]
fn brackets_without_end_are_one_message() {
    for opener in ["(", "[", "{ a: ", "not ", "- ", "for k in [1] { ", "if true then "] {
        let text = format!("let a = {}", opener.repeat(200_000));
        let [check, _] = refused("deep.msx", text.as_bytes());
        assert!(check.err.len() < 10_000, "{opener}: {} bytes of messages", check.err.len());
        assert!(check.err.contains("deep.msx:1:"), "{opener}: {}", check.err);
    }
}

#[test]
fn zeros_and_half_characters_are_told_by_their_place() {
    let [check, _] = refused("zeros.msx", b"experiment e { seed: 1 }\nlet a = \0\0\n");
    assert!(check.err.contains("zeros.msx:2:9"), "{}", check.err);
    for said in refused("half.msx", b"experiment e { title: \"\xf0\x9f\" }") {
        assert!(said.err.contains("byte 23 is not valid"), "{}", said.err);
    }
}

#[test]
fn a_million_mistakes_are_told_in_part_and_counted() {
    let text = b"datset d phantom { count: 100 }\n".repeat(400_000);
    let [check, _] = refused("wrong.msx", &text);
    assert!(check.err.len() < 1_000_000, "{} bytes of messages", check.err.len());
}

#[test]
fn templates_and_imports_in_a_circle_are_told_with_their_way() {
    let templates = "experiment e { seed: 1 }\n\
        template one(n: int) { two a { n: n } }\n\
        template two(n: int) { one a { n: n } }\n\
        template own(n: int) { own a { n: n } }\n\
        one x { n: 1 }\nown y { n: 1 }\n";
    let project = Project::new(templates);
    let said = project.msx(&["check", "experiment.msx"]);
    assert_eq!(said.code, Some(1));
    for way in ["one → two → one", "own → own"] {
        assert!(said.err.contains(way), "{}", said.err);
    }
    let write = |name: &str, text: &str| {
        fs::write(project.folder().join(name), text).expect("writable");
    };
    write("a.msx", "use \"b.msx\" as b\nexperiment e { seed: 1 }\n");
    write("b.msx", "use \"a.msx\" as a\n");
    let said = project.msx(&["check", "a.msx"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("a.msx → b.msx → a.msx"), "{}", said.err);
}
