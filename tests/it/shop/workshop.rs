//! What the dealer system tells of the workshop, and what people there see of it.
use aftercare::clock::Timestamp;
use serde_json::{Value, json};

use super::{Shop, anna};

/// The dealership's own mailbox: whoever works there and has no address of their own is reached by it.
pub(crate) const HOUSE: &str = "service@gz-tianhe.example";

/// An event about a dealership in Guangzhou; the shop fills in its id, and its time where it has none.
pub(crate) fn fact(kind: &str, data: Value) -> Value {
    let mut event = json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": kind, "dealership": "gz-tianhe"});
    event["data"] = data;
    event
}

/// Anna's repair order R-1.
pub(crate) fn opened(more: &Value) -> Value {
    let mut data = json!({"ref": "R-1", "opened_at": "2026-03-02T10:00:00+08:00", "customer": anna().data, "advisor_ref": "adv-01",
        "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345", "model_code": "ES300h", "model_year": 2024}});
    for (key, value) in more.as_object().into_iter().flatten() {
        data[key] = value.clone();
    }
    fact("repair_order.opened", data)
}

/// Anna's parts, P-1: a pump and a seal.
pub(crate) fn ordered(more: &Value) -> Value {
    let mut data = json!({"order_ref": "P-1", "customer": anna().data, "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345"},
        "advisor_ref": "adv-01", "eta": "2026-03-10T10:00:00+08:00", "lines": [
            {"line_ref": "1", "part_no": "16100", "name": "Water pump", "qty": 1, "unit_value": 800},
            {"line_ref": "2", "part_no": "90301", "name": "Gasket", "qty": 2, "unit_value": 10}]});
    for (key, value) in more.as_object().into_iter().flatten() {
        data[key] = value.clone();
        if value.is_null() {
            data.as_object_mut().expect("an object").remove(key);
        }
    }
    fact("parts.ordered", data)
}

impl Shop {
    /// Something happened to R-1 just now.
    pub(crate) async fn repair(&self, what: &str, more: &Value) {
        let mut data = json!({"ref": "R-1", "at": self.now()});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        self.hears(fact(&format!("repair_order.{what}"), data)).await;
    }
    /// Something happened to a line of P-1 just now.
    pub(crate) async fn part(&self, line: &str, what: &str, more: &Value) {
        self.part_at(line, what, more, self.now()).await;
    }
    /// The same at another time.
    pub(crate) async fn part_at(&self, line: &str, what: &str, more: &Value, at: Timestamp) {
        let mut data = json!({"order_ref": "P-1", "line_ref": line, "at": at});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        let mut event = fact(&format!("parts.{what}"), data);
        event["time"] = json!(at);
        self.hears(event).await;
    }
    /// The calls that are planned, as `type state reason`, in the order in which they were planned.
    pub(crate) async fn calls(&self) -> Vec<String> {
        const TASKS: &str = "SELECT type || ' ' || state || ' ' || reason FROM call_tasks ORDER BY created_at, id";
        let mut tx = self.app.db.read().await.expect("a connection");
        let rows: Vec<(String,)> = tx.sql(TASKS).all().await.expect("rows");
        rows.into_iter().map(|(row,)| row).collect()
    }
}
