//! Tells the command which revision it was built from. Outside of a git checkout of this very
//! project, that is unknown; nothing fails.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A revision is dirty as soon as any source is: whatever is compiled is watched.
    for source in ["Cargo.toml", "Cargo.lock", "src", "core", "sim", "reports"] {
        if Path::new(source).exists() {
            println!("cargo::rerun-if-changed={source}");
        }
    }
    let revision = revision().unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=INTERREGNUM_REVISION={revision}");
}

fn revision() -> Option<String> {
    // Asked when it runs: checkouts that share a target folder share this program, too.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")?;
    let here = Path::new(&here).canonicalize().ok()?;
    // A copy inside of another project's checkout has no revision of its own.
    let top = Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if top != here {
        return None;
    }
    // HEAD, where it points to, and the index: they change when a commit is made or checked out.
    let mut watched = vec!["HEAD".to_owned(), "index".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(&["symbolic-ref", "-q", "HEAD"]));
    for file in watched {
        if let Some(path) = git(&["rev-parse", "--git-path", &file])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
