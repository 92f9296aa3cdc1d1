//! Text that would act on a terminal, from wherever a file or the command line can bring it in: nothing
//! of what the program prints acts, and what was there is shown.

use crate::dicom_file::Picture;
use crate::project::{Project, Said};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use image::GrayImage;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A title for the window, a colour that msx has not, a cleared screen in one character, text that runs
/// backwards, a break of lines that is no newline, and a return to the beginning of the line.
const EVIL: &str =
    "\u{1b}]0;PWNED\u{7}\u{1b}[35;5m\u{9b}2J\u{202e}\u{2066}\u{2028}\u{200f}\u{7f}\rX";
/// What a reader sees of it.
const SEEN: &str =
    r"\u{1b}]0;PWNED\u{7}\u{1b}[35;5m\u{9b}2J\u{202e}\u{2066}\u{2028}\u{200f}\u{7f}\rX";
/// The same where letters alone stay, as in a name of ASCII.
const PLAIN: &str = "\u{1b}]0;PWNED\u{7}";
const PLAIN_SEEN: &str = r"\u{1b}]0;PWNED\u{7}";

const TEXT: &str = r#"
experiment quick { title: "Quick", seed: 1 }

param epochs: int = 2

dataset phantoms: phantom { count: 300, size: 16px }
subset fold: phantoms { classes: top(2), per_class: { train: 8, valid: 1, test: 4 } }
"#;

/// Calls the program as if its outputs were terminals with colours. Without this, escape sequences are
/// taken out of all that goes to a pipe, whoever wrote them.
fn msx(project: &Project, arguments: &[&str]) -> Said {
    finished(project.command(arguments).env("CLICOLOR_FORCE", "1"), arguments)
}

fn finished(command: &mut Command, arguments: &[&str]) -> Said {
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    is_harmless(&out, arguments);
    is_harmless(&err, arguments);
    Said { code: output.status.code(), out, err }
}

