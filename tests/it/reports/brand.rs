//! What the brand gets: whole rows with consent, pseudonyms without.
use serde_json::{Value, json};

use super::MARCH;
use crate::shop::{Shop, anna, fang, local, workshop::fact};

impl Shop {
    async fn for_the_brand(&self) -> Vec<Value> {
        self.items(&format!("/v1/reports/brand?{MARCH}")).await
    }
}

#[tokio::test]
async fn acceptance_04_without_oem_sharing_consent_ids_are_hashed_and_there_is_no_phone() {
    let shop = Shop::open().await;
    let agrees =
        json!([{"purpose": "oem_sharing", "at": local("2026-03-01T09:00"), "action": "grant", "source": "form"}]);
    let with = anna().with("consents", agrees);
    shop.hands_back(&with, "R-1", "2026-03-03T10:00", json!({})).await;
    let other = json!({"vehicle": {"vin": "JTHBJ46G9A2345679", "plate": "粤A54321"}});
    shop.hands_back(&fang(), "R-2", "2026-03-03T11:00", other).await;
    let rows = shop.for_the_brand().await;
    let of = |shared: bool| rows.iter().find(|row| row["oem_sharing"] == shared).expect("a row").clone();
    let (whole, hidden) = (of(true), of(false));
    assert_eq!((&whole["customer"], &whole["phone"]), (&json!("C-1"), &json!("+8613900001234")));
    assert_eq!((&whole["repair_order"], &whole["vin"]), (&json!("R-1"), &json!("JTHBJ46G9A2345678")));
    for key in ["customer", "repair_order", "vin"] {
        assert_eq!(hidden[key].as_str().map(str::len), Some(32), "{key}: {hidden}");
    }
    assert_eq!((&hidden["phone"], &hidden["delivered_at"]), (&Value::Null, &json!(local("2026-03-03T11:00"))));
    let text = hidden.to_string();
    for secret in ["C-2", "R-2", "JTHBJ46G9A2345679", "粤A54321", "王芳", "8888"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // Taken back, it holds from then on; the pseudonym of somebody stays the same.
    shop.leaps_to("2026-03-04T10:00");
    let takes_back =
        json!([{"purpose": "oem_sharing", "at": local("2026-03-04T09:00"), "action": "revoke", "source": "form"}]);
    shop.hands_back(&anna().with("consents", takes_back), "R-3", "2026-03-04T12:00", json!({})).await;
    let rows = shop.for_the_brand().await;
    assert!(rows.iter().all(|row| row["oem_sharing"] == false && row["phone"].is_null()), "{rows:?}");
    let customers: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row["customer"].as_str().expect("a pseudonym")).collect();
    assert_eq!((rows.len(), customers.len()), (3, 2));
    // Page by page they are the same rows.
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = shop.get(&format!("/v1/reports/brand?{MARCH}&limit=1{after}")).await;
        paged.extend(page["items"].as_array().expect("rows").clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, rows);
    shop.drain().await;
}

/// A database may order by a language's rules, where the line in a code counts for nothing: `gab` before `ga-c`.
#[tokio::test]
async fn no_dealership_is_left_out_or_read_twice_whatever_the_order_of_the_database() {
    let shop = Shop::open().await;
    for code in ["gab", "ga-c"] {
        shop.opens_another(code).await;
        for (kind, data) in [
            (
                "repair_order.opened",
                json!({"ref": "R-1", "opened_at": shop.now(), "customer": anna().data, "vehicle": {"plate": "粤A12345"}}),
            ),
            ("repair_order.delivered", json!({"ref": "R-1", "at": shop.now()})),
        ] {
            let mut event = fact(kind, data);
            event["dealership"] = json!(code);
            event["source"] = json!(format!("/dms/{code}"));
            shop.hears(event).await;
        }
    }
    shop.drain().await;
    let (mut read, mut after) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/v1/reports/brand?month=2026-03&limit=1{after}")).await;
        read.extend(page["items"].as_array().expect("rows").iter().map(|row| row["dealership"].clone()));
        let Some(next) = page["next"].as_str().filter(|_| read.len() < 9) else { break };
        after = format!("&after={next}");
    }
    assert_eq!(read, ["ga-c", "gab"]);
}
