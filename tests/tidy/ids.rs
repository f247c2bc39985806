//! Ids are unique over all systems, and every planted bug names the properties that catch it.

use interregnum_sim::outcome::Property;
use interregnum_sim::subject::Mutant;
use std::collections::BTreeMap;

/// What a system is registered with.
struct Row {
    system: &'static str,
    properties: Vec<Property>,
    mutants: Vec<Mutant>,
}

/// What is wrong with the ids of a registry.
fn faults_of(rows: &[Row]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut properties: BTreeMap<_, &Property> = BTreeMap::new();
    let mut mutants = BTreeMap::new();
    for Row { system, properties: mine, mutants: planted } in rows {
        // The same mistake can be made in several systems, but is planted once in each.
        let mut bugs = BTreeMap::new();
        for (index, property) in mine.iter().enumerate() {
            // A system that stands on another one has its properties, too: the same ones.
            let known = properties.insert(property.id, property);
            let again = mine[..index].iter().any(|earlier| earlier.id == property.id);
            if again || known.is_some_and(|known| known != property) {
                faults.push(format!("{system}: two properties {}", property.id));
            }
        }
        for mutant in planted {
            if !mutant.id.strip_prefix(system).is_some_and(|name| name.starts_with('/')) {
                faults
                    .push(format!("{system}: mutant {} is named after another system", mutant.id));
            }
            if mutants.insert(mutant.id, system).is_some() {
                faults.push(format!("{system}: two mutants {}", mutant.id));
            }
            if let Some(other) = bugs.insert(mutant.bug, mutant.id) {
                faults
                    .push(format!("{system}: {} and {other} both plant {}", mutant.id, mutant.bug));
            }
            let also = mutant.also.iter().map(|(property, _)| *property);
            for named in also.chain([mutant.expected]) {
                if mine.iter().all(|property| property.id != named) {
                    faults.push(format!("{system}: {} names {named}, no property", mutant.id));
                }
            }
        }
    }
    faults
}

#[test]
fn a_doubtful_id_is_seen() {
    const A: Property = Property::invariant("A1", "agreement", "No two values.");
    const B: Property = Property::invariant("A1", "another", "Something else.");
    const MUTANT: Mutant =
        Mutant { id: "one/m", bug: "P1", defect: "", expected: "A1", also: &[("A1", "why")] };
    let row = |system, properties: &[Property], mutants: &[Mutant]| Row {
        system,
        properties: properties.to_vec(),
        mutants: mutants.to_vec(),
    };
    let count = |rows: &[Row]| faults_of(rows).len();
    assert_eq!(count(&[row("one", &[A], &[MUTANT]), row("two", &[A], &[])]), 0);
    assert_eq!(count(&[row("one", &[A], &[]), row("two", &[B], &[])]), 1, "two meanings");
    assert_eq!(count(&[row("one", &[A, A], &[])]), 1, "listed twice");
    assert_eq!(count(&[row("two", &[A], &[MUTANT])]), 1, "another system's name");
    assert_eq!(count(&[row("one", &[], &[MUTANT])]), 2, "no such property");
    assert_eq!(count(&[row("one", &[A], &[MUTANT, Mutant { id: "one/n", ..MUTANT }])]), 1, "bug");
    assert_eq!(count(&[row("one", &[A], &[MUTANT, Mutant { bug: "P2", ..MUTANT }])]), 1, "mutant");
    let other = Mutant { id: "two/m", ..MUTANT };
    assert_eq!(
        count(&[row("one", &[A], &[MUTANT]), row("two", &[A], &[other])]),
        0,
        "both have it"
    );
}

#[test]
fn ids_are_unique_over_all_systems() {
    let registry = interregnum_sim::systems::registry();
    let rows: Vec<_> = registry
        .iter()
        .map(|subject| Row {
            system: subject.id(),
            properties: subject.properties(),
            mutants: subject.mutants().to_vec(),
        })
        .collect();
    assert!(!rows.is_empty());
    crate::demand_none(
        "Ids are unique, and every planted bug names its properties:",
        &faults_of(&rows),
    );
}
