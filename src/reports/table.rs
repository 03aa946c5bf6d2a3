//! Reports as tables for a spreadsheet: one line for each number, with what it was counted over.
use crate::surveys::statistics::Estimate;

/// Lines of comma-separated cells. UTF-8 with a mark at its beginning, because spreadsheets ask for one; lines end as RFC
/// 4180 says.
#[derive(Clone, Debug)]
pub struct Table(String);

impl Table {
    /// A table with a line of names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self(String::from("\u{feff}"));
        table.line(names);
        table
    }
    pub fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            // What begins like a formula is shown, not calculated.
            let text = if cell.starts_with(['=', '+', '@', '\t']) { format!("'{cell}") } else { cell.to_owned() };
            if text.contains([',', '"', '\n', '\r']) {
                self.0.push('"');
                self.0.push_str(&text.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(&text);
            }
        }
        self.0.push_str("\r\n");
    }
    pub fn text(self) -> String {
        self.0
    }
}

/// Value, low, high and n as cells; empty where nothing was counted.
pub fn cells(estimate: Option<Estimate>) -> [String; 4] {
    let Some(Estimate { value, low, high, n }) = estimate else {
        return [String::new(), String::new(), String::new(), "0".to_owned()];
    };
    let [value, low, high] = [value, low, high].map(|number| format!("{number:.1}"));
    [value, low, high, n.to_string()]
}
