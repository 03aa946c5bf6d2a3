//! The scene of the story: one dealership, its people by name, and what was done there a moment ago.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{hands::Hands, stage::Reader};
use crate::{
    app::App,
    clock::Timestamp,
    console::Words,
    db::{self, Tx},
    dealerships::Dealership,
    notices::Locale,
};

/// Where it plays.
pub const DEALERSHIP: &str = "gz-tianhe";
/// Saturday, 16:40 in Guangzhou.
pub const BEGINS: &str = "2026-03-07T16:40:00+08:00";

/// Somebody of the story: nobody has these numbers.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub reference: &'static str,
    pub salutation: &'static str,
    pub phone: &'static str,
    pub email: Option<&'static str>,
    /// By which they follow the dealership's official account.
    pub openid: Option<&'static str>,
    pub vin: &'static str,
    pub plate: &'static str,
    pub model: &'static str,
    pub reader: Reader,
}

pub const WANG_FANG: Person = Person {
    reference: "C-WANGFANG",
    salutation: "女士",
    phone: "+8613900001001",
    email: Some("wangfang@example.com"),
    openid: None,
    vin: "JTH00000000001001",
    plate: "粤A88F66",
    model: "ES300h",
    reader: Reader { name: "王芳", addresses: &["+8613900001001", "wangfang@example.com"] },
};
pub const LI_QIANG: Person = Person {
    reference: "C-LIQIANG",
    salutation: "先生",
    phone: "+8613900001002",
    email: Some("liqiang@example.com"),
    openid: None,
    vin: "JTH00000000001002",
    plate: "粤A66Q10",
    model: "RX450h",
    reader: Reader { name: "李强", addresses: &["+8613900001002", "liqiang@example.com"] },
};
pub const CHEN_JING: Person = Person {
    reference: "C-CHENJING",
    salutation: "女士",
    phone: "+8613900001003",
    email: None,
    openid: Some("o-chenjing"),
    vin: "JTH00000000001003",
    plate: "粤A30J03",
    model: "NX350",
    reader: Reader { name: "陈静", addresses: &["+8613900001003", "o-chenjing"] },
};
pub const HUANG_LI: Person = Person {
    reference: "C-HUANGLI",
    salutation: "女士",
    phone: "+8613900001004",
    email: None,
    openid: Some("o-huangli"),
    vin: "JTH00000000001004",
    plate: "粤A41L04",
    model: "UX260h",
    reader: Reader { name: "黄丽", addresses: &["+8613900001004", "o-huangli"] },
};
pub const ZHOU_TAO: Person = Person {
    reference: "C-ZHOUTAO",
    salutation: "先生",
    phone: "+8613900001005",
    email: None,
    openid: None,
    vin: "JTH00000000001005",
    plate: "粤A52T05",
    model: "LS500",
    reader: Reader { name: "周涛", addresses: &["+8613900001005"] },
};
/// Nobody's customer yet: she asks by the form of the web site.
pub const HE_LIN: Reader = Reader { name: "何琳", addresses: &["helin@example.com"] };

impl Person {
    pub fn customer(&self) -> Value {
        let mut person = json!({"ref": self.reference, "name": self.reader.name, "salutation": self.salutation, "language": "zh-CN",
            "phones": [{"number": self.phone, "label": "mobile"}]});
        for (key, value) in [("email", self.email), ("wechat_openid", self.openid)] {
            if let Some(value) = value {
                person[key] = json!(value);
            }
        }
        person
    }
    pub fn vehicle(&self) -> Value {
        json!({"vin": self.vin, "plate": self.plate, "model_code": self.model, "model_year": 2021})
    }
}

/// What everybody in the story has in common.
pub struct Scene {
    pub app: App,
    pub hands: Hands,
    pub shop: Arc<Dealership>,
    notes: Mutex<HashMap<&'static str, String>>,
}

impl Scene {
    /// # Errors
    /// The dealership is not there.
    pub async fn set(app: &App, hands: Hands) -> anyhow::Result<Self> {
        let shop = app.directory.by_code(DEALERSHIP).await?.context("the story's dealership is not there")?;
        Ok(Self { app: app.clone(), hands, shop, notes: Mutex::default() })
    }

    pub fn begins() -> Timestamp {
        BEGINS.parse().unwrap_or_else(|_| Timestamp::new(jiff::Timestamp::UNIX_EPOCH))
    }
    pub fn now(&self) -> Timestamp {
        self.app.ids.clock.now()
    }
    pub async fn read(&self) -> db::Result<Tx> {
        self.app.db.read().await
    }

    /// So many minutes after the story began.
    pub fn minutes(minutes: i64) -> Timestamp {
        Self::begins().plus(SignedDuration::from_mins(minutes))
    }
    /// `16:42` on the dealership's clock.
    pub fn clock(&self, at: Timestamp) -> String {
        at.in_zone(&self.shop.zone).strftime("%H:%M").to_string()
    }
    /// `Sunday 17:50`.
    pub fn weekday(&self, at: Timestamp) -> String {
        at.in_zone(&self.shop.zone).strftime("%A %H:%M").to_string()
    }
    /// `Tuesday 10 March 10:00`.
    pub fn day(&self, at: Timestamp) -> String {
        at.in_zone(&self.shop.zone).strftime("%A %-d %B %H:%M").to_string()
    }

    /// What a system of the dealership tells, now.
    pub fn fact(&self, id: &str, kind: &str, data: &Value) -> Value {
        fact(id, kind, self.now(), data)
    }

    /// For what is told later in the story.
    pub fn note(&self, key: &'static str, value: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value.into());
    }
    pub fn noted(&self, key: &str) -> String {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned().unwrap_or_default()
    }
}

pub fn fact(id: &str, kind: &str, at: Timestamp, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": format!("story-{id}"), "source": "/dms/gz-tianhe", "type": kind, "time": at.to_string(),
        "dealership": DEALERSHIP, "data": data})
}

/// A reason as the console says it.
pub fn reason(code: Option<&str>) -> String {
    Words(Locale::En).code("reason", code.unwrap_or("none"))
}
