//! From a table as large as CheXpert's to label sets and splits: `cargo bench --bench tables`.
//!
//! The table is made for the purpose: 223,414 rows of 64,540 patients with 14 findings. Every figure
//! is the median of several rounds. Python's readers take part where they are there, pandas and the
//! standard library's; they read the same file and do nothing with it. With `files` as an argument
//! every row's image is there, empty, and planning is measured as `msx plan` does it.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use msx::data::Raster;
use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::rsna_ich::{Challenge, list};
use msx::data::subset::{Classes, Filter, SubsetConfig, plan};
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ROWS: usize = 223_414;
const PATIENTS: usize = 64_540;
const ROUNDS: usize = 9;
const HEADER: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,\
                      Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,\
                      Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support \
                      Devices";
/// As the seed system reads it.
const POLICY: Policy =
    Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };

fn main() {
    let with_files = std::env::args().any(|argument| argument == "files");
    let folder = tempfile::tempdir().expect("a folder for the table");
    let csv = folder.path().join("CheXpert-v1.0-small/train.csv");
    fs::create_dir_all(csv.parent().expect("above")).expect("folder");
    fs::write(&csv, chexpert_table()).expect("table");
    let config = SubsetConfig {
        filter: Filter::default(),
        classes: Classes::MinCount(256),
        per_class: [None; 3],
        total: [None; 3],
        split: [0.8, 0.1, 0.1],
        side: 32,
        seed: 1000,
    };
    let labels = median(|| {
        black_box(chexpert::labels(&csv, POLICY, Raster::eight(256)).expect("reads"));
    });
    let planned = median(|| {
        let (info, labels) = chexpert::labels(&csv, POLICY, Raster::eight(256)).expect("reads");
        black_box(plan(&info, &labels, &config).expect("plans"));
    });
    println!(
        "chexpert, {ROWS} rows: labels {labels:.3} s, with label sets and splits {planned:.3} s"
    );
    for (name, program) in [
        ("pandas.read_csv", "import pandas; read = pandas.read_csv"),
        ("csv.reader", "import csv; read = lambda path: list(csv.reader(open(path, newline='')))"),
    ] {
        match python(program, &csv) {
            Some(seconds) => println!("{name}: {seconds:.3} s, {:.1} times", seconds / planned),
            None => println!("{name}: not there"),
        }
    }
    if with_files {
        files(&csv, folder.path());
    }
}

/// What `sources` of both data sets takes, every file looked for.
fn files(csv: &Path, folder: &Path) {
    let all = Policy { view: View::Both, drop_unlabelled: false, ..POLICY };
    let (info, _) = chexpert::labels(csv, all, Raster::eight(256)).expect("reads");
    for source in &info.sources {
        let path = folder.join(source);
        fs::create_dir_all(path.parent().expect("above")).expect("folder");
        fs::write(path, []).expect("image");
    }
    let images = median(|| {
        black_box(chexpert::images(csv, POLICY).expect("reads"));
    });
    println!("chexpert, files looked for: {images:.3} s");
    let table = folder.join("stage_2_train.csv");
    fs::write(&table, rsna_table(folder)).expect("table");
    let images = folder.join("stage_2_train");
    let challenge = Challenge { csv: table, images, most_without: None, seed: 1 };
    let listed = median(|| {
        black_box(list(&challenge).expect("reads"));
    });
    println!("rsna_ich, {IMAGES} images of six rows, files looked for: {listed:.3} s");
}

/// A tenth of the challenge.
const IMAGES: usize = 75_280;

fn rsna_table(folder: &Path) -> String {
    fs::create_dir_all(folder.join("stage_2_train")).expect("folder");
    let mut random = Random(2);
    let mut text = "ID,Label\n".to_owned();
    for image in 0..IMAGES {
        fs::write(folder.join(format!("stage_2_train/ID_{image:09x}.dcm")), []).expect("image");
        let present = (random.below(3) == 0).then(|| random.below(5));
        let types =
            ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural"];
        for (place, name) in types.into_iter().enumerate() {
            let label = u8::from(present == Some(place));
            writeln!(text, "ID_{image:09x}_{name},{label}").expect("a string");
        }
        writeln!(text, "ID_{image:09x}_any,{}", u8::from(present.is_some())).expect("a string");
    }
    text
}

/// Seconds that a Python program's `read` takes, without its start.
fn python(program: &str, csv: &Path) -> Option<f64> {
    let program = format!(
        "{program}\nimport sys, time, statistics\ntimes = []\nfor _ in range(5):\n    start = \
         time.perf_counter()\n    read(sys.argv[1])\n    times.append(time.perf_counter() - \
         start)\nprint(statistics.median(times))"
    );
    let output = Command::new("python3").arg("-c").arg(program).arg(csv).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

fn chexpert_table() -> String {
    let mut random = Random(1);
    let mut text = format!("{HEADER}\n");
    for row in 0..ROWS {
        let patient = row * PATIENTS / ROWS + 1;
        let (study, is_lateral) = (row % 40 + 1, random.below(7) == 0);
        let (view, column) =
            if is_lateral { ("lateral", "Lateral,") } else { ("frontal", "Frontal,AP") };
        write!(
            text,
            "CheXpert-v1.0-small/train/patient{patient:05}/study{study}/view1_{view}.jpg,Female,{},\
             {column}",
            random.below(90)
        )
        .expect("a string");
        // A few combinations of findings are frequent, most are rare.
        let most = random.below(400) + 1;
        let mut set = Random(random.below(most) as u64);
        for _ in 0..14 {
            let cells = ["", "", "", "", "", "", "0.0", "1.0", "-1.0"];
            write!(text, ",{}", cells[set.below(cells.len())]).expect("a string");
        }
        text.push('\n');
    }
    text
}
