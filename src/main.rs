//! The `interregnum` command.

fn main() {}
