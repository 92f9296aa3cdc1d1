//! What `msx check` tells people, programs and code hosts.

#[path = "support/project.rs"]
mod project;

use project::Project;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Two mistakes behind letters of several bytes, one of them with a second place.
const BROKEN: &str = r#"experiment e { title: "äöü", seed: 1 }
dataset d: phantom { count: "€", size: 32 }
dataset d: phantom { count: 500 }
"#;

const UNUSED: &str = "experiment e { seed: 1 }\nlet n = 3\ndataset d: phantom { count: 500 }\n";

fn checked(project: &Project, arguments: &[&str], code: i32) -> Value {
    let said = project.msx(&[&["check"], arguments].concat());
    assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.err);
    assert_eq!(said.err, "", "{arguments:?}");
    serde_json::from_str(&said.out).expect("one JSON document")
}

#[test]
fn json_has_every_place_of_every_mistake() {
    let project = Project::new(BROKEN);
    let document = checked(&project, &["--json", "experiment.msx"], 1);
    assert_eq!(document, checked(&project, &["--format", "json", "experiment.msx"], 1));
    assert_eq!(document["version"], 1);
    let file = json!({ "file": "experiment.msx", "stages": null, "errors": 3, "warnings": 0 });
    assert_eq!(document["files"], json!([file]));
    let found = document["diagnostics"].as_array().expect("a list");
    let codes: Vec<&str> = found.iter().filter_map(|found| found["code"].as_str()).collect();
    assert_eq!(codes, ["msx::wrong-type", "msx::wrong-unit", "msx::duplicate"]);

    // `32` stands behind `€`, which is one column and three bytes.
    let place = BROKEN.find("32 }").expect("it is there");
    let label = json!({
        "file": "experiment.msx",
        "start": { "line": 2, "column": 40, "byte": place },
        "end": { "line": 2, "column": 42, "byte": place + 2 },
        "text": "units that fit: px",
        "primary": true,
    });
    assert_eq!(found[1]["severity"], "error");
    assert_eq!(found[1]["help"], "write for example size: 32px");
    assert_eq!(found[1]["labels"], json!([label]));
    let labels = found[2]["labels"].as_array().expect("a list");
    assert_eq!(labels[1]["text"], "first declared here");
    assert_eq!((&labels[1]["primary"], &labels[1]["start"]["line"]), (&json!(false), &json!(2)));
}

#[test]
fn the_document_is_as_the_manual_shows_it() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics.md");
    let manual = fs::read_to_string(manual).expect("readable");
    let block = |language: &str| {
        let (_, rest) = manual.split_once(&format!("```{language}\n")).expect("a block");
        rest.split("```").next().expect("its text").to_owned()
    };
    let project = Project::new("");
    fs::write(project.folder().join("chest.msx"), block("text")).expect("writable");
    let shown: Value = serde_json::from_str(&block("json")).expect("JSON");
    assert_eq!(checked(&project, &["--json", "chest.msx"], 1), shown);
}

#[test]
fn json_counts_files_with_warnings_and_without_mistakes() {
    let project = Project::new(UNUSED);
    fs::write(project.folder().join("good.msx"), UNUSED.replace("500", "n")).expect("writable");
    let document = checked(&project, &["--json", "experiment.msx", "good.msx"], 0);
    assert_eq!(document["files"][0]["warnings"], 1);
    assert_eq!(document["files"][1]["stages"], 1);
    let found = document["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["code"], &found[0]["severity"]),
        (&json!("msx::unused"), &json!("warning"))
    );
}

#[test]
fn a_value_of_the_command_line_is_quoted_from_there() {
    let project =
        Project::new(&UNUSED.replace("let n = 3", "param n: int = 3").replace("500", "n"));
    let document = checked(&project, &["--json", "experiment.msx", "--set", "n=2px"], 1);
    let label = &document["diagnostics"][0]["labels"][0];
    assert_eq!((&label["file"], &label["start"]["column"]), (&json!("command line"), &json!(9)));
    let log = checked(&project, &["--format", "sarif", "experiment.msx", "--set", "n=2px"], 1);
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(*place, json!({ "artifactLocation": { "uri": "experiment.msx" } }));
}

/// What cannot be read must never look like a file without mistakes.
#[test]
fn what_cannot_be_read_is_told_in_every_form() {
    let project = Project::new(UNUSED);
    fs::write(project.folder().join("latin.msx"), b"experiment e { title: \"\xe4\" }")
        .expect("writable");
    for (file, words) in [("none.msx", "cannot read none.msx"), ("latin.msx", "not UTF-8")] {
        let said = project.msx(&["check", file]);
        assert_eq!(said.code, Some(1));
        assert!(said.err.contains(words), "{}", said.err);
        let found = &checked(&project, &["--json", file], 1)["diagnostics"];
        assert_eq!(found[0]["code"], "msx::io", "{found}");
        assert!(found[0]["message"].as_str().is_some_and(|message| message.contains(words)));
        let log = checked(&project, &["--format", "sarif", file], 1);
        let result = &log["runs"][0]["results"][0];
        assert_eq!((&result["ruleId"], &result["level"]), (&json!("msx::io"), &json!("error")));
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(*uri, file);
    }
}

/// The properties that the schema of SARIF 2.1.0 requires, and those that code hosts read.
#[test]
fn sarif_has_what_its_readers_need() {
    let project = Project::new(BROKEN);
    let name = "été 1.msx";
    fs::write(project.folder().join(name), BROKEN).expect("writable");
    let path = project.folder().join(name);
    let log = checked(&project, &["--format", "sarif", path.to_str().expect("UTF-8")], 1);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "msx");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    for rule in rules {
        for text in ["/id", "/shortDescription/text", "/help/text", "/help/markdown"] {
            assert!(rule.pointer(text).and_then(Value::as_str).is_some_and(|it| !it.is_empty()));
        }
        assert!(
            ["error", "warning"].map(Value::from).contains(&rule["defaultConfiguration"]["level"])
        );
    }
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 3);
    for result in results {
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "%C3%A9t%C3%A9%201.msx");
        for number in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][number].as_u64().is_some_and(|number| number >= 1));
        }
    }
    let region = &results[1]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&json!(40), &json!(42)));
    assert_eq!(results[2]["relatedLocations"][0]["message"]["text"], "first declared here");
}

#[test]
fn where_to_learn_more_is_said_once_at_the_end() {
    let project = Project::new(BROKEN);
    fs::write(project.folder().join("unused.msx"), UNUSED).expect("writable");
    let more = "for more about an error: msx explain msx::wrong-type \
                (also msx::wrong-unit, msx::duplicate, 1 more)";
    let said = project.msx(&["check", "experiment.msx", "experiment.msx", "unused.msx"]);
    assert!(said.err.ends_with(more), "{}", said.err);
    assert_eq!(said.err.matches("for more about").count(), 1);
    let said = project.msx(&["check", "unused.msx"]);
    assert!(
        said.err.ends_with("for more about a warning: msx explain msx::unused"),
        "{}",
        said.err
    );
    let said = project.msx(&["plan", "experiment.msx"]);
    assert_eq!(said.err.matches("for more about").count(), 1, "{}", said.err);
}
