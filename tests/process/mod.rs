//! The command as a process of its own, for tests that need one.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here may take, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(60);

/// The command in this folder, as a process of its own.
pub(crate) fn interregnum(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interregnum"));
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("INTERREGNUM_SEED");
    command
}

/// What becomes of a process that must end soon.
pub(crate) fn ended(mut child: Child) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > SOON {
            child.kill().unwrap();
            panic!("it goes on: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Exit code, results, complaints.
pub(crate) fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A run that would take days.
pub(crate) const ENDLESS: &str = r#"{ "version": 1, "title": "t", "system": "paxos",
    "duration": "30000h", "max_events": 18446744073709551615 }"#;
