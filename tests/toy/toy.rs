//! The whole command for a system that is not built in: all it takes is its `Subject`.

#[path = "subject.rs"]
mod subject;

use interregnum::Program;
use interregnum_sim::subject::Registry;
use std::process::ExitCode;

fn main() -> ExitCode {
    interregnum::command_of(&Program {
        // Transcripts hold whole command lines: nothing in them may change with each commit.
        version: "1.0.0+toy".to_owned(),
        ..Program::new(Registry::new().with(Box::new(subject::Toy)))
    })
}
