//! What the command says of itself to shells and to `man`, made from its grammar.

use crate::Program;
use crate::exit::Exit;
use crate::grammar;
use crate::io::Io;
use crate::store::{make, store};
use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use interregnum_reports::documents::File;
use std::path::Path;

/// Prints what completes the command in `shell`.
pub(crate) fn completions(program: &Program, shell: Shell, io: &mut Io) -> Exit {
    let mut text = Vec::new();
    generate(shell, &mut grammar(program), &program.name, &mut text);
    io.print(&String::from_utf8_lossy(&text));
    io.exit()
}

/// Prints the main page, or writes all pages into a folder.
pub(crate) fn man(program: &Program, out: Option<&Path>, io: &mut Io) -> Exit {
    let mut command = grammar(program).disable_help_subcommand(true);
    command.build();
    let Some(folder) = out else {
        io.print(&page(&command, &program.name, program));
        return io.exit();
    };
    let mut pages = Vec::new();
    gather(&command, &program.name, program, &mut pages);
    let written = make(folder).and_then(|()| store(folder, &pages));
    match written {
        Ok(()) => {
            let (count, folder) = (pages.len(), io.err_look().text(&folder.display().to_string()));
            io.note(&format!(
                "wrote {count} pages into {folder}; now try: man -l {folder}/{}.1\n",
                program.name
            ));
            io.exit()
        }
        Err(error) => {
            io.error(&error);
            Exit::Usage
        }
    }
}

/// The pages of a command and of everything below it.
fn gather(command: &Command, name: &str, program: &Program, pages: &mut Vec<File>) {
    let (path, text) = (format!("{name}.1"), page(command, name, program));
    pages.push(File { path, text });
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        gather(below, &format!("{name}-{}", below.get_name()), program, pages);
    }
}

fn page(command: &Command, name: &str, program: &Program) -> String {
    let source = format!("{} {}", program.name, program.version);
    let command = command.clone().display_name(name.to_owned()).version(program.version.clone());
    let man = Man::new(command).title(name.to_uppercase()).source(source).manual("Interregnum");
    let mut text = Vec::new();
    // A writer into memory does not fail.
    let _ = man.render(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
