//! What a program does to the files below a folder, in order, as `strace` saw it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// System calls that change files or make changes last, and some that must not occur because nobody
/// here knows what they do.
const CALLS: &str = "trace=openat,open,creat,lseek,write,pwrite64,writev,pwritev,ftruncate,truncate,\
    fallocate,copy_file_range,sendfile,fsync,fdatasync,rename,renameat,renameat2,link,linkat,symlink,\
    symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat";

/// A change, with paths relative to the folder.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A file is made where there is none, and emptied.
    Create(PathBuf),
    /// A file is made where there is none, and kept as it is otherwise.
    Touch(PathBuf),
    Append(PathBuf, Vec<u8>),
    /// What is written next goes there, from the beginning of the file.
    Seek(PathBuf, usize),
    MakeFolder(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    /// What a file or a folder holds now outlasts a power cut.
    Synchronise(PathBuf),
}

/// Whether `strace` is there and may trace.
pub fn can_trace() -> Result<(), String> {
    match Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}

/// Runs a command to its end, and gives what it did below `folder`.
pub fn record(command: &Command, folder: &Path, traces: &Path) -> Vec<Operation> {
    fs::create_dir_all(traces).expect("writable");
    let mut strace = Command::new("strace");
    strace.args(["-ff", "-ttt", "-y", "-s", "100000000", "-e", CALLS, "-o"]);
    strace.arg(traces.join("trace")).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.current_dir(command.get_current_dir().expect("it has one"));
    let output = strace.output().expect("strace starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut calls: Vec<Call> = Vec::new();
    for file in fs::read_dir(traces).expect("there").flatten() {
        let text = fs::read(file.path()).expect("readable");
        calls.extend(text.split(|byte| *byte == b'\n').filter_map(Call::parse));
    }
    // A file a thread: each is in order, and threads wait for each other in other system calls.
    calls.sort_by(|a, b| a.at.total_cmp(&b.at));
    calls.iter().filter_map(|call| call.operation(folder)).collect()
}

/// One system call that succeeded.
#[derive(Debug)]
struct Call {
    at: f64,
    name: String,
    arguments: Vec<Argument>,
}

#[derive(Debug, Default)]
struct Argument {
    /// Outside of quotes and annotations.
    word: String,
    /// Between quotes.
    text: Option<Vec<u8>>,
    /// The path of a descriptor.
    path: Option<String>,
}

impl Call {
    fn parse(line: &[u8]) -> Option<Call> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let head = std::str::from_utf8(&line[..open]).ok()?;
        let (at, name) = head.split_once(' ')?;
        let (arguments, rest) = arguments(&line[open + 1..]);
        let result = String::from_utf8_lossy(rest);
        let result = result.trim_start().strip_prefix("= ")?;
        (!result.starts_with('-')).then(|| Call {
            at: at.parse().expect("a time"),
            name: name.trim().to_owned(),
            arguments,
        })
    }

    fn operation(&self, folder: &Path) -> Option<Operation> {
        let inside = |path: PathBuf| path.strip_prefix(folder).ok().map(Path::to_owned);
        let descriptor = || inside(PathBuf::from(self.arguments[0].path.as_deref()?));
        let named = |position: usize| inside(self.path(position));
        match self.name.as_str() {
            "openat" => {
                let flags = &self.arguments[2].word;
                let path =
                    named(0).filter(|_| flags.contains("O_CREAT") || flags.contains("O_TRUNC"));
                path.map(|path| match flags.contains("O_TRUNC") {
                    true => Operation::Create(path),
                    false => Operation::Touch(path),
                })
            }
            "write" => {
                let text = self.arguments[1].text.clone();
                descriptor().map(|path| Operation::Append(path, text.expect("what is written")))
            }
            "lseek" => {
                let [_, offset, whence] = &self.arguments[..] else { panic!("{self:?}") };
                let (offset, whence) = (offset.word.trim(), whence.word.trim());
                let path = descriptor().filter(|_| (offset, whence) != ("0", "SEEK_CUR"))?;
                assert_eq!(whence, "SEEK_SET", "a place in {} is not understood", path.display());
                Some(Operation::Seek(path, offset.parse().expect("a place")))
            }
            "fsync" | "fdatasync" => descriptor().map(Operation::Synchronise),
            "rename" | "link" => both(named(0), named(1), &self.name),
            "renameat" | "renameat2" => both(named(0), named(2), "rename"),
            "linkat" => both(named(0), named(2), "link"),
            "mkdir" | "mkdirat" => named(0).map(Operation::MakeFolder),
            "unlink" | "unlinkat" | "rmdir" => named(0).map(Operation::Remove),
            _ => {
                let touched = (0..self.arguments.len()).find_map(|position| {
                    let path = self.arguments[position].path.as_deref().map(PathBuf::from);
                    inside(path.unwrap_or_else(|| self.path(position)))
                });
                assert!(touched.is_none(), "{} is not understood: {touched:?}", self.name);
                None
            }
        }
    }

    /// The path that begins at an argument: a folder's descriptor and a name, or a name alone.
    fn path(&self, position: usize) -> PathBuf {
        let argument = &self.arguments[position];
        let text = |argument: &Argument| {
            let bytes = argument.text.clone().unwrap_or_default();
            PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
        };
        match (&argument.path, self.arguments.get(position + 1)) {
            (Some(folder), Some(name)) if argument.text.is_none() => {
                Path::new(folder).join(text(name))
            }
            _ => text(argument),
        }
    }
}

fn both(from: Option<PathBuf>, to: Option<PathBuf>, name: &str) -> Option<Operation> {
    match (from, to) {
        (None, None) => None,
        (Some(from), Some(to)) if name == "link" => Some(Operation::Link(from, to)),
        (Some(from), Some(to)) => Some(Operation::Rename(from, to)),
        one => panic!("{name} crosses the border of the folder: {one:?}"),
    }
}

/// Splits what stands between the parentheses, and gives what follows them.
fn arguments(mut line: &[u8]) -> (Vec<Argument>, &[u8]) {
    let mut all = vec![Argument::default()];
    while let Some((&byte, rest)) = line.split_first() {
        line = rest;
        let last = all.last_mut().expect("one at least");
        match byte {
            b')' => break,
            b',' => all.push(Argument::default()),
            b'"' => {
                let (text, rest) = quoted(line);
                last.text = Some(text);
                line = rest;
            }
            b'<' => {
                let end = line.iter().position(|byte| *byte == b'>').expect("it is closed");
                last.path = Some(String::from_utf8_lossy(&line[..end]).into_owned());
                line = &line[end + 1..];
            }
            other => last.word.push(char::from(other)),
        }
    }
    (all, line)
}

/// A string in the manner of C up to its end.
fn quoted(mut line: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    loop {
        let (byte, rest) = line.split_first().expect("it is closed");
        line = rest;
        match byte {
            b'"' => return (text, line),
            b'\\' => {
                let digits = line.iter().take(3).take_while(|byte| (b'0'..b'8').contains(byte));
                let count = digits.count();
                if count > 0 {
                    let value = line[..count]
                        .iter()
                        .fold(0, |value, digit| value * 8 + u32::from(digit - b'0'));
                    text.push(u8::try_from(value).expect("a byte"));
                    line = &line[count..];
                } else {
                    text.push(match line[0] {
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        b'v' => 0x0b,
                        b'f' => 0x0c,
                        other => other,
                    });
                    line = &line[1..];
                }
            }
            other => text.push(*other),
        }
    }
}
