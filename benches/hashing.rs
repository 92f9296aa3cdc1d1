//! How fast the user's files are hashed, beside `b3sum`: `cargo bench --bench hashing`.
//!
//! Four files of a gibibyte each (`MSX_BENCH_BYTES` for another size), whole processes in turn, the
//! median of several rounds; the files lie in memory when it begins, so that no disk is measured. Then
//! 20 000 small files, for the first time and with a memory that knows them. All of it lies in a
//! temporary folder (`TMPDIR`) and is removed.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use msx::store::Store;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const LARGE: usize = 4;
const BYTES: u64 = 1 << 30;
const SMALL: usize = 20_000;
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "as-hasher") {
        Some(at) => as_hasher(Path::new(&arguments[at + 1]), arguments[at + 2] == "all"),
        None => compare(),
    }
}

/// Digests what lies in `files`, with the memory of the cache beside it, as a run begins.
fn as_hasher(folder: &Path, hash_all: bool) {
    let store = Store::open(&folder.join("cache")).expect("a cache");
    let base = folder.join("files");
    let mut memo = store.file_memo(hash_all);
    memo.digest(&base, &files_in(&base)).expect("readable files");
    memo.save().expect("a writable cache");
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    files
}

fn compare() {
    let bytes = std::env::var("MSX_BENCH_BYTES").ok();
    let bytes = bytes.map_or(BYTES, |text| text.parse().expect("a number of bytes"));
    large(bytes);
    small();
}

fn large(bytes: u64) {
    let folder = with_files(LARGE, bytes);
    let all = LARGE as f64 * bytes as f64 / 1e9;
    let rate = |time: Duration| all / time.as_secs_f64();
    let peer = || {
        let mut command = Command::new("b3sum");
        command.args(files_in(&folder.path().join("files")));
        command
    };
    let has_peer = Command::new("b3sum").arg("--version").output().is_ok();
    let mut times = (Vec::new(), Vec::new());
    // The first round brings the files into memory.
    for round in 0..=ROUNDS {
        let own = time(hasher(folder.path(), "all"));
        let theirs = if has_peer { time(peer()) } else { Duration::ZERO };
        if round > 0 {
            times.0.push(own);
            times.1.push(theirs);
        }
    }
    let (own, theirs) = (median(times.0), median(times.1));
    println!("{LARGE} files of {bytes} bytes: msx {:.2} GB/s", rate(own));
    if has_peer {
        let share = 100.0 * theirs.as_secs_f64() / own.as_secs_f64();
        println!("b3sum {:.2} GB/s; msx has {share:.0} % of its rate", rate(theirs));
    } else {
        println!("b3sum is not on the path and takes no part");
    }
}

fn small() {
    let folder = with_files(SMALL, 4096);
    // Stamps of the last two seconds are not trusted.
    std::thread::sleep(Duration::from_secs(3));
    let first = time(hasher(folder.path(), "changed"));
    let again = (0..ROUNDS).map(|_| time(hasher(folder.path(), "changed"))).collect();
    println!(
        "{SMALL} files of 4096 bytes: first {:.0} ms, with a memory of them {:.0} ms",
        first.as_secs_f64() * 1e3,
        median(again).as_secs_f64() * 1e3
    );
}

/// A folder with files of this size in `files`, no two alike.
fn with_files(count: usize, bytes: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let files = folder.path().join("files");
    fs::create_dir(&files).expect("a folder");
    for number in 0..count {
        let file = File::create(files.join(format!("{number:05}.bin"))).expect("writable");
        let mut file = BufWriter::with_capacity(1 << 20, file);
        let words =
            (0..bytes / 8).map(|word| (word ^ (number as u64) << 40).wrapping_mul(0x9E37_79B9));
        words.for_each(|word| file.write_all(&word.to_le_bytes()).expect("room on the disk"));
        file.flush().expect("room on the disk");
    }
    folder
}

fn hasher(folder: &Path, which: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg("as-hasher").arg(folder).arg(which);
    command
}

fn time(mut command: Command) -> Duration {
    let begin = Instant::now();
    let output = command.output().expect("it starts");
    let taken = begin.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    taken
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
