//! A household and a fleet: who owns the car, who drives it and who pays for it are told what is theirs to hear, and nothing else.
mod ending;
mod imported;
mod persons;

use aftercare::console::policy::Role;
use serde_json::{Value, json};

use crate::shop::{Shop, workshop::fact};

const VIN: &str = "JTHBJ46G9A2345678";
const DAUGHTER: &str = "+8613900000002";

fn person(reference: &str, name: &str, number: &str) -> Value {
    json!({"ref": reference, "name": name, "language": "en", "email": format!("{}@example.com", reference.to_lowercase()),
        "phones": [{"number": number, "label": "mobile"}]})
}
fn father() -> Value {
    person("F-1", "Karl Weber", "139 0000 0001")
}
fn daughter() -> Value {
    person("F-2", "Lena Weber", "139 0000 0002")
}
fn mother() -> Value {
    person("F-3", "Maria Weber", "139 0000 0003")
}
fn as_role(mut person: Value, role: &str) -> Value {
    person["role"] = json!(role);
    person
}

/// The car of VIN with its owner and its users.
fn car(owner: &Value, users: &[Value]) -> Value {
    let vehicle = json!({"vin": VIN, "plate": "粤A12345", "model_code": "ES300h", "model_year": 2024});
    fact("vehicle.upserted", json!({"vehicle": vehicle, "customer": owner, "users": users}))
}
fn household() -> Value {
    car(&father(), &[as_role(daughter(), "driver"), as_role(mother(), "payer")])
}

impl Shop {
    /// A visit with the car, in somebody's name.
    async fn visits(&self, order: &str, customer: &Value) {
        let data = json!({"ref": order, "opened_at": self.now(), "customer": customer, "advisor_ref": "adv-01",
            "vehicle": {"vin": VIN, "plate": "粤A12345"}, "promised_at": self.now().plus(jiff::SignedDuration::from_hours(6))});
        self.hears(fact("repair_order.opened", data)).await;
    }
    async fn order(&self, what: &str, order: &str, more: Value) {
        let mut data = json!({"ref": order, "at": self.now()});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        self.hears(fact(&format!("repair_order.{what}"), data)).await;
    }
    async fn is_ready(&self, order: &str) {
        self.order("ready", order, json!({})).await;
        self.drain().await;
    }
    async fn is_handed_back(&self, order: &str) {
        self.is_ready(order).await;
        self.order("delivered", order, json!({})).await;
        self.drain().await;
    }
    /// To whom what was said about it: the kind, the customer, and their role where they were addressed in one.
    async fn said(&self, about: &str) -> Vec<String> {
        let mut said = Vec::new();
        for message in self.messages_about(about).await {
            let Some(customer) = message["customer"].as_str() else { continue };
            let known = self.get(&format!("/v1/customers/{customer}")).await;
            let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            said.push([&message["kind"], &known["ref"], &message["addressed_as"]].map(word).join(" "));
        }
        said
    }
    /// The people of the car, as `role ref`.
    async fn people(&self) -> Vec<String> {
        let car = self.get(&format!("/v1/vehicles/{VIN}")).await;
        let people = car["people"].as_array().expect("people");
        let said =
            |one: &Value| format!("{} {}", one["role"].as_str().expect("a role"), one["ref"].as_str().expect("a ref"));
        people.iter().map(said).collect()
    }
    /// Whom calls are planned to, as `type ref`.
    async fn called(&self) -> Vec<String> {
        const TASKS: &str = "SELECT t.type || ' ' || c.ref FROM call_tasks t JOIN customers c ON c.id = t.customer_id ORDER BY t.created_at, t.id";
        let mut tx = self.app.db.read().await.expect("a connection");
        let rows: Vec<(String,)> = tx.sql(TASKS).all().await.expect("rows");
        rows.into_iter().map(|(row,)| row).collect()
    }
}

