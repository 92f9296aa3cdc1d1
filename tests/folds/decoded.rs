//! Images are decoded once, whatever becomes of labels, tables and rows, and a memory of them that is
//! gone, damaged or out of date costs time and nothing else.

use crate::project::Project;
use crate::{SIDE, chest, draw, object_bytes};
use msx::data::{BACKING_FILES, Fold};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What a run of the dataset alone did.
#[derive(Debug)]
pub(crate) struct Read {
    decoded: u64,
    remembered: u64,
    /// Everything of its fold but where pixels stand.
    files: Value,
    pub(crate) pixels: Vec<u8>,
    /// The object that its pixels stand in.
    images: PathBuf,
}

/// How many images were decoded and how many remembered at one moment of a run.
#[track_caller]
fn counts(event: &Value) -> (u64, u64) {
    let done = event["done"].as_u64().expect("a number");
    let mut metrics = event["metrics"].as_array().expect("a list").iter();
    let mut count = |name| {
        let found = metrics.find(|one| one[0] == name)?;
        Some(found[1].as_f64().expect("a number") as u64)
    };
    let counts = (count("decoded").unwrap_or(done), count("remembered").unwrap_or(0));
    assert_eq!(counts.0 + counts.1, done, "{event}");
    counts
}

fn read(project: &Project) -> Read {
    let said = project.msx(&["run", "experiment.msx", "chest", "--json"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    let events = said.out.lines().map(|line| serde_json::from_str(line).expect("an event"));
    let events: Vec<Value> = events.collect();
    let told = events.iter().filter(|event| event["activity"] == "reading");
    let counts: Vec<(u64, u64)> = told.map(counts).collect();
    let &(decoded, remembered) = counts.last().expect("it reads");
    let finished = events.iter().find(|event| event["event"] == "finished").expect("it finishes");
    let mut files = project.results()[finished["key"].as_str().expect("a key")]["images"].clone();
    let place = |file: &str| {
        let digest = files[file]["digest"].as_str()?;
        Some(project.cache.join("objects").join(&digest[..2]).join(digest))
    };
    let fold = Fold::open_files(place).expect("a fold");
    let images = place("images.npy").expect("images");
    let pixels = (0..fold.len()).flat_map(|index| fold.image(index).to_vec()).collect();
    for index in 0..fold.len() {
        assert_eq!(blake3::hash(fold.image(index)).as_bytes().as_slice(), fold.digest(index));
    }
    let files_of_fold = files.as_object_mut().expect("files");
    files_of_fold.retain(|file, _| !BACKING_FILES.contains(&file.as_str()));
    Read { decoded, remembered, files, pixels, images }
}

/// The dataset after a change, with the cache of what it was before and with an empty one, which must
/// give the same.
#[track_caller]
pub(crate) fn changed(
    project: &Project,
    change: impl Fn(&Project),
    decoded: u64,
    remembered: u64,
) -> Read {
    change(project);
    let found = read(project);
    assert_eq!((found.decoded, found.remembered), (decoded, remembered));
    let (used, unused) = (project.cache.clone(), project.folder().join("used"));
    fs::rename(&used, &unused).expect("moves");
    let fresh = read(project);
    fs::remove_dir_all(&used).expect("goes");
    fs::rename(&unused, &used).expect("moves back");
    assert_eq!((fresh.decoded, fresh.remembered), (decoded + remembered, 0));
    assert_eq!(found.files, fresh.files);
    assert!(found.pixels == fresh.pixels, "other pixels");
    project.is_whole();
    found
}

/// Images of one resampling are not taken for those of the other.
#[test]
fn each_resampling_is_decoded_once() {
    let project = chest();
    project.edit("size: 64px", "size: 32px");
    let by_area = changed(&project, |_| {}, 80, 0);
    let sharper = |project: &Project| project.edit("size: 32px", "size: 32px, resampling: bicubic");
    let bicubic = changed(&project, sharper, 80, 0);
    assert!(by_area.pixels != bicubic.pixels, "the same pixels");
    project.edit(", resampling: bicubic", ", resampling: area");
    project.run(&["chest"]).executed(&[]);
}

/// Other labels, every row elsewhere, and ten rows less.
fn relabel(project: &Project) {
    let path = project.folder().join("table.csv");
    let table = fs::read_to_string(&path).expect("table");
    let (header, rows) = table.split_once('\n').expect("a header");
    let swapped = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("{},{},{},{}\n", cells[0], cells[1], cells[3], cells[2])
    };
    let rows: String = rows.lines().rev().skip(10).map(swapped).collect();
    fs::write(path, format!("{header}\n{rows}")).expect("table");
}

/// Changes bytes of a file that nobody may write.
fn damage(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("readable");
    change(&mut bytes);
    fs::remove_file(path).expect("goes");
    fs::write(path, bytes).expect("writable");
}

fn memories(project: &Project) -> Vec<PathBuf> {
    project.files_of("decoded")
}

#[test]
fn another_table_over_the_same_images_decodes_none_and_stores_none() {
    let project = chest();
    let first = read(&project);
    assert_eq!((first.decoded, first.remembered), (80, 0));
    let before = object_bytes(&project);
    let second = changed(&project, relabel, 0, 70);
    assert_ne!(first.files["labels.npy"], second.files["labels.npy"]);
    assert_eq!(first.images, second.images);
    let pixels = 80 * u64::from(SIDE * SIDE);
    let more = object_bytes(&project) - before;
    assert!(more < pixels / 8, "{more} bytes more for {pixels} of pixels");
}

#[test]
fn one_new_image_is_the_only_one_that_is_decoded() {
    let project = chest();
    read(&project);
    changed(&project, crate::add_unrelated, 1, 80);
}

/// Images of sixteen bits are written 64 at a time, so some are written while the others are looked up.
#[test]
fn what_is_told_on_the_way_adds_up() {
    let project = chest();
    project.edit("size: 64px", "size: 64px, depth: 16");
    read(&project);
    changed(&project, crate::add_unrelated, 1, 80);
}

#[test]
fn another_method_over_the_same_files_decodes_none() {
    let project = chest();
    read(&project);
    let folders = |project: &Project| {
        for image in 0..80 {
            let folder = project.folder().join("classes").join(["a", "b"][image % 2]);
            fs::create_dir_all(&folder).expect("folder");
            let name = format!("{image}.png");
            fs::copy(project.folder().join(&name), folder.join(&name)).expect("copies");
        }
        project.edit(
            r#"csv { table: "table.csv", patients: column("patient"), size"#,
            r#"folder { path: "classes", size"#,
        );
    };
    changed(&project, folders, 0, 80);
}

#[test]
fn another_size_and_another_content_are_decoded() {
    let project = chest();
    read(&project);
    changed(&project, |project| project.edit("size: 64px", "size: 32px"), 80, 0);
    let replace = |project: &Project| {
        draw(project, 90);
        let place = |image: u32| project.folder().join(format!("{image}.png"));
        fs::rename(place(90), place(3)).expect("moves");
    };
    changed(&project, replace, 1, 79);
}

#[test]
fn a_memory_that_is_gone_or_damaged_costs_time_alone() {
    let project = chest();
    read(&project);
    fs::remove_dir_all(project.cache.join("decoded")).expect("goes");
    changed(&project, relabel, 70, 0);
    let [memory] = &memories(&project)[..] else { panic!("{:?}", memories(&project)) };
    damage(memory, |bytes| bytes[100] ^= 1);
    changed(&project, relabel, 60, 0);
}

/// One pixel of an object is another: its image is decoded again, and the others are not.
#[test]
fn an_image_that_is_not_what_was_remembered_is_decoded() {
    let project = chest();
    let first = read(&project);
    let pixel = 128 + 5 * (SIDE * SIDE) as usize + 17;
    damage(&first.images, |bytes| bytes[pixel] ^= 1);
    project.edit("table: ", "drop_unlabelled: true, table: ");
    let found = read(&project);
    assert_eq!((found.decoded, found.remembered), (1, 79));
    assert!(found.pixels == first.pixels, "other pixels");
    // What the stage gives has the name of the damaged object, which gave way.
    project.is_whole();
    damage(&found.images, |bytes| bytes.truncate(pixel));
    project.edit("table: ", "unreadable: skip, table: ");
    let found = read(&project);
    assert_eq!((found.decoded, found.remembered), (80, 0));
    assert!(found.pixels == first.pixels, "other pixels");
}

#[test]
fn a_collection_drops_memories_with_their_objects() {
    let project = chest();
    read(&project);
    let old = memories(&project);
    project.edit("size: 64px", "size: 32px");
    read(&project);
    assert_eq!((old.len(), memories(&project).len()), (1, 2));
    let size = project.msx(&["cache", "size", "--json"]);
    let size: Value = serde_json::from_str(&size.out).expect("JSON");
    let bytes: u64 =
        memories(&project).iter().map(|path| fs::metadata(path).expect("there").len()).sum();
    assert_eq!((&size["decoded"]["count"], &size["decoded"]["bytes"]), (&2.into(), &bytes.into()));
    let collect = ["cache", "gc", "--yes", "--grace", "0s", "--keep-runs", "0"];
    assert_eq!(project.msx(&collect).code, Some(0));
    assert_eq!(memories(&project).len(), 1);
    assert!(!old[0].exists(), "the memory of an object that is gone");
    let recipe = old[0].parent().expect("a folder");
    assert!(!recipe.exists(), "the folder of a recipe that nothing is remembered by");
    project.edit("size: 32px", "size: 64px");
    let again = read(&project);
    assert_eq!((again.decoded, again.remembered), (80, 0));
}
