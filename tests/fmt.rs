//! `msx fmt` on the file system, and the examples with the program's own stages.

#[path = "support/noise.rs"]
mod noise;
#[path = "support/project.rs"]
mod project;
#[path = "support/sources.rs"]
mod sources;

use msx::language::format::{WIDTH, format};
use msx::language::{Source, compile};
use noise::with_noise;
use project::Project;
use sources::Folder;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const UGLY: &str = "experiment  e{seed :1}  # why\nreport page{ }\n";
const NEAT: &str = "experiment e { seed: 1 }  # why\nreport page { }\n";

#[test]
fn a_file_is_rewritten_in_place() {
    let project = Project::new(UGLY);
    fs::set_permissions(&project.file, fs::Permissions::from_mode(0o640)).expect("ours");
    symlink("experiment.msx", project.folder().join("link.msx")).expect("writable");
    let said = project.msx(&["fmt", "link.msx"]);
    assert_eq!((said.code, said.err.trim()), (Some(0), "formatted link.msx"));
    assert_eq!(fs::read_to_string(&project.file).expect("readable"), NEAT);
    assert!(project.folder().join("link.msx").is_symlink());
    let state = fs::metadata(&project.file).expect("it is there");
    assert_eq!(state.permissions().mode() & 0o777, 0o640);

    let again = project.msx(&["fmt", "experiment.msx"]);
    assert_eq!((again.code, again.err.trim()), (Some(0), ""));
    let untouched = fs::metadata(&project.file).expect("it is there");
    assert_eq!(untouched.modified().expect("known"), state.modified().expect("known"));
    let beside = fs::read_dir(project.folder()).expect("readable").count();
    assert_eq!(beside, 2, "a temporary file was left");
}

#[test]
fn a_check_changes_nothing_and_shows_what_would() {
    let project = Project::new(UGLY);
    let said = project.msx(&["fmt", "--check", "experiment.msx"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for line in ["experiment.msx", "1 - experiment  e{seed :1}", "1 + experiment e { seed: 1 }"] {
        assert!(said.out.contains(line), "{}", said.out);
    }
    assert_eq!(fs::read_to_string(&project.file).expect("readable"), UGLY);
    project.write(NEAT);
    let said = project.msx(&["fmt", "--check", "experiment.msx"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));

    let long: String = (0..60).map(|number| format!("let  a{number} = 1\n\n")).collect();
    project.write(&long);
    let said = project.msx(&["fmt", "--check", "experiment.msx"]);
    assert_eq!(said.out.lines().count(), 1 + 24 + 1, "{}", said.out);
    assert!(said.out.trim_end().ends_with(" more lines"), "{}", said.out);
}

#[test]
fn folders_are_looked_through_but_for_hidden_ones_and_results() {
    let project = Project::new(UGLY);
    for name in ["lib/deep/a.msx", "cache/b.msx", ".hidden/c.msx", "lib/.d.msx", "notes.txt"] {
        let path = project.folder().join(name);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
        fs::write(path, UGLY).expect("writable");
    }
    let said = project.msx(&["fmt", "."]);
    assert_eq!(said.err.trim(), "formatted ./experiment.msx formatted ./lib/deep/a.msx");
    let missing = project.msx(&["fmt", "none.msx", "experiment.msx"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("none.msx"), "{}", missing.err);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let project = Project::new(NEAT);
    let mut command = project.command(&["fmt", "-", "--width", "20"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let text = b"experiment e { seed: 1 }\n";
    child.stdin.take().expect("a pipe").write_all(text).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "experiment e {\n    seed: 1\n}\n");
    assert_eq!(project.msx(&["fmt", "-", "--width", "3"]).code, Some(2));
}

#[test]
fn what_cannot_be_read_is_named_and_kept() {
    let project = Project::new(&format!("{UGLY}what   is this\n"));
    let said = project.msx(&["fmt", "experiment.msx"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("experiment.msx:3:"), "{}", said.err);
    let text = fs::read_to_string(&project.file).expect("readable");
    assert_eq!(text, format!("{NEAT}what   is this\n"));
}

/// The stages of a file of the repository, without their places in it.
fn stages(name: &str, text: &str) -> String {
    let schemas = msx::stages::schemas();
    let files = Folder(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let source = Source::new(name, text);
    let mut compiled = compile(&source, &files, &schemas, &[]).expect("no mistakes");
    compiled.experiment.stages.iter_mut().for_each(|stage| stage.span = 0..0);
    compiled.experiment.claims.iter_mut().for_each(|claim| claim.span = 0..0);
    format!("{:#?}", compiled.experiment)
}

#[test]
fn formatted_examples_have_the_same_stages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["examples/mednist.msx", "examples/chest.msx", "experiments/chest_classes.msx"] {
        let text = fs::read_to_string(root.join(name)).expect("readable");
        for seed in 0..20_u8 {
            let noise: Vec<u8> = (0..97).map(|step: u8| step.wrapping_mul(2 * seed + 37)).collect();
            let noisy = with_noise(&text, &noise);
            let formatted = format(&Source::new(name, noisy), WIDTH).text;
            assert_eq!(stages(name, &text), stages(name, &formatted), "{formatted}");
        }
    }
}

#[test]
fn nothing_but_files_of_the_language_is_rewritten() {
    let project = Project::new(NEAT);
    let at = |name: &str| project.folder().join(name);
    fs::write(at("data.csv"), "a,b\n\n\n\nreport page{ }\n").expect("writable");
    symlink("data.csv", at("data.msx")).expect("writable");
    for name in ["data.csv", "data.msx"] {
        for arguments in [&["fmt", name][..], &["fmt", "--check", name]] {
            let said = project.msx(arguments);
            assert_eq!(said.code, Some(1), "{}", said.out);
            assert!(said.err.contains("does not end in .msx"), "{}", said.err);
        }
    }
    let text = fs::read_to_string(at("data.csv")).expect("readable");
    assert_eq!(text, "a,b\n\n\n\nreport page{ }\n");
}
