//! The table at the end: the median of the rounds, its gate, and the names of the gates that were missed.
use std::{collections::BTreeMap, process::ExitCode};

/// What is measured, and what it must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gate {
    /// A share of the reference, in percent: at least this.
    Share(f64),
    /// At most this, in the unit named.
    Most(f64, &'static str),
}

/// Every figure of every round.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Row>);

struct Row {
    gate: Gate,
    values: Vec<f64>,
    notes: Vec<String>,
}

impl Table {
    /// Ours beside the reference of the same round, both a second.
    pub(crate) fn share(&mut self, name: String, gate: f64, ours: f64, reference: f64) {
        let note = format!("{ours:.0}/s of {reference:.0}/s");
        self.add(name, Gate::Share(gate), 100.0 * ours / reference, note);
    }
    pub(crate) fn most(&mut self, name: String, gate: f64, unit: &'static str, value: f64) {
        self.add(name, Gate::Most(gate, unit), value, format!("{value:.1}"));
    }
    fn add(&mut self, name: String, gate: Gate, value: f64, note: String) {
        println!("  {name}: {value:.1} ({note})");
        let row = self.0.entry(name).or_insert(Row { gate, values: Vec::new(), notes: Vec::new() });
        row.values.push(value);
        row.notes.push(note);
    }

    /// Prints it; failure when a gate was missed.
    pub(crate) fn end(self) -> ExitCode {
        println!("\n{:34} {:>12} {:>14}   rounds", "median", "ours", "gate");
        let mut missed = Vec::new();
        for (name, row) in &self.0 {
            let median = median(&row.values);
            let (ours, gate, reached) = match row.gate {
                Gate::Share(gate) => (format!("{median:.1} %"), format!("≥ {gate} %"), median >= gate),
                Gate::Most(gate, unit) => (format!("{median:.1} {unit}"), format!("≤ {gate} {unit}"), median <= gate),
            };
            println!(
                "{name:34} {ours:>12} {gate:>14}   {}{}",
                row.notes.join(", "),
                if reached { "" } else { "   MISSED" }
            );
            if !reached {
                missed.push(name.as_str());
            }
        }
        if missed.is_empty() {
            println!("every gate is reached");
            return ExitCode::SUCCESS;
        }
        println!("missed: {}", missed.join(", "));
        ExitCode::FAILURE
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
