//! Disks that are full, and disks that can only be read.

use crate::project::{Project, Said, TINY, TINY_STAGES};
use crate::table::{Table, points, skipped};
use msx::data::random;
use rand::Rng;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A small file system of its own, unmounted in the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(path: &'a Path, size: &str) -> Result<Mounted<'a>, String> {
        fs::create_dir_all(path).map_err(|error| error.to_string())?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output();
        match mount {
            Ok(output) if output.status.success() => Ok(Mounted(path)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Mounted<'_> {
    fn resize(&self, size: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={size}")]).arg(self.0);
        assert!(mount.status().expect("mount starts").success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let project = Project::new(
        "experiment full { title: \"Full\", seed: 1 }\n\
         dataset small: phantom { count: 60, size: 16px }\n\
         dataset large: phantom { count: 6000, size: 64px }\n",
    );
    let mounted = match Mounted::new(&project.cache, "2m") {
        Ok(mounted) => mounted,
        Err(reason) => return skipped(&format!("no disk is filled: {reason}")),
    };
    let full = project.run(&["--keep-going", "--threads", "1"]);
    assert_eq!(full.code, Some(1), "{:?}", full.failed);
    assert_eq!(full.executed, ["small"]);
    assert_eq!(full.failed[0].0, "large");
    assert!(full.failed[0].1.contains("free some space"), "{}", full.failed[0].1);
    project.is_whole();
    assert!(project.files_of("scratch").is_empty(), "what did not fit is left");
    // With room, only what is missing runs.
    mounted.resize("64m");
    project.run(&[]).executed(&["large"]);
    drop(mounted);
}

/// The disk fills up in the middle of anything: an object, a record, a checkpoint, the journal.
#[test]
fn a_disk_that_fills_up_anywhere() {
    let expected = Project::new(TINY);
    assert_eq!(expected.run(&[]).code, Some(0));
    let mut moments = random::stream(14, "test/full disks");
    let mut table = Table::new("full disks");
    for _ in 0..points(4) {
        let project = Project::new(TINY);
        let size = format!("{}k", moments.random_range(40..400));
        let mounted = match Mounted::new(&project.cache, &size) {
            Ok(mounted) => mounted,
            Err(reason) => return skipped(&format!("no disk is filled: {reason}")),
        };
        let full = project.run(&["--threads", "1"]);
        project.is_whole();
        for (stage, reason) in &full.failed {
            assert!(reason.contains("space"), "{stage} in {size}: {reason}");
        }
        mounted.resize("64m");
        let after = project.run(&[]);
        assert_eq!(after.code, Some(0), "{:?}", after.failed);
        assert_eq!(project.results(), expected.results());
        let again = full.keys.iter().filter(|key| after.keys.contains(key)).count();
        table.point(full.code != Some(0), full.keys.len(), again);
        project.is_tidy_after_collecting();
        drop(mounted);
    }
    table.print();
    assert_eq!(table.lost, 0, "finished results were made again");
}

/// Runs the program where the cache can only be read.
fn read_only(project: &Project, arguments: &[&str]) -> Result<Said, String> {
    let inner = project.command(arguments);
    let mut command = Command::new("unshare");
    // Permissions do not hold for root, who may run these tests; mounts do.
    let script =
        "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" || exit 99; exec \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(&project.cache);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(project.folder());
    command.env("MSX_CACHE", &project.cache).env("MSX_DEVICE", "cpu");
    let output = command.output().map_err(|error| format!("unshare: {error}"))?;
    let said = Said::of(&output);
    let may_mount = said.code != Some(99) && !said.err.starts_with("unshare:");
    if may_mount { Ok(said) } else { Err(said.err) }
}

#[test]
fn a_cache_that_can_only_be_read_serves_what_it_has() {
    let project = Project::new(TINY);
    project.run(&[]);
    let run = match read_only(&project, &["run", "experiment.msx", "--json"]) {
        Ok(said) => said,
        Err(reason) => return skipped(&format!("no cache is read only: {reason}")),
    };
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains(&format!("\"cached\":{TINY_STAGES}")), "{}", run.out);
    let say = |arguments: &[&str]| read_only(&project, arguments).expect("it went before");
    let plan = say(&["plan", "experiment.msx"]);
    assert!(plan.out.contains("9 cached, 0 will run"), "{} {}", plan.out, plan.err);
    assert!(
        say(&["why", "g", "experiment.msx"]).out.contains("nothing that it depends on changed")
    );
    assert_eq!(say(&["cache", "verify"]).code, Some(0));
    assert!(say(&["cache", "size"]).out.contains("would free"));
    assert!(say(&["cache", "gc"]).out.contains("stay"));
    let longer = say(&["run", "experiment.msx", "--set", "epochs=3"]);
    assert_eq!(longer.code, Some(1));
    for words in ["has to run, but its result could not be kept", "another folder with --cache"] {
        assert!(longer.err.contains(words), "{}", longer.err);
    }
    assert_eq!(say(&["cache", "gc", "--yes"]).code, Some(1));
}
