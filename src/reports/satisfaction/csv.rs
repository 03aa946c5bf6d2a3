//! The report as a table: one line for each number, with what it was counted over.
use super::{Report, Scores};
use crate::{
    reports::table::{Table, cells},
    surveys::statistics::Estimate,
};

/// The numbers of every dealership of the report.
pub fn csv(report: &Report) -> String {
    let mut table =
        Table::of(["definition", "month", "dealership", "part", "of", "number", "value", "low", "high", "n"]);
    for shop in &report.dealerships {
        let head = [report.definition.to_owned(), report.month.to_string(), shop.code.clone()];
        let mut rows = Rows { table: &mut table, head };
        rows.number("all", "", "visits", None, shop.visits);
        rows.estimate("all", "", "first_time_right", shop.first_time_right);
        rows.number("all", "", "came_back", None, shop.came_back);
        rows.estimate("all", "", "response_rate", shop.response.rate);
        rows.estimate("all", "", "contact_rate", shop.contact.rate);
        rows.scores("all", "", &shop.scores);
        for (mode, scores) in &shop.by_mode {
            rows.scores("mode", mode, scores);
        }
        for advisor in &shop.advisors {
            rows.scores("advisor", &advisor.reference, &advisor.scores);
            rows.estimate("advisor", &advisor.reference, "first_time_right", advisor.first_time_right);
        }
        for group in &shop.service_types {
            rows.scores("service_type", &group.name, &group.scores);
            rows.estimate("service_type", &group.name, "first_time_right", group.first_time_right);
        }
        for counted in &shop.causes {
            rows.number("cause", counted.cause.word(), "named", Some(counted.n), shop.with_cause);
        }
        rows.number("cases", "hot", "raised", None, shop.cases.hot);
        rows.number("cases", "soft", "raised", None, shop.cases.soft);
        rows.number("cases", "", "escalated", None, shop.cases.escalated);
        rows.estimate("cases", "hot", "closed_in_time", shop.cases.closed_in_time);
        for band in &shop.retention {
            rows.estimate("retention", band.band, "came_again", band.share);
        }
    }
    table.text()
}

struct Rows<'a> {
    table: &'a mut Table,
    head: [String; 3],
}

impl Rows<'_> {
    fn row(&mut self, part: &str, of: &str, number: &str, [value, low, high, n]: [String; 4]) {
        let head = self.head.clone();
        let cells = head.iter().map(String::as_str).chain([part, of, number, &value, &low, &high, &n]);
        self.table.line(cells);
    }
    fn number(&mut self, part: &str, of: &str, number: &str, value: Option<u64>, n: u64) {
        let value = value.unwrap_or(n).to_string();
        self.row(part, of, number, [value, String::new(), String::new(), n.to_string()]);
    }
    fn estimate(&mut self, part: &str, of: &str, number: &str, estimate: Option<Estimate>) {
        self.row(part, of, number, cells(estimate));
    }
    fn scores(&mut self, part: &str, of: &str, scores: &Scores) {
        self.estimate(part, of, "csat", scores.csat);
        self.estimate(part, of, "nps", scores.nps);
        self.estimate(part, of, "said_fixed", scores.said_fixed);
        for (name, mean) in [("mean", scores.mean), ("ces", scores.ces), ("index", scores.index)] {
            let value = mean.map(|mean| mean.value.to_string()).unwrap_or_default();
            let n = mean.map_or(0, |mean| mean.n).to_string();
            self.row(part, of, name, [value, String::new(), String::new(), n]);
        }
    }
}
