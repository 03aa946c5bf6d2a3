//! Rows about people and their vehicles.
use serde_json::{Value, json};

use super::{Fact, Row, Understood, WHEN, is_empty, object};
use crate::{imports::shapes, staff::shifts::written};

/// `customers.csv`.
pub(super) fn customer(row: &Row<'_>) -> Option<Understood> {
    let reference = row.required("customer_no");
    let kind = row.text("kind").map(|word| match word.to_lowercase().as_str() {
        "company" | "公司" | "单位" | "企业" | "法人" | "c" | "business" | "fleet" => "company",
        _ => "person",
    });
    let mut consents = Vec::new();
    match (row.flag("consent_marketing"), row.at("consent_at")) {
        (Some(true), Some(at)) => consents.push(consent(row, "marketing", "grant", &row.stamp(at), None)),
        // A ledger without times proves nothing; a no needs no proof.
        (Some(true), None) => row.warn("consent_at", "is empty: the consent is not taken without the day it was given"),
        (Some(false), at) => consents.push(consent(row, "marketing", "revoke", &row.or_when(at)?, None)),
        (None, _) => {}
    }
    if row.flag("dnc") == Some(true) {
        for purpose in ["marketing", "followup", "survey"] {
            consents.push(consent(row, purpose, "revoke", &json!(WHEN), Some("call")));
        }
    }
    let data = object([
        ("ref", reference.clone().map(Value::from)),
        ("kind", kind.map(Value::from)),
        ("name", row.text("name").map(Value::from)),
        ("salutation", row.text("salutation").map(Value::from)),
        ("phones", row.phones(&[("mobile", "mobile"), ("phone2", "other")]).map(Value::from)),
        ("email", row.text("email").map(Value::from)),
        ("wechat_openid", row.text("wechat_openid").map(Value::from)),
        ("language", row.text("language").map(|word| language(&word).into())),
        ("time_zone", row.text("timezone").map(Value::from)),
        ("vip", row.flag("vip").map(Value::from)),
        // Where no word is known, nothing is known of what they need: that is no word that they need nothing.
        ("needs", row.text("needs").map(|_| needs(row)).filter(|needs| !needs.is_empty()).map(Value::from)),
        ("city", row.text("city").map(Value::from)),
        ("consents", (!consents.is_empty()).then(|| consents.into())),
    ]);
    Some(Understood {
        reference: reference?,
        facts: vec![Fact { kind: "customer.upserted", data }],
        ..Understood::default()
    })
}

