//! Which files an import reaches, and what is said of those that it does not.

#[path = "support/project.rs"]
mod project;

use project::Project;
use std::fs;

const LIBRARY: &str = "dataset phantoms: phantom { count: 500, size: 16px }\n";
const HEADER: &str = "experiment e { seed: 1 }\n";

/// A project in `work/` beside other files, with a library in `work/lib/`.
fn project() -> Project {
    let project = Project::new(HEADER);
    for folder in ["work/lib", "work/folder.msx"] {
        fs::create_dir_all(project.folder().join(folder)).expect("writable");
    }
    let write = |name: &str, bytes: &[u8]| {
        fs::write(project.folder().join(name), bytes).expect("writable");
    };
    write("work/lib/data.msx", LIBRARY.as_bytes());
    write("outside.msx", LIBRARY.as_bytes());
    write("work/latin.msx", b"let x = \"\xe9\"");
    write("work/large.msx", &vec![b'#'; (16 << 20) + 1]);
    project
}

fn import(project: &Project, path: &str) {
    let text = format!("use \"{path}\" {{ phantoms }}\n{HEADER}subset s: phantoms {{ }}\n");
    fs::write(project.folder().join("work/e.msx"), text).expect("writable");
}

#[test]
fn a_library_beside_the_experiment_is_found() {
    let project = project();
    import(&project, "lib/data.msx");
    let said = project.msx(&["check", "work/e.msx"]);
    assert_eq!(
        (said.code, said.out.contains("2 stages, no errors")),
        (Some(0), true),
        "{}",
        said.err
    );
    import(&project, "lib/../lib/data.msx");
    assert_eq!(project.msx(&["check", "work/e.msx"]).code, Some(0));
}

#[test]
fn what_cannot_be_imported_is_refused_where_it_is_written() {
    let project = project();
    for (path, words) in [
        ("../outside.msx", "it lies outside the project"),
        ("missing.msx", "there is no such file"),
        ("folder.msx", "it is no file"),
        ("latin.msx", "it is not UTF-8 text: byte 9 is not valid"),
        ("large.msx", "it is larger than 16 MiB"),
    ] {
        import(&project, path);
        let said = project.msx(&["check", "work/e.msx"]);
        assert_eq!(said.code, Some(1), "{path}");
        assert!(said.err.contains(words), "{path}: {}", said.err);
        assert!(said.err.contains("work/e.msx:1:5"), "{path}: {}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn a_link_leads_no_further_than_its_target_may() {
    let project = project();
    let link = project.folder().join("work/link.msx");
    std::os::unix::fs::symlink(project.folder().join("outside.msx"), link).expect("writable");
    import(&project, "link.msx");
    let said = project.msx(&["check", "work/e.msx"]);
    assert!(said.err.contains("it lies outside the project"), "{}", said.err);
}

#[test]
fn a_larger_project_reaches_further() {
    let project = project();
    import(&project, "../outside.msx");
    assert_eq!(project.msx(&["check", "work/e.msx", "--project", "."]).code, Some(0));
    let mut command = project.command(&["check", "work/e.msx"]);
    assert!(command.env("MSX_PROJECT", ".").status().expect("it starts").success());
}

#[test]
fn a_file_that_imports_the_experiment_closes_a_circle() {
    let project = project();
    import(&project, "lib/data.msx");
    let library = format!("use \"../e.msx\" as e\n{LIBRARY}");
    fs::write(project.folder().join("work/lib/data.msx"), library).expect("writable");
    let said = project.msx(&["check", "work/e.msx"]);
    let circle = "in a circle: work/e.msx → work/lib/data.msx → work/e.msx";
    assert!(said.err.contains(circle), "{}", said.err);
}
