//! Clocks that are set back and time stamps that lie hide no change of the user's files.

use crate::project::{Project, Ran};
use crate::table::{skipped, tell};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const READING: &str = r#"
experiment clock { seed: 1 }

dataset pictures: folder { path: "images", size: 16px }
subset  fold: pictures { per_class: { train: 4, valid: 1, test: 1 } }
"#;

const DAY: Duration = Duration::from_secs(86_400);

/// Gives a file another time.
type Shift = fn(SystemTime) -> SystemTime;

/// A picture that has the same size in bytes for any level.
fn draw(path: &Path, level: u8) {
    let picture = image::GrayImage::from_pixel(16, 16, image::Luma([level]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Tiff).expect("a picture");
    fs::write(path, bytes.into_inner()).expect("writable");
}

/// An experiment on pictures of two classes, the first of them at this level; not run yet.
fn reading(level: u8) -> Project {
    let project = Project::new(READING);
    for (class, name) in ["dark", "light"].iter().enumerate() {
        let folder = project.folder().join("images").join(name);
        fs::create_dir_all(&folder).expect("writable");
        for number in 0..24_u8 {
            draw(&folder.join(format!("{number}.tiff")), 100 * class as u8 + number);
        }
    }
    draw(&first(&project), level);
    project
}

fn first(project: &Project) -> PathBuf {
    project.folder().join("images/dark/0.tiff")
}

/// Fails unless the run read the pictures again and has what a fresh project would have.
fn is_right(project: &Project, ran: &Ran, level: u8) {
    assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
    assert!(ran.executed.contains(&"pictures".to_owned()), "level {level} is not noticed");
    let fresh = reading(level);
    assert_eq!(fresh.run(&[]).code, Some(0));
    let results = project.results();
    for (key, outputs) in fresh.results() {
        assert_eq!(results.get(&key), Some(&outputs), "another result at level {level}");
    }
}

/// Waits until time stamps are believed, and runs with nothing to do.
fn settle(project: &Project) {
    std::thread::sleep(Duration::from_millis(2100));
    project.run(&[]).executed(&[]);
}

#[test]
fn a_file_that_changed_under_its_old_time_is_read_again() {
    let project = reading(50);
    assert_eq!(project.run(&[]).code, Some(0));
    let path = first(&project);
    let times = |path: &Path| {
        let metadata = fs::metadata(path).expect("there");
        (metadata.len(), metadata.modified().expect("a time"))
    };
    let changes: [(u8, Shift); 3] = [(51, |old| old), (52, |old| old - DAY), (53, |old| old + DAY)];
    for (level, time) in changes {
        settle(&project);
        let (size, old) = times(&path);
        draw(&path, level);
        File::options()
            .write(true)
            .open(&path)
            .expect("ours")
            .set_modified(time(old))
            .expect("ours");
        assert_eq!(times(&path), (size, time(old)));
        is_right(&project, &project.run(&[]), level);
    }
}

/// Runs under a clock that is a day back, as the files' own times are not.
fn run_yesterday(project: &Project) -> Ran {
    let run = project.command(&["run", "experiment.msx", "--json"]);
    let mut faked = Command::new("faketime");
    faked.args(["-f", "-1d"]).arg(run.get_program()).args(run.get_args());
    faked.current_dir(project.folder()).env("NO_FAKE_STAT", "1");
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => faked.env(name, value),
            None => faked.env_remove(name),
        };
    }
    Ran::of(&faked.output().expect("faketime starts"))
}

#[test]
fn a_clock_that_was_set_back() {
    if Command::new("faketime").arg("--version").output().is_err() {
        return skipped("no clock is set back: faketime is not on the path");
    }
    let project = reading(60);
    assert_eq!(project.run(&[]).code, Some(0));
    settle(&project);
    run_yesterday(&project).executed(&[]);
    // Twice within what a time stamp can tell apart, the second time under the old size.
    for level in [61, 62, 63] {
        draw(&first(&project), level);
        is_right(&project, &run_yesterday(&project), level);
    }
    // The clock goes forward again.
    project.run(&[]).executed(&[]);
    draw(&first(&project), 64);
    is_right(&project, &project.run(&[]), 64);
    settle(&project);
    draw(&first(&project), 65);
    is_right(&project, &run_yesterday(&project), 65);
    project.is_whole();
    tell("a clock that was set back by a day            changes 5, all noticed");
}
