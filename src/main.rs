//! The `interregnum` command with the built-in systems.

use std::process::ExitCode;

fn main() -> ExitCode {
    interregnum::command(interregnum::builtin())
}
