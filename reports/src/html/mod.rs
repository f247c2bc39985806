//! Pages.
use crate::json::End;
/// x
pub fn page(_: &End<'_>, _: &str) -> String {
    String::new()
}