/// Nothing in it acts on a terminal but the styles that msx has.
fn is_harmless(text: &str, of: &[&str]) {
    let acts = |c: char| match c {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    assert!(!first.contains(acts), "{of:?} prints {first:?}");
    for part in parts {
        let (style, rest) = part.split_once('m').unwrap_or((part, ""));
        // Pixels have any of 256 colours.
        let is_own = matches!(style, "[0" | "[1" | "[2" | "[4" | "[31" | "[32" | "[33")
            || style.starts_with("[38;5;")
            || style.starts_with("[48;5;");
        assert!(
            is_own && !rest.contains(acts),
            "{of:?} prints {:?}",
            part.get(..200).unwrap_or(part)
        );
    }
}

/// Calls the program, which shows what would act.
fn shown(project: &Project, arguments: &[&str], seen: &str) -> Said {
    let said = msx(project, arguments);
    let all = format!("{}{}", said.out, said.err);
    // Messages with quoted source are broken to fit.
    let is_there = all.contains(seen) || all.split_whitespace().collect::<String>().contains(seen);
    assert!(is_there, "{arguments:?} does not show it: {all}");
    said
}

#[test]
fn the_command_line_is_quoted_harmlessly() {
    let project = Project::new(TEXT);
    let file = format!("{EVIL}.msx");
    let (value, name) = (format!("epochs={EVIL}"), format!("{EVIL}=1"));
    for arguments in [
        &["run", "experiment.msx", "--threads", EVIL][..],
        &["run", "experiment.msx", "--set", &value],
        &["run", "experiment.msx", "--set", &name],
        &["run", "experiment.msx", "--device", EVIL],
        &["check", "experiment.msx", "--format", EVIL],
        &["cache", "gc", "--older-than", EVIL],
        &["cache", "size", "--cache", EVIL],
        &["plan", "experiment.msx", EVIL],
        &["plan", &file],
        &["fmt", &file],
        &["lock", "experiment.msx", "--check", "-o", EVIL],
        &["bundle", "experiment.msx", "--with", EVIL, "-o", "x.msxb"],
        &["explain", EVIL],
        &["stages", EVIL],
        &["log", EVIL],
        &["show", EVIL],
        &["reproduce", &file],
        &[EVIL],
        &[&format!("--{EVIL}")],
    ] {
        let said = shown(&project, arguments, if arguments[0] == "bundle" { "" } else { SEEN });
        assert!(matches!(said.code, Some(1 | 2)), "{arguments:?}: {}{}", said.out, said.err);
    }
    let mut command = project.command(&["run", "experiment.msx"]);
    let command = command.env("MSX_THREADS", EVIL).env("CLICOLOR_FORCE", "1");
    let said = finished(command, &["MSX_THREADS"]);
    assert!(said.code == Some(2) && said.err.contains(SEEN), "{}", said.err);
}

/// What had nothing to make visible keeps the colours of the library that laid it out.
#[test]
fn help_and_mistakes_without_evil_are_in_colour() {
    let project = Project::new(TEXT);
    let help = msx(&project, &["run", "--help"]);
    assert!(help.code == Some(0) && help.out.contains("\u{1b}[1m"), "{}", help.out);
    let wrong = msx(&project, &["rum"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("\u{1b}[1m"), "{}", wrong.err);
    let failed = msx(&project, &["show"]);
    assert!(failed.err.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "), "{:?}", failed.err);
}

#[test]
fn quoted_source_and_names_of_files_are_harmless() {
    for (text, command) in [
        (TEXT.replace("phantoms:", &format!("phantoms{EVIL}:")), "check"),
        (TEXT.replace("Quick\"", &format!("{EVIL}\", sead: 2")), "run"),
        (TEXT.replace("top(2)", &format!("top(\"{EVIL}\")")), "plan"),
        (TEXT.replace("top(2)", &format!("[\"{EVIL}\"]")), "graph"),
        (format!("use \"{EVIL}\" as other\n{TEXT}"), "check"),
        (format!("{TEXT}\nlet a = ? # {EVIL}\n"), "fmt"),
    ] {
        let project = Project::new(&text);
        let file = format!("{EVIL}.msx");
        fs::write(project.folder().join(&file), &text).expect("writable");
        shown(&project, &[command, &file], SEEN);
        shown(&project, &[command, "experiment.msx"], PLAIN_SEEN);
        // No name begins a line of its own.
        let file = "a\nidentical: all is well\nerror: none.msx";
        fs::write(project.folder().join(file), &text).expect("writable");
        let said = shown(&project, &[command, file], "identical");
        let forged = |line: &str| line.starts_with("identical") || line.starts_with("error: none");
        assert!(!said.err.lines().chain(said.out.lines()).any(forged), "{}{}", said.err, said.out);
    }
    // Lines of Windows end as they did.
    let windows = TEXT.replace('\n', "\r\n").replace("count", "kount");
    let project = Project::new(&windows);
    let output = project.command(&["check", "experiment.msx"]).output().expect("it starts");
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(err.contains("{ kount: 300, size: 16px }") && !err.contains(r"\r"), "{err}");
}

#[test]
fn what_would_change_is_shown_and_what_is_handed_on_is_as_it_was() {
    let text = format!("# {EVIL}\nexperiment  e {{ seed: 1 }}\nlet  a = \"{EVIL}\"\n");
    let project = Project::new(&text);
    // For what compares, a return ends a line.
    let seen = SEEN.trim_end_matches(r"\rX");
    shown(&project, &["fmt", "--check", "experiment.msx"], seen);
    let mut command = project.command(&["fmt", "-"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let neat = text.replace("  e", " e").replace("  a", " a");
    assert_eq!(String::from_utf8_lossy(&output.stdout), neat);
}

/// Two classes of twelve pictures, one of which has a name that hardly is one.
fn draw(folder: &Path, evil: &str) {
    for (class, shade) in [(evil, 60), ("light", 160)] {
        fs::create_dir_all(folder.join(class)).expect("writable");
        for number in 0..12_u8 {
            let picture = GrayImage::from_fn(16, 16, |x, y| {
                image::Luma([(shade + number).wrapping_add((3 * x * y) as u8)])
            });
            picture.save(folder.join(class).join(format!("{evil}{number}.png"))).expect("writes");
        }
    }
}

#[test]
fn classes_and_names_of_pictures_are_harmless() {
    let project = Project::new(
        "experiment e { seed: 1 }\n\
         dataset hands: folder { path: \"pictures\", size: 16px }\n\
         subset fold: hands { split: { train: 50%, valid: 25%, test: 25% } }\n",
    );
    draw(&project.folder().join("pictures"), EVIL);
    let ran = msx(&project, &["run", "experiment.msx"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = shown(&project, &["data", "experiment.msx", "hands", "--show"], SEEN);
    assert!(told.out.contains('▀'), "{}", told.out);
    let said = shown(&project, &["data", "experiment.msx", "fold", "--grid", EVIL], SEEN);
    assert_eq!(said.code, Some(0), "{}", said.err);

    let json = msx(&project, &["data", "experiment.msx", "hands", "--json"]).out;
    assert!(json.contains(r"\u001b]0;PWNED\u0007") && json.contains(r"\u009b2J\u202e"), "{json}");
    let told: Value = serde_json::from_str(&json).expect("JSON");
    let names: Vec<&str> = told["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|f| f["name"].as_str())
        .collect();
    assert!(names.contains(&EVIL), "{names:?}");

    let out = ["export", "experiment.msx", "fold", EVIL, "--to", "folder"];
    shown(&project, &out, SEEN);
    shown(&project, &out, SEEN);
    let broken = project.folder().join("pictures").join(EVIL).join(format!("{EVIL}.png"));
    fs::write(broken, "no picture").expect("writable");
    let failed = shown(&project, &["run", "experiment.msx"], SEEN);
    assert_eq!(failed.code, Some(1));
    shown(&project, &["log", "hands"], SEEN);
    let log = msx(&project, &["log", "hands", "--json"]).out;
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
}

#[test]
fn tables_and_dicom_files_are_quoted_harmlessly() {
    let experiment = |dataset: &str| {
        Project::new(&format!("experiment e {{ seed: 1 }}\ndataset d: {dataset}\n"))
    };
    let table = |text: &str, fields: &str| {
        let fields = format!("table: \"t.csv\", size: 16px, patients: file, {fields}");
        let project = experiment(&format!("csv {{ {fields} }}"));
        fs::write(project.folder().join("t.csv"), text).expect("writable");
        draw(&project.folder().join(EVIL), "dark");
        project
    };
    let rows = format!("\"{EVIL}/light/dark0.png\",1\n\"{EVIL}/light/dark1.png\",0\n");
    let joined = rows.replace(",1", &format!(",\"{EVIL}\"")).replace(",0", ",b");
    let names = "joined: { column: \"b\" }";
    let cells = format!("path,b\n{}", rows.replace(",1", &format!(",\"{EVIL}\"")));
    for (text, fields, code) in [
        (format!("path,\"{EVIL}\"\n{rows}"), "", 0),
        (format!("path,b\n{joined}"), names, 0),
        (format!("\"{EVIL}\",b\n{rows}"), "", 1),
        (cells, "", 1),
        (format!("path,b\n\"{EVIL}.png\",1\n"), "", 1),
    ] {
        let project = table(&text, fields);
        let ran = msx(&project, &["run", "experiment.msx"]);
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        for arguments in [&["log", "d"][..], &["show"], &["plan", "experiment.msx"]] {
            msx(&project, arguments);
        }
        if code == 0 {
            shown(&project, &["data", "experiment.msx", "d"], SEEN);
        }
    }
    let project = experiment("dicom { path: \"scans\", size: 16px }");
    let picture = Picture::grey(2, 2, &[1, 2, 3, 4]);
    let picture = picture.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, PLAIN);
    picture.write(&project.folder().join("scans/class/a.dcm"));
    let said = shown(&project, &["run", "experiment.msx"], PLAIN_SEEN);
    assert_eq!(said.code, Some(1), "{}", said.err);
}

/// The events of a run as somebody else may have written them.
#[test]
fn what_a_cache_says_is_shown_harmlessly() {
    let project = Project::new(TEXT);
    assert_eq!(msx(&project, &["run", "experiment.msx", "--set", "epochs=3"]).code, Some(0));
    let evil = serde_json::to_string(EVIL).expect("JSON");
    let evil = evil.trim_matches('"');
    let log = project.cache.join("runs/1/events.jsonl");
    let events = format!(
        "{{\"at\":0.1,\"event\":\"started\",\"stage\":\"fold\",\"method\":\"{evil}\",\"key\":\"ab\",\
         \"trajectory\":\"\",\"threads\":1}}\n\
         {{\"at\":0.2,\"event\":\"progressed\",\"stage\":\"fold\",\"activity\":\"{evil}\",\"done\":1,\
         \"total\":2,\"unit\":\"{evil}\",\"metrics\":[[\"{evil}\",1.0]]}}\n\
         {{\"at\":0.3,\"event\":\"failed\",\"stage\":\"fold[{evil}]\",\
         \"message\":\"{evil}\\nidentical: all 2 stages gave the same bytes\"}}\n"
    );
    fs::write(&log, events).expect("writable");
    let said = shown(&project, &["log", "fold"], SEEN);
    assert_eq!(said.out.matches("PWNED").count(), 6, "{}", said.out);
    assert!(!said.out.lines().any(|line| line.starts_with("identical")), "{}", said.out);

    let run = project.cache.join("runs/1/run.json");
    let text = fs::read_to_string(&run).expect("readable");
    let mut told: Value = serde_json::from_str(&text).expect("JSON");
    for field in ["experiment", "platform", "device", "msx", "file"] {
        told[field] = format!("{EVIL}\nidentical").into();
    }
    told["set"] = serde_json::json!([[EVIL, EVIL]]);
    for stage in told["stages"].as_array_mut().expect("a list") {
        stage["kind"] = EVIL.into();
        stage["label"] = format!("{}{EVIL}", stage["label"].as_str().expect("a name")).into();
        stage["ending"] = EVIL.into();
    }
    fs::write(&run, serde_json::to_string(&told).expect("JSON")).expect("writable");
    for arguments in
        [&["show", "1"][..], &["runs"], &["diff", "1", "experiment.msx"], &["cache", "ls"]]
    {
        let said = shown(&project, arguments, SEEN);
        assert!(!said.out.lines().any(|line| line.starts_with("identical")), "{}", said.out);
        let json = msx(&project, &[arguments, &["--json"]].concat()).out;
        let first: Value = serde_json::from_str(json.trim()).expect("JSON");
        assert!(serde_json::to_string(&first).expect("JSON").contains("PWNED"), "{json}");
    }
    let foreign = project.cache.join("objects").join(EVIL);
    fs::write(&foreign, "not ours").expect("writable");
    msx(&project, &["cache", "verify"]);
    msx(&project, &["why", "fold", "experiment.msx", "--since", "1"]);
}

/// Puts another file in place of one in a bundle.
fn altered(bundle: &Path, name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(File::open(bundle).expect("a bundle")).expect("an archive");
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("listed");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        files.insert(entry.name().to_owned(), text);
    }
    let text = files.remove(name).expect("it is there");
    let other = change(text.clone());
    assert_ne!(text, other, "nothing was changed in {name}");
    files.insert(name.to_owned(), other);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(name, SimpleFileOptions::default()).expect("a file");
        writer.write_all(text.as_bytes()).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn locks_and_bundles_of_strangers_are_told_harmlessly() {
    let project = Project::new(TEXT);
    for arguments in [
        &["run", "experiment.msx"][..],
        &["lock", "experiment.msx"],
        &["bundle", "experiment.msx", "-o", "mine.msxb"],
    ] {
        assert_eq!(project.msx(arguments).code, Some(0));
    }
    let escaped = r"\u001B]0;PWNED\u0007\u001B[35;5m\u009B2J\u202E\u2066\u2028\u200F\u007F\rX";
    let lock = project.folder().join("experiment.msx.lock");
    let text = fs::read_to_string(&lock).expect("a lock");
    for (from, to) in [
        ("name = \"fold\"", format!("name = \"{escaped}\"")),
        ("format = 1", format!("format = \"{escaped}\"")),
        ("format = 1", format!("format = 1\n\"{escaped}\" = 1")),
    ] {
        assert!(text.contains(from), "no {from} in {text}");
        fs::write(&lock, text.replacen(from, &to, 1)).expect("writable");
        shown(&project, &["lock", "experiment.msx", "--check"], PLAIN_SEEN);
    }

    // A name of a file cannot be such at all.
    let to = format!("file = \"{escaped}\"\ndigest");
    fs::write(&lock, text.replacen("file = \"experiment.msx\"\ndigest", &to, 1)).expect("writable");
    let said = msx(&project, &["lock", "experiment.msx", "--check"]);
    assert!(said.err.contains("characters that are not allowed"), "{}", said.err);

    let mine = project.folder().join("mine.msxb");
    let kept = |change: &dyn Fn(&mut Value)| {
        altered(&mine, "results/stages.json", |text| {
            let mut kept: Value = serde_json::from_str(&text).expect("JSON");
            kept.as_array_mut().expect("a list").iter_mut().for_each(change);
            serde_json::to_string(&kept).expect("JSON")
        })
    };
    let elsewhere = |kept: &mut Value| {
        kept["provenance"]["platform"] = format!("linux{EVIL}\nidentical: all is well").into();
        for digest in kept["outputs"].as_object_mut().expect("digests").values_mut() {
            *digest = "00".repeat(32).into();
        }
    };
    let bundles = [
        altered(&mine, "experiment.lock", |text| {
            text.replacen(
                "file = \"experiment.msx\"\ndigest",
                &format!("file = \"{escaped}\"\ndigest"),
                1,
            )
        }),
        altered(&mine, "experiment.lock", |text| {
            text.replacen("format = 1", &format!("format = \"{escaped}\""), 1)
        }),
        altered(&mine, "experiment.lock", |text| {
            text.replacen("file = \"experiment.msx\"", &format!("file = \"{escaped}\""), 1)
        }),
        altered(&mine, "experiment/experiment.msx", |text| {
            text.replace("Quick", EVIL)
                .replace("phantoms: phantom", &format!("phantoms{EVIL}: phantom"))
        }),
        kept(&elsewhere),
        kept(&|kept| kept["name"] = EVIL.into()),
        kept(&|kept| kept["key"] = EVIL.into()),
    ];
    for (number, bundle) in bundles.iter().enumerate() {
        fs::write(project.folder().join("theirs.msxb"), bundle).expect("writable");
        let into = format!("into{number}");
        let said = msx(&project, &["reproduce", "theirs.msxb", "--into", &into]);
        let forged = said.out.lines().any(|line| line.starts_with("identical: all is well"));
        assert!(!forged, "{}", said.out);
        let into = format!("{into}-again");
        let json = msx(&project, &["reproduce", "theirs.msxb", "--into", &into, "--json"]).out;
        assert!(json.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{json}");
    }
}

/// Bars are drawn on terminals alone, and so are colours of messages; `script` stands for one.
#[test]
fn bars_and_messages_on_a_terminal_are_harmless() {
    let project = Project::new(
        "experiment e { seed: 1 }\n\
         dataset hands: folder { path: \"pictures\", size: 16px }\n",
    );
    draw(&project.folder().join("pictures"), EVIL);
    let on_terminal = |arguments: &str| {
        let mut command = Command::new("script");
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_msx"));
        command.args(["-qec", &line, "/dev/null"]).current_dir(project.folder());
        command.env("MSX_CACHE", &project.cache).env("TERM", "xterm").env_remove("NO_COLOR");
        let output = command.stdin(Stdio::null()).output().ok()?;
        Some(String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let Some(ran) = on_terminal("run experiment.msx --device cpu") else {
        return println!("skipped: there is no `script` here");
    };
    assert!(ran.contains("\u{1b}[32m"), "no terminal: {ran:?}");
    for evil in ["\u{1b}]0;", "\u{1b}[35;5m", "\u{9b}", "\u{202e}", "\u{7}"] {
        for arguments in ["run experiment.msx --device cpu", "data experiment.msx hands"] {
            let said = on_terminal(arguments).expect("as before");
            assert!(!said.contains(evil), "{arguments}: {said:?}");
        }
    }
    project.edit("seed: 1", "sead: 1");
    let said = on_terminal("check experiment.msx").expect("as before");
    assert!(said.contains("\u{1b}[31m") || said.contains("\u{1b}[38;"), "no colours: {said:?}");
    project.edit("sead: 1", &format!("sead: \"{EVIL}\""));
    let said = on_terminal("check experiment.msx").expect("as before");
    let said = said.replace("\r\n", "\n");
    is_harmless(&said, &["check on a terminal"]);
    assert!(said.contains(SEEN), "{said}");
}
