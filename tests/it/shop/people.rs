//! Customers by example, and what they do, as other systems tell it.
use aftercare::clock::Timestamp;
use serde_json::{Value, json};

/// Somebody with one appointment at one dealership.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) dealership: &'static str,
    /// Their appointment's.
    pub(crate) reference: &'static str,
    pub(crate) data: Value,
    vehicle: Value,
    service: &'static str,
    zone: &'static str,
}

/// Lives in Guangzhou and reads English.
pub(crate) fn anna() -> Customer {
    Customer {
        dealership: "gz-tianhe",
        reference: "A-1",
        data: json!({"ref": "C-1", "name": "Anna Weber", "salutation": "Ms", "language": "en", "email": "anna@example.com",
            "phones": [{"number": "139 0000 1234", "label": "mobile"}]}),
        vehicle: json!({"vin": "JTHBJ46G9A2345678", "plate": "粤A12345", "model_code": "ES300h", "model_year": 2024}),
        service: "40,000 km service",
        zone: "+08:00",
    }
}
pub(crate) fn fang() -> Customer {
    Customer {
        reference: "A-2",
        data: json!({"ref": "C-2", "name": "王芳", "salutation": "女士", "language": "zh-CN", "email": "wang@example.com",
            "phones": [{"number": "020-8888 1234", "label": "home"}, {"number": "138 0000 5678", "label": "mobile"}]}),
        vehicle: json!({"vin": "JTHBJ46G9A2345679", "plate": "粤A54321", "model_code": "RX350h", "model_year": 2023}),
        service: "4万公里保养",
        ..anna()
    }
}
pub(crate) fn kenji() -> Customer {
    Customer {
        dealership: "tk-minato",
        reference: "A-3",
        data: json!({"ref": "C-3", "name": "佐藤 健二", "language": "ja", "email": "sato@example.com",
            "phones": [{"number": "090-1234-5678", "label": "mobile"}]}),
        vehicle: json!({"vin": "JTHBJ46G9A2345680", "plate": "品川 300 あ 12-34", "model_code": "NX350h", "model_year": 2022}),
        service: "12か月点検",
        zone: "+09:00",
    }
}

impl Customer {
    /// The same person with something else about them; null takes it away.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data[key] = value.into();
        self
    }
    /// The same person for another appointment.
    pub(crate) fn at(mut self, reference: &'static str) -> Self {
        self.reference = reference;
        self
    }
    pub(crate) fn books(&self, start: &str, booked_at: Timestamp) -> Value {
        let mut event = self.moves_to(start);
        event["type"] = json!("appointment.booked");
        event["data"]["booked_at"] = json!(booked_at);
        event
    }
    pub(crate) fn moves_to(&self, start: &str) -> Value {
        let data = json!({"ref": self.reference, "start_at": format!("{start}:00{}", self.zone), "advisor_ref": "adv-01",
            "services": [{"code": "S", "name": self.service, "hours": 1.5}], "customer": self.data, "vehicle": self.vehicle});
        event(self.dealership, "appointment.rescheduled", data)
    }
    /// `cancelled`, `arrived`, …
    pub(crate) fn happens(&self, what: &str, at: Timestamp) -> Value {
        event(self.dealership, &format!("appointment.{what}"), json!({"ref": self.reference, "at": at}))
    }
}

/// An event whose id and time the shop fills in.
fn event(dealership: &str, kind: &str, data: Value) -> Value {
    let mut event =
        json!({"specversion": "1.0", "source": format!("/dms/{dealership}"), "type": kind, "dealership": dealership});
    event["data"] = data;
    event
}

/// `event` with something else at `key` of its data.
pub(crate) fn with(mut event: Value, key: &str, value: impl Into<Value>) -> Value {
    event["data"][key] = value.into();
    event
}

/// A time on Guangzhou's wall clock.
pub(crate) fn local(time: &str) -> Timestamp {
    let seconds = if time.len() == 16 { ":00" } else { "" };
    format!("{time}{seconds}+08:00").parse().expect("a time")
}
