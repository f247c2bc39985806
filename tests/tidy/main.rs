//! House rules that no compiler checks: which way dependencies point, how large things may grow,
//! which names may stand where, what every scenario must say.
//!
//! Each module is one family of rules: first the tests that hold the tree to them, then the tests
//! that show the rule bites. A message names the file, the line and what to do about it.

mod arrows;
mod ceilings;
mod ids;
mod leftovers;
mod names;
mod purity;
mod ratchet;
mod scenarios;
mod tokens;
mod tree;

/// Fails with every fault in a list, under the rule that they break.
fn demand_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n\n  {}\n", faults.join("\n  "));
}