#[tokio::test]
async fn the_father_owns_the_daughter_drives_the_mother_pays_and_each_hears_what_is_theirs() {
    let shop = Shop::open().await;
    shop.hears(household()).await;
    assert_eq!(shop.people().await, ["owner F-1", "driver F-2", "payer F-3"]);
    let known = shop.get("/v1/customers/F-2").await;
    assert_eq!((&known["vehicles"][0]["vin"], &known["vehicles"][0]["roles"]), (&json!(VIN), &json!(["driver"])));

    // The father's name stands on the order; the brakes are the mother's to decide, the new hour is the daughter's to know.
    shop.visits("R-1", &father()).await;
    let items = json!({"items": [{"code": "BP", "name": "Brake pads", "severity": "safety", "amount": 800}]});
    shop.order("work_found", "R-1", items).await;
    shop.drain().await;
    shop.order("promised_changed", "R-1", json!({"promised_at": "2026-03-02T18:00:00+08:00"})).await;
    shop.drain().await;
    assert_eq!(shop.said("R-1").await, ["repair.promised_changed F-2 driver", "repair.work_found F-3 payer"]);
    // Nobody has decided for half an hour: who pays is called.
    shop.advance("31m").await;
    assert_eq!(shop.called().await, ["work_approval F-3"]);

    shop.is_handed_back("R-1").await;
    let ready = shop.message("R-1", "sms").await;
    assert_eq!((&ready["kind"], &ready["addressed_as"]), (&json!("repair.ready"), &json!("driver")));
    let texts = shop.phone(DAUGHTER);
    let last = texts.last().expect("a text");
    assert!(last.contains("粤A12345") && last.contains("Weber"), "{texts:?}");
    for word in ["Karl", "Maria", "13900000001", "13900000003"] {
        assert!(texts.iter().all(|text| !text.contains(word)), "{word} is told to the daughter: {texts:?}");
    }
    assert!(shop.phone("+8613900000001").is_empty(), "nothing here is the owner's to hear");
    assert_eq!(shop.called().await.last().map(String::as_str), Some("follow_up F-2"), "she is asked how it was");

    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let id = known["id"].as_str().expect("an id");
    let page = chen.open(&format!("/console/customers/{id}")).await;
    assert!(
        page.says("Driver") && page.says("Karl Weber") && page.says("as the driver of 粤A12345"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn who_brings_the_car_does_not_become_its_owner_and_a_stranger_hears_of_their_own_visit() {
    let shop = Shop::open().await;
    shop.hears(household()).await;
    shop.visits("R-1", &daughter()).await;
    shop.is_ready("R-1").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-2 driver"]);
    let friend = person("X-9", "Otto Kranz", "139 0000 0009");
    shop.visits("R-2", &friend).await;
    shop.is_ready("R-2").await;
    assert_eq!(shop.said("R-2").await, ["repair.ready X-9 -"], "nobody else learns what a stranger has done to it");
    assert_eq!(shop.people().await, ["owner F-1", "driver F-2", "payer F-3"]);
    shop.hears(fact("campaign.vehicle_open", json!({"vin": VIN, "campaign_no": "SB-1", "name": "Airbag"}))).await;
    shop.drain().await;
    let said = shop.said(VIN).await;
    assert!(!said.is_empty() && said.iter().all(|line| line == "recall.notice F-1 owner"), "{said:?}");
}

#[tokio::test]
async fn where_nobody_has_a_role_everything_is_as_it_was() {
    let shop = Shop::open().await;
    let known = fact("vehicle.upserted", json!({"vin": VIN, "customer": father()}));
    shop.hears(known).await;
    shop.visits("R-1", &daughter()).await;
    shop.is_handed_back("R-1").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-2 -"]);
    assert_eq!(shop.called().await, ["follow_up F-2"]);
    assert_eq!(shop.people().await, ["owner F-2"], "who brings it is taken for its owner");
    let notice = shop.items("/v1/notices?subject=R-1").await.remove(0);
    assert!(notice["addressed_as"].is_null() && notice["vehicle"].is_null(), "{notice}");
}

#[tokio::test]
async fn a_fleet_with_two_drivers_is_not_called_and_whoever_drove_is_asked_in_writing() {
    let shop = Shop::open().await;
    let mut company = person("K-1", "Canton Logistics", "139 0000 0011");
    company["kind"] = json!("company");
    let (one, other) = (person("D-1", "Wei Li", "139 0000 0021"), person("D-2", "Jun Ho", "139 0000 0022"));
    let both = [as_role(one.clone(), "driver"), as_role(other, "driver")];
    shop.hears(car(&company, &both[..1])).await;
    shop.leaps_by("1m");
    shop.hears(car(&company, &both)).await;
    assert_eq!(shop.people().await, ["owner K-1", "driver D-1", "driver D-2"]);
    // On the company's order the driver who was named last is told; on a driver's own it is that driver.
    shop.visits("R-1", &company).await;
    shop.is_ready("R-1").await;
    shop.visits("R-2", &one).await;
    shop.is_handed_back("R-2").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready D-2 driver"]);
    assert_eq!(shop.said("R-2").await, ["repair.ready D-1 driver"]);
    assert_eq!(shop.called().await, [""; 0], "a company is not called (BR-32)");
    assert_eq!(shop.surveys().await, ["R-2 planned fleet"]);
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-2 sent"]);
    let asked: Vec<String> = shop.said("R-2").await.into_iter().filter(|line| line.starts_with("survey")).collect();
    assert!(!asked.is_empty() && asked.iter().all(|line| line == "survey.invite D-1 driver"), "{asked:?}");
}

#[tokio::test]
async fn what_is_wrong_with_the_people_of_a_car_is_named_with_its_pointer() {
    let shop = Shop::open().await;
    let mut refused = Vec::new();
    for users in [
        json!([{"role": "pilot", "ref": "F-2"}]),
        json!([{"ref": "F-2"}]),
        json!([{"role": "driver", "name": "Lena"}]),
        json!(["F-2"]),
        json!(vec![as_role(daughter(), "driver"); 21]),
    ] {
        let mut event = fact("vehicle.upserted", json!({"vin": VIN, "users": users}));
        (event["id"], event["time"]) = (json!("x"), json!(shop.now()));
        let (status, answer) = shop.does("POST", "/v1/events", event).await;
        assert_eq!(status, 422, "{answer}");
        let error = &answer["errors"][0];
        refused.push(format!("{} {}", error["pointer"], error["code"]).replace('"', ""));
    }
    insta::assert_snapshot!(refused.join("\n"), @r"
    /data/users/0/role unknown_value
    /data/users/0/role required
    /data/users/0/ref required
    /data/users/0 wrong_type
    /data/users too_many
    ");
}
