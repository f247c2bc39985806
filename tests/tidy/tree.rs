//! The files of the project: what git tracks or, where there is no git, everything but build output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A text file of the project.
pub(crate) struct File {
    /// From the top of the tree, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Every text file, by path.
pub(crate) fn files() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
        let root = root();
        let mut paths = tracked(&root).unwrap_or_else(|| walked(&root));
        paths.sort();
        assert!(paths.iter().any(|path| path == "Cargo.toml"), "{} has no files", root.display());
        paths
            .into_iter()
            // What is not UTF-8, was deleted or links to a folder has no lines to look at.
            .filter_map(|path| {
                let text = fs::read_to_string(root.join(&path)).ok()?;
                Some(File { path, text })
            })
            .collect()
    });
    &FILES
}

/// The Rust files below a folder.
pub(crate) fn rust_under(folder: &str) -> impl Iterator<Item = &'static File> {
    files().iter().filter(move |file| file.is_rust() && file.is_under(folder))
}

/// The file at `path`.
pub(crate) fn file(path: &str) -> Option<&'static File> {
    files().iter().find(|file| file.path == path)
}

/// The names of the folders directly below `folder`.
pub(crate) fn folders_of(folder: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = files()
        .iter()
        .filter_map(|file| file.path.strip_prefix(folder)?.strip_prefix('/'))
        .filter_map(|rest| rest.split_once('/').map(|(first, _)| first))
        .collect();
    names.dedup();
    names
}

/// The top of the tree. Cargo says it anew at run time: the tree may have moved since the build.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into()).into()
}

/// What git tracks; `None` where the tree is not a checkout, or git is not installed.
fn tracked(root: &Path) -> Option<Vec<String>> {
    // A tarball unpacked inside somebody else's checkout is not that checkout.
    if !root.join(".git").exists() {
        return None;
    }
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().ok()?;
    let listed = listed.status.success().then_some(listed.stdout)?;
    let listed = String::from_utf8(listed).ok()?;
    Some(listed.split_terminator('\0').map(str::to_owned).collect())
}

/// Every file below `root` but what a build or a run leaves behind.
fn walked(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !OUTPUT.contains(&&*name) => folders.push(path),
                Ok(kind) if !kind.is_dir() && !OUTPUT.contains(&&*name) => found.push(path),
                _ => {}
            }
        }
    }
    found
}

/// Never part of the project. `.git` is a file in a linked working tree.
const OUTPUT: [&str; 3] = [".git", "interregnum-out", "target"];

#[test]
fn a_tree_without_git_has_the_tracked_files_too() {
    let root = root();
    let walked = walked(&root);
    for path in tracked(&root).into_iter().flatten().filter(|path| root.join(path).exists()) {
        assert!(walked.contains(&path), "{path} is tracked, but the walk misses it");
    }
}
