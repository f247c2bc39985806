//! The `interregnum` command with OmniPaxos beside the built-in systems.

use interregnum_foreign_omnipaxos::Omni;
use interregnum_sim::prelude::register;

fn main() -> std::process::ExitCode {
    interregnum::command(interregnum::builtin().with(register(Omni::default())))
}
