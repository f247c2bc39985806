//! Which way dependencies point: `src -> reports -> sim -> core`, and `core` knows nobody.

use crate::demand_none;
use crate::tree::{self, files};
use toml::{Table, Value};

/// The layers, and what each may stand on. Dependencies for tests and builds count as well.
const LAYERS: [(&str, &[&str]); 5] = [
    ("interregnum", &["interregnum-reports", "interregnum-sim", "interregnum-core"]),
    ("interregnum-reports", &["interregnum-sim", "interregnum-core"]),
    ("interregnum-sim", &["interregnum-core"]),
    ("interregnum-core", &["interregnum-derive"]),
    ("interregnum-derive", &[]),
];

/// The only thing that the core is built from.
const CORE_DEPENDENCIES: [&str; 1] = ["interregnum-derive"];

/// What other people would write on top of all of this.
const FOREIGN: &str = "interregnum-foreign-";

/// A package of the workspace, by its manifest.
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

/// A dependency, under the name that its registry or its manifest knows it by.
struct Dependency {
    name: String,
    for_tests: bool,
}

#[test]
fn dependencies_point_inwards() {
    let packages = workspace();
    let members: Vec<_> = packages.iter().map(|package| &*package.name).collect();
    for (layer, _) in LAYERS {
        assert!(members.contains(&layer), "{layer} is not in the workspace: {members:?}");
    }
    let mut faults = Vec::new();
    for package in &packages {
        for dependency in &package.dependencies {
            let inside = members.contains(&&*dependency.name);
            if inside && !may_depend(&package.name, dependency) {
                faults.push(format!("{} depends on {}", package.name, dependency.name));
            }
        }
    }
    demand_none("Arrows point one way, `src -> reports -> sim -> core`:", &faults);
}

#[test]
fn the_core_is_built_from_nothing_but_its_derive() {
    let packages = workspace();
    let core = packages.iter().find(|package| package.name == "interregnum-core").unwrap();
    let built_from = core.dependencies.iter().filter(|dependency| !dependency.for_tests);
    let built_from: Vec<_> = built_from.map(|dependency| &*dependency.name).collect();
    assert_eq!(built_from, CORE_DEPENDENCIES, "The core has no dependencies but its own derive");
}

/// Whether a package of the workspace may depend on another one.
fn may_depend(package: &str, dependency: &Dependency) -> bool {
    let layer = |name: &str| LAYERS.iter().find(|(layer, _)| *layer == name);
    match (layer(package), layer(&dependency.name)) {
        // Nobody stands on the command but other people's crates, and those that stand for them here. A crate that
        // exists for tests may try it.
        (None, Some(("interregnum", _))) => dependency.for_tests || package.starts_with(FOREIGN),
        (_, Some(("interregnum", _))) => false,
        (Some((_, below)), Some((name, _))) => below.contains(name),
        // A crate that exists for tests, such as an oracle, is for tests only.
        (Some(_), None) => dependency.for_tests,
        (None, _) => true,
    }
}

/// The packages of the workspace.
fn workspace() -> Vec<Package> {
    let root = manifest("Cargo.toml");
    let shared = &root["workspace"]["dependencies"];
    let outside = root["workspace"]["exclude"].as_array().unwrap();
    let is_outside = |path: &str| {
        outside.iter().any(|folder| folder.as_str().is_some_and(|f| path.starts_with(f)))
    };
    files()
        .iter()
        .map(|file| &*file.path)
        .filter(|path| *path == "Cargo.toml" || path.ends_with("/Cargo.toml"))
        .filter(|path| !is_outside(path))
        .map(|path| {
            let manifest = manifest(path);
            let name = manifest["package"]["name"].as_str().unwrap().to_owned();
            Package { name, dependencies: dependencies(&manifest, shared) }
        })
        .collect()
}

/// Every dependency of a manifest: of any kind, for any target.
fn dependencies(manifest: &Table, shared: &Value) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(|targets| targets.values());
    let sections: Vec<_> =
        targets.filter_map(Value::as_table).chain(std::iter::once(manifest)).collect();
    let mut found = Vec::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let tables = sections.iter().filter_map(|section| section.get(kind)?.as_table());
        for (alias, value) in tables.flatten() {
            let value = if value.get("workspace").is_some() { &shared[alias] } else { value };
            let name = value.get("package").and_then(Value::as_str).unwrap_or(alias);
            let for_tests = kind == "dev-dependencies";
            found.push(Dependency { name: name.to_owned(), for_tests });
        }
    }
    found
}

pub(crate) fn manifest(path: &str) -> Table {
    let file = tree::file(path).unwrap_or_else(|| panic!("{path} is missing"));
    file.text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn a_wrong_arrow_is_seen_under_any_name() {
    let manifest: Table = "\
        [dependencies]\nsame = { package = \"interregnum-sim\", path = \"x\" }\nserde = \"1\"\n\
        [target.'cfg(unix)'.build-dependencies]\nother.workspace = true\n\
        [dev-dependencies]\ninterregnum-oracles = \"1\""
        .parse()
        .unwrap();
    let shared: Table = "other = { package = \"interregnum\" }".parse().unwrap();
    let found = dependencies(&manifest, &Value::Table(shared));
    let judged: Vec<_> =
        found.iter().map(|d| (&*d.name, may_depend("interregnum-core", d))).collect();
    assert_eq!(
        judged,
        [
            ("interregnum-sim", false),
            ("serde", false),
            ("interregnum-oracles", true),
            ("interregnum", false),
        ]
    );
}
