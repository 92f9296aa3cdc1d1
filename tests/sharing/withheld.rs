//! What of a user's own leaves with what: every string of theirs is a marker that nobody else has, and
//! each place is searched for it. `docs/data.md` has the table.

use crate::dicom_file::Picture;
use crate::files;
use crate::project::Project;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

const TEXT: &str = r#"
# qcommentq
experiment e { title: "qtitleq", seed: 1 }

param data: path = "nowhere"
param site: text = "none"
param word: text = "none"

dataset table: csv {
    table: data, root: "data/{site}", patients: column("qheadq"), findings: ["qfindingq", "B"]
    patient_key: "qkeyq", unreadable: skip, size: 16px
}
dataset scans: dicom { path: "data/qscansq", patients: file, size: 16px, patient_key: "qkeyq" }

subset     fold: table { per_class: { train: 12, valid: 2, test: 2 } }
subset     scanned: scans { per_class: { train: 4 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
evaluate   real: c { test: fold.test }
gan        g: cpd { train: fold.train, length: 8 img, batch: 4, latent: 2, widths: [2, 2, 2] }
synth      fake: g { like: fold }
neighbours nn: c { of: fake.test, among: fold.train, count: 2 }
report     page { title: "{word}" }
"#;

/// Where a marker may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// All of the cache but the runs.
    Cache,
    /// What is written down of runs.
    Runs,
    Lock,
    Bundle,
    /// The page on the user's own disk.
    Page,
}

use Place::{Bundle, Cache, Lock, Page, Runs};

/// The table of the manual: every marker, and where it may be.
const MARKERS: [(&str, &[Place]); 18] = [
    // The text of the experiment leaves with a bundle, but for keys.
    ("qcommentq", &[Bundle]),
    ("qtitleq", &[Bundle]),
    ("qkeyq", &[Cache]),
    // Values from the command line, where they name no place.
    ("qwordq", &[Cache, Runs, Lock, Bundle, Page]),
    ("qplaceq", &[Cache, Runs, Page]),
    ("qsiteq", &[Cache, Runs, Page]),
    // Names of files and folders.
    ("qtableq", &[Cache, Runs, Page]),
    ("qimageq", &[Cache]),
    ("qbrokenq", &[Cache]),
    ("qscansq", &[Cache, Bundle, Page]),
    ("qsliceq", &[Cache]),
    // Names of findings and of the columns that the experiment names.
    ("qfindingq", &[Cache, Bundle, Page]),
    ("qclassq", &[Cache, Bundle, Page]),
    ("qheadq", &[Cache, Bundle, Page]),
    // Cells and values.
    ("qpatientq", &[]),
    ("qnoteq", &[]),
    ("qnameq", &[]),
    ("qidq", &[]),
];

fn draw(project: &Project) -> PathBuf {
    let place = project.folder().join("qplaceq");
    let images = project.folder().join("data/qsiteq");
    fs::create_dir_all(&place).and_then(|()| fs::create_dir_all(&images)).expect("writable");
    let mut rows = vec!["path,qheadq,qfindingq,B,note".to_owned()];
    for number in 0..60_u8 {
        let has = number % 2;
        let name = format!("qimageq{number}.png");
        let picture = image::GrayImage::from_fn(16, 16, |x, y| {
            image::Luma([100 * has + number + (x * y) as u8 % 50])
        });
        picture.save(images.join(&name)).expect("writable");
        rows.push(format!("{name},qpatientq{number},{has},{},qnoteq{number}", 1 - has));
    }
    fs::write(images.join("qbrokenq.png"), "no picture").expect("writable");
    rows.push("qbrokenq.png,qpatientq99,1,0,qnoteq99".to_owned());
    let table = place.join("qtableq.csv");
    fs::write(&table, rows.join("\n")).expect("writable");
    for number in 0..16_u16 {
        let samples: Vec<u16> = (0..256).map(|at| 100 + at * (number % 5) % 60).collect();
        Picture::grey(16, 16, &samples)
            .text(tags::PATIENT_ID, VR::LO, &format!("qidq{number}"))
            .text(tags::PATIENT_NAME, VR::PN, "qnameq^first")
            .write(&project.folder().join(format!("data/qscansq/qclassq/qsliceq{number}.dcm")));
    }
    table
}

fn contents(place: Place, project: &Project, bundle: &Path) -> BTreeMap<String, Vec<u8>> {
    let below = |folder: PathBuf| -> BTreeMap<String, Vec<u8>> {
        let entries = WalkDir::new(folder).into_iter().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_file());
        files
            .map(|entry| {
                (entry.path().display().to_string(), fs::read(entry.path()).expect("readable"))
            })
            .collect()
    };
    match place {
        Cache => {
            let mut all = below(project.cache.clone());
            all.retain(|path, _| !path.contains("/cache/runs/"));
            all
        }
        Runs => below(project.cache.join("runs")),
        Page => below(project.folder().join("reports")),
        Lock => {
            let lock = project.folder().join("experiment.msx.lock");
            BTreeMap::from([("lock".to_owned(), fs::read(lock).expect("a lock"))])
        }
        Bundle => files(bundle),
    }
}