/// What somebody needs help with, out of the words that people choose from; a word that is none of them is passed over.
fn needs(row: &Row<'_>) -> Vec<&'static str> {
    let known = |word: &String| match word.to_lowercase().as_str() {
        "mobility" | "wheelchair" | "行动不便" | "轮椅" | "移動" | "車椅子" | "歩行" => Some("mobility"),
        "language" | "interpreter" | "语言" | "翻译" | "言語" | "通訳" => Some("language"),
        "transport" | "shuttle" | "lift" | "接送" | "代步" | "送迎" => Some("transport"),
        _ => {
            row.warn("needs", "is a word that is not known: passed over");
            None
        }
    };
    row.list("needs").iter().filter_map(known).collect()
}

fn consent(row: &Row<'_>, purpose: &str, action: &str, at: &Value, channel: Option<&str>) -> Value {
    object([
        ("purpose", Some(purpose.into())),
        ("action", Some(action.into())),
        ("at", Some(at.clone())),
        ("channel", channel.map(Value::from)),
        ("source", Some("import".into())),
        ("evidence", row.text("consent_source").map(Value::from)),
    ])
}

/// A tag of BCP 47 out of the words that people choose from.
fn language(word: &str) -> String {
    match word.to_lowercase().as_str() {
        "中文" | "汉语" | "普通话" | "简体中文" | "chinese" | "zh" | "cn" | "中国語" => {
            "zh-CN".to_owned()
        }
        "英文" | "英语" | "english" | "英語" => "en".to_owned(),
        "日文" | "日语" | "japanese" | "日本語" | "jp" => "ja".to_owned(),
        _ => word.to_owned(),
    }
}

/// `vehicles.csv`.
pub(super) fn vehicle(row: &Row<'_>) -> Option<Understood> {
    let mut vehicle = row.vehicle();
    let reference = row.text("vin").or_else(|| row.text("plate"));
    if reference.is_none() {
        row.wrong("vin", "is empty, and so is the plate");
    }
    if let Value::Object(vehicle) = &mut vehicle {
        let more = [
            ("odometer", row.count("odometer").map(Value::from)),
            ("next_service_km", row.count("next_service_km").map(Value::from)),
            ("next_service_at", row.at("next_service_date").map(|at| row.stamp(at))),
            ("model_name", row.text("model_name").map(Value::from)),
            ("sale_date", row.at("sale_date").map(|at| row.stamp(at))),
            ("warranty_end", row.at("warranty_end").map(|at| row.stamp(at))),
        ];
        vehicle.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    let owner = row.key("customer_no").map(|reference| json!({"ref": reference}));
    // Where no cell says who drives or pays, nothing is known of it: that is no word that nobody does.
    let users: Vec<Value> = ["driver", "payer"].iter().filter_map(|role| user(row, role)).collect();
    let data = object([
        ("vehicle", Some(vehicle)),
        ("customer", owner.filter(|owner| !is_empty(owner))),
        ("users", (!users.is_empty()).then(|| users.into())),
    ]);
    Some(Understood {
        reference: reference?,
        facts: vec![Fact { kind: "vehicle.upserted", data }],
        ..Understood::default()
    })
}

/// Who drives the car or pays for it: known by the sender's number, else by the telephone or the e-mail.
fn user(row: &Row<'_>, role: &str) -> Option<Value> {
    let column = |what: &str| format!("{role}_{what}");
    let phones = row.phones(&[(&column("mobile"), "mobile")]).filter(|phones| !phones.is_empty());
    let (reference, email) = (row.key(&column("no")), row.text(&column("email")));
    let name = row.text(&column("name"));
    if reference.is_none() && phones.is_none() && email.is_none() {
        if name.is_some() {
            row.warn(&column("name"), "stands there without a number, a telephone or an e-mail: passed over");
        }
        return None;
    }
    Some(object([
        ("role", Some(role.into())),
        ("ref", reference.map(Value::from)),
        ("name", name.map(Value::from)),
        ("phones", phones.map(Value::from)),
        ("email", email.map(Value::from)),
    ]))
}

/// `staff.csv`: what `PUT /v1/staff/{ref}` takes.
pub(super) fn staff(row: &Row<'_>) -> Option<Understood> {
    let reference = row.required("staff_no");
    let name = row.required("name");
    let mut roles = Vec::new();
    for word in row.list("role") {
        match row.mapping.word("roles", &word) {
            // Technicians have no screen of their own here.
            Some("technician") => {}
            Some(role) => roles.push(role.to_owned()),
            None => row.warn("role", "is a word that is not known: passed over"),
        }
    }
    let mobile = match row.text("mobile").map(|text| shapes::phones(&text)) {
        Some(Ok(numbers)) => numbers.into_iter().next(),
        Some(Err(why)) => {
            row.wrong("mobile", why);
            None
        }
        None => None,
    };
    let languages: Vec<String> = row.list("languages").iter().map(|word| language(word)).collect();
    let body = object([
        ("name", name.map(Value::from)),
        ("roles", Some(roles.into())),
        ("languages", Some(languages.into())),
        ("skills", Some(row.list("skills").into())),
        ("email", row.text("email").map(Value::from)),
        ("mobile", mobile.map(Value::from)),
        ("wecom_userid", row.key("wecom_userid").map(Value::from)),
        ("extension", row.key("extension").map(Value::from)),
        ("active", Some(row.flag("active").unwrap_or(true).into())),
        ("shifts", shifts(row)),
        ("substitute", row.key("substitute").map(Value::from)),
    ]);
    Some(Understood { reference: reference?, staff: Some(body), ..Understood::default() })
}

/// Hours and days away; where a cell is empty, that part is not told.
fn shifts(row: &Row<'_>) -> Option<Value> {
    let told = object([
        ("week", row.text("shifts").map(|text| written::week(&text))),
        ("away", row.text("away").map(|text| written::away(&text))),
    ]);
    Some(told).filter(|told| !is_empty(told))
}
