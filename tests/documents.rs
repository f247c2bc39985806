//! What the documents show is true: commands print what stands below them, files exist.
//!
//! `INTERREGNUM_BLESS=1 cargo test --test documents` writes into `README.md` what its commands print
//! now; the difference is for the reviewer.

use interregnum::{Exit, Io, Program, builtin, command_from};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// A stream that can be looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the built-in command prints, as a revision that never changes.
fn interregnum(words: &[String]) -> (Exit, String) {
    let version = concat!(env!("CARGO_PKG_VERSION"), "+1f2e3d4c5b6a").to_owned();
    let program = Program { version, ..Program::new(builtin()) };
    let out = Memory::default();
    let mut io = Io::new(Box::new(out.clone()), Box::new(out.clone()));
    let exit = command_from(&program, words, &mut io);
    drop(io);
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    (exit, text)
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let shown = read("README.md");
    let mut real = String::new();
    let mut printed = String::new();
    let mut lines = shown.lines().peekable();
    let mut in_console = false;
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) else {
            in_console = if in_console { line != "```" } else { line == "```console" };
            real += &format!("{line}\n");
            continue;
        };
        let command = as_printed(command, &printed);
        real += &format!("$ {command}\n");
        let output = output_of(&command);
        if let Some(output) = output {
            while lines.next_if(|line| *line != "```" && !line.starts_with("$ ")).is_some() {}
            real += &output;
            printed += &output;
        }
    }
    if std::env::var_os("INTERREGNUM_BLESS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), real).unwrap();
        return;
    }
    for (shown, real) in shown.lines().zip(real.lines()) {
        assert_eq!(shown, real, "INTERREGNUM_BLESS=1 writes what is printed now");
    }
    assert_eq!(shown, real, "INTERREGNUM_BLESS=1 writes what is printed now");
}

/// A replay is shown only as the line that a run printed before; it changes with each fingerprint.
fn as_printed(command: &str, printed: &str) -> String {
    let Some(asked) = command.strip_prefix("interregnum replay ") else {
        return command.to_owned();
    };
    let file = asked.split(' ').next();
    let replays = printed.lines().rev().filter_map(|line| line.strip_prefix("interregnum replay "));
    let Some(known) = replays.into_iter().find(|line| line.split(' ').next() == file) else {
        panic!("no run above printed this line: {command}");
    };
    let pipe = command.find(" | ").map_or("", |at| &command[at..]);
    format!("interregnum replay {known}{pipe}")
}

/// What a shown command prints; `None` for those of cargo, which are only looked at.
fn output_of(command: &str) -> Option<String> {
    let mut pipe = command.split(" | ");
    let words = shlex::split(pipe.next()?).unwrap();
    if words[0] == "cargo" {
        looks_right(&words);
        return None;
    }
    assert_eq!(words[0], "interregnum", "cannot be tried: {command}");
    let (exit, text) = interregnum(&words);
    assert_eq!(exit, Exit::Passed, "{command}\n{text}");
    let text = text.trim_end().to_owned() + "\n";
    Some(pipe.fold(text, |text, filter| part_of(&text, filter)))
}

fn looks_right(words: &[String]) {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match &words[1..] {
        ["run", "--release", "--", subcommand, ..] => {
            let words = ["interregnum", subcommand, "--help"].map(str::to_owned);
            assert_eq!(interregnum(&words).0, Exit::Passed, "{subcommand}");
        }
        ["build" | "install" | "test" | "bench", ..] => {}
        _ => panic!("cannot be tried: {words:?}"),
    }
}

/// `head -n 3` and `tail -n 3` of a text.
fn part_of(text: &str, filter: &str) -> String {
    let words: Vec<_> = filter.split(' ').collect();
    let ["head" | "tail", "-n", count] = words[..] else { panic!("cannot be tried: {filter}") };
    let (count, lines) = (count.parse().unwrap(), text.lines().collect::<Vec<_>>());
    let lines = match words[0] {
        "head" => &lines[..lines.len().min(count)],
        _ => &lines[lines.len().saturating_sub(count)..],
    };
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What the README recommends for pipelines holds in this project's own, which runs the same.
#[test]
fn the_pipeline_that_is_recommended_is_this_one() {
    let (readme, own) = (read("README.md"), read(".ci/run"));
    let recommended: Vec<_> =
        readme.lines().filter_map(|line| line.strip_prefix("- run: interregnum ")).collect();
    let own = own.lines().filter(|line| line.starts_with("step "));
    let own = own.filter_map(|line| line.split_once("/release/interregnum\" "));
    let own: Vec<_> = own.map(|(_, words)| what_is_run(words)).collect();
    assert_eq!(recommended.len(), 2, "runs, and planted bugs");
    for line in recommended {
        assert!(own.contains(&what_is_run(line)), "{line}: {own:?}");
        let words = format!("interregnum {line} --help");
        assert_eq!(interregnum(&shlex::split(&words).unwrap()).0, Exit::Passed, "{line}");
    }
}

/// The words of a command line without those that say only where results go, and how many runs go on at once.
fn what_is_run(line: &str) -> Vec<String> {
    let mut words = shlex::split(line).unwrap().into_iter();
    let mut meant = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--out" | "--format" | "--jobs" => drop(words.next()),
            "--verify" => {}
            _ => meant.push(word),
        }
    }
    meant
}

#[test]
fn what_the_documents_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["core/", "sim/", "reports/", "src/", "tests/", "scenarios/", "benches/", ".ci/"];
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    for document in DOCUMENTS {
        let text = read(document);
        let spans = text.split('`').skip(1).step_by(2).map(|span| (span, true));
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        let links = links.map(|(link, _)| (link, false)).filter(|(link, _)| !link.contains("://"));
        for (name, is_span) in spans.chain(links) {
            if is_span
                && !(folders.iter().any(|at| name.starts_with(at)) && name.chars().all(plain))
            {
                continue;
            }
            assert!(root.join(name).exists(), "{document} names {name}, which does not exist");
        }
    }
}

#[test]
fn the_picture_is_small() {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/picture.png");
    assert!(fs::metadata(picture).unwrap().len() < 200_000);
}
