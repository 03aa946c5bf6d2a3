//! What the story needs to have happened: an order of parts, a visit whose customer waits to be called, cars in the workshop,
//! letters of this afternoon in three languages, and questions that were answered.
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::scene::{CHEN_JING, HUANG_LI, LI_QIANG, Scene, WANG_FANG, fact};
use crate::clock::Timestamp;

/// The order of 王芳's caliper and pads.
pub(super) const ORDER: &str = "PO-1001";
/// The names of what happened in the month before.
pub(super) const MONTH: &str = "E";
/// Of the questions of the month before, those that wait over the weekend.
const STILL_OPEN: i64 = 3;
const QUESTIONS: i64 = 12;

/// The events, in the order of their times.
pub(super) fn events(begins: Timestamp) -> Vec<Value> {
    let hours = |hours: i64| begins.minus(SignedDuration::from_hours(hours));
    let minutes = |minutes: i64| begins.minus(SignedDuration::from_mins(minutes));
    let mut events = vec![ordered(hours(24 * 10)), opened("RO-LIQIANG", &LI_QIANG, "adv-02", hours(55), "4万公里保养")];
    let delivered = json!({"ref": "RO-LIQIANG", "at": hours(49).to_string()});
    events.push(fact("liqiang-delivered", "repair_order.delivered", hours(49), &delivered));
    for (reference, person) in [("RO-CHENJING", &CHEN_JING), ("RO-HUANGLI", &HUANG_LI)] {
        events.push(opened(reference, person, "adv-03", hours(7), "更换制动片"));
    }
    for n in 0..QUESTIONS - STILL_OPEN {
        // As the month before has them: 95 minutes apart, the oldest 23.5 hours ago.
        let received = minutes(23 * 60 + 30 - 95 * n);
        events.push(answered(&format!("IQ-{MONTH}Q-{n}"), received.plus(SignedDuration::from_mins(50))));
    }
    for (n, (name, salutation, language)) in
        [("Emily Wang", "Ms", "en"), ("佐藤 健", "様", "ja"), ("刘洋", "先生", "zh-CN")].into_iter().enumerate()
    {
        events.push(booked(n, name, salutation, language, minutes(4)));
    }
    events.sort_by_key(|event| event["time"].as_str().unwrap_or_default().to_owned());
    events
}

fn ordered(at: Timestamp) -> Value {
    let line = |reference: &str, part_no: &str, name: &str, value: i64| json!({"line_ref": reference, "part_no": part_no, "name": name, "qty": 1, "unit_value": value});
    let order = json!({"order_ref": ORDER, "customer": WANG_FANG.customer(), "vehicle": WANG_FANG.vehicle(), "advisor_ref": "adv-01",
        "eta": "2026-03-07", "lines": [line("1", "47750-53010", "制动卡钳", 1680), line("2", "04465-53280", "制动片", 620)]});
    fact("wangfang-ordered", "parts.ordered", at, &order)
}

fn opened(reference: &str, person: &super::scene::Person, advisor: &str, at: Timestamp, job: &str) -> Value {
    let data = json!({"ref": reference, "opened_at": at.to_string(), "advisor_ref": advisor, "signed": true, "condition_recorded": true,
        "jobs": [{"code": "J", "name": job, "hours": 2.0}], "customer": person.customer(), "vehicle": person.vehicle()});
    fact(&format!("{reference}-opened"), "repair_order.opened", at, &data)
}

/// The advisor rang back; what was agreed is in the other system.
pub(super) fn answered(reference: &str, at: Timestamp) -> Value {
    let data = json!({"inquiry_ref": reference, "replied_at": at.to_string(), "by": "adv-02", "channel": "phone", "kind": "substantive"});
    fact(&format!("{reference}-replied"), "inquiry.replied", at, &data)
}

fn booked(n: usize, name: &str, salutation: &str, language: &str, at: Timestamp) -> Value {
    let start = Scene::begins().plus(SignedDuration::from_hours(24 * 4 - 2 + i64::try_from(n).unwrap_or(0)));
    let data = json!({"ref": format!("AP-E-{n}"), "start_at": start.to_string(), "booked_at": at.to_string(), "channel": "phone",
        "advisor_ref": "adv-04", "services": [{"code": "J", "name": "4万公里保养", "hours": 1.0}],
        "customer": {"ref": format!("C-E-{n}"), "name": name, "salutation": salutation, "language": language,
            "phones": [{"number": format!("1390000200{n}"), "label": "mobile"}], "email": format!("guest{n}@example.com")},
        "vehicle": {"vin": format!("JTH0000000000200{n}"), "plate": format!("粤A2000{n}"), "model_code": "UX260h", "model_year": 2023}});
    fact(&format!("booked-{n}"), "appointment.booked", at, &data)
}
