//! Tables: a rule under the header, nothing else.

use super::Look;
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
    presets::NOTHING,
};

const STYLE: TableStyle = NOTHING.header_separator(LineStyle::new('─', '─', '─', '─'));

/// A table with these columns; those whose name begins with `>` are aligned to the right.
#[must_use]
pub fn table(look: Look, header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).force_no_tty().set_width(look.width);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let names = header.iter().map(|name| {
        let name = name.trim_start_matches('>');
        Cell::new(look.bold(name))
    });
    table.set_header(names.collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(Cell::new).collect::<Vec<_>>());
    }
    for (index, name) in header.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            if index == 0 {
                // What a row is about is never cut in two.
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            column.set_padding((u16::from(index == 0), 2));
            if name.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        // The rule begins where the text does.
        match line.strip_prefix("──") {
            Some(rule) => text.push_str(&format!("  {}", rule.strip_suffix("──").unwrap_or(rule))),
            None => text.push_str(line.trim_end()),
        }
        text.push('\n');
    }
    text
}