/// A name or a byte anywhere, however it is written.
fn holds(contents: &BTreeMap<String, Vec<u8>>, marker: &str) -> bool {
    contents.iter().any(|(name, bytes)| {
        let found =
            |bytes: &[u8]| bytes.windows(marker.len()).any(|part| part == marker.as_bytes());
        found(name.rsplit('/').next().unwrap_or(name).as_bytes()) || found(bytes)
    })
}

#[test]
fn every_string_of_the_user_stays_where_the_manual_says() {
    let project = Project::new(TEXT);
    let table = draw(&project);
    let data = format!("data={}", table.display());
    let set = ["--set", &data, "--set", "site=qsiteq", "--set", "word=qwordq"];
    let ran = project.run(&set);
    assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
    let said = project.msx(&[&["lock", "experiment.msx"], &set[..]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    // All that may be given away.
    let with = ["c", "g", "fake", "fold", "scanned"].map(|stage| ["--with", stage]).concat();
    let bundle = [&["bundle", "experiment.msx", "-o", "x.msxb"], &set[..], &with].concat();
    let said = project.msx(&bundle);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for refused in ["table", "table.summary", "scans.summary", "real", "nn"] {
        let said = project.msx(&[&bundle[..], &["--with", refused]].concat());
        assert_eq!(said.code, Some(1), "{refused} was given away");
        assert!(said.err.contains("never put into a bundle"), "{refused}: {}", said.err);
    }
    let bundle = project.folder().join("x.msxb");
    for place in [Cache, Runs, Lock, Bundle, Page] {
        let contents = contents(place, &project, &bundle);
        assert!(!contents.is_empty(), "{place:?} has no files");
        let found: BTreeSet<&str> = MARKERS
            .iter()
            .map(|(marker, _)| *marker)
            .filter(|marker| holds(&contents, marker))
            .collect();
        let allowed: BTreeSet<&str> = MARKERS
            .iter()
            .filter(|(_, places)| places.contains(&place))
            .map(|(marker, _)| *marker)
            .collect();
        match place {
            // Which paths the cache remembers depends on how old the files are.
            Cache => assert!(found.is_subset(&allowed), "{found:?}"),
            _ => assert_eq!(found, allowed, "{place:?}"),
        }
    }
}

const KEYED: &str = r#"experiment e { seed: 1 }

param table: path = "t.csv"

dataset d: csv { table: table, patients: column("p"), size: 8px, patient_key: "hush{{}}hush" }
"#;

/// A table of two patients with one image each.
fn table_of_two(project: &Project) {
    for (name, level) in [("a.png", 9), ("b.png", 99)] {
        let picture = image::GrayImage::from_pixel(8, 8, image::Luma([level]));
        picture.save(project.folder().join(name)).expect("writable");
    }
    fs::write(project.folder().join("t.csv"), "path,p,A\na.png,1,1\nb.png,2,1\n")
        .expect("writable");
}

#[test]
fn whoever_has_the_data_and_the_key_reproduces_a_bundle_without_it() {
    let mine = Project::new(&KEYED.replace("{{}}", ""));
    table_of_two(&mine);
    assert_eq!(mine.run(&[]).code, Some(0));
    let said = mine.msx(&["bundle", "experiment.msx", "-o", "x.msxb"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let content = files(&mine.folder().join("x.msxb"));
    assert!(!holds(&content, "hush"));
    // As it was locked, so it is bundled.
    assert_eq!(mine.msx(&["lock", "experiment.msx"]).code, Some(0));
    let lock = fs::read(mine.folder().join("experiment.msx.lock")).expect("a lock");
    assert_eq!(content["experiment.lock"], lock);
    let said = mine.msx(&["lock", "experiment.msx", "--check"]);
    assert_eq!((said.code, said.out.contains("note:")), (Some(0), false), "{}", said.out);

    let theirs = Project::new("");
    table_of_two(&theirs);
    fs::copy(mine.folder().join("x.msxb"), theirs.folder().join("x.msxb")).expect("copied");
    let reproduce = |more: &[&str]| {
        let said = theirs.msx(&[&["reproduce", "x.msxb", "--set", "table=t.csv"], more].concat());
        let unpacked = theirs.folder().join("x/experiment/experiment.msx");
        let text = fs::read_to_string(unpacked).ok();
        let _ = fs::remove_dir_all(theirs.folder().join("x"));
        (said, text)
    };
    let (said, text) = reproduce(&[]);
    assert_eq!((said.code, text), (Some(1), None), "{}", said.out);
    assert!(said.err.contains("withholds the value of d.patient_key"), "{}", said.err);
    let (said, text) = reproduce(&["--patient-key", "hushhush"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(said.out.contains("identical: the one stage"), "{}", said.out);
    assert_eq!(text, Some(KEYED.replace("{{}}", "")), "the key is back where it was");
    let (said, _) = reproduce(&["--patient-key", "another"]);
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
    assert!(
        said.out.contains("the value is withheld") && !said.out.contains("another\""),
        "{}",
        said.out
    );
    let (said, _) = reproduce(&["--patient-key", "hushhush", "--patient-key", "more"]);
    assert_eq!(said.code, Some(1));
}

#[test]
fn a_key_that_cannot_be_withheld_is_not_bundled() {
    let text = |key: &str, more: &str| {
        format!(
            "# {more}\nexperiment e {{ seed: 1 }}\n\nlet part = \"hush\"\nparam own: text = \"none\"\n\n\
             dataset d: csv {{ table: \"t.csv\", patients: column(\"p\"), size: 8px, patient_key: {key} }}\n"
        )
    };
    let project = Project::new(&text("\"hushhush\"", "hushhush"));
    image::GrayImage::from_pixel(8, 8, image::Luma([9]))
        .save(project.folder().join("a.png"))
        .expect("written");
    fs::write(project.folder().join("t.csv"), "path,p,A\na.png,1,1\n").expect("writable");
    let bundle = |set: &[&str]| {
        assert_eq!(project.run(set).code, Some(0));
        project.msx(&[&["bundle", "experiment.msx", "-o", "x.msxb"], set].concat())
    };
    let said = bundle(&[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("stands elsewhere in experiment.msx"), "{}", said.err);
    project.write(&text("\"{part}hush\"", ""));
    let said = bundle(&[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("put together from parts"), "{}", said.err);
    // From the command line it stands nowhere.
    project.write(&text("own", ""));
    let said = bundle(&["--set", "own=hushhush"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let content = files(&project.folder().join("x.msxb"));
    assert!(!holds(&content, "hushhush"));
    // The one that everybody has is no secret.
    project.write(&text("\"msx\"", ""));
    assert_eq!(bundle(&[]).code, Some(0));
}
