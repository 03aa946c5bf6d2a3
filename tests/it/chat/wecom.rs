//! Alerts in the dealership's group, and to one person; mail where neither is.
use super::*;
use crate::{
    fakes::tencent::Said,
    inquiries::{ADVISOR, DIRECTOR, MANAGER, asks, staffed},
    shop::anna,
};

fn with_robot(opening: Opening, them: &FakeTencent) -> Opening {
    opening
        .setting("WECOM__PROVIDER", "http")
        .setting("WECOM__BASE_URL", &them.url())
        .setting("WECOM__KEYS", "gz-tianhe: k3y-of-tianhe")
}

#[tokio::test]
async fn the_escalation_of_an_inquiry_reaches_the_group_of_its_dealership() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = staffed(with_robot(Shop::opening(), &them), "2026-03-07T17:50").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    // To whoever would own it, in the dealership's language, and to the manager in hers.
    assert_eq!(them.in_the_group().len(), 2, "at risk: nobody is here tomorrow");
    shop.wait_until("2026-03-08T17:50").await;
    let said = them.in_the_group();
    assert!(said.len() > 2 && said.iter().all(|text| text.contains("W-1")), "{said:?}");
    assert!(them.sent().iter().all(|sent| sent.by == "k3y-of-tianhe"));
    let alike: std::collections::HashSet<&String> = said.iter().collect();
    assert_eq!(alike.len(), said.len(), "the manager and the director read the same words once: {said:?}");
    for who in [MANAGER, DIRECTOR, ADVISOR] {
        assert!(shop.subjects(who).is_empty(), "{who} reads it in the group");
    }
    let told = shop.items("/v1/messages?channel=wecom").await;
    assert!(
        told.iter().all(|message| message["to"] == "robot:gz-tianhe" && message["state"] == "accepted"),
        "{told:?}"
    );
    assert!(!format!("{told:?}").contains("k3y-of-tianhe"));
}

#[tokio::test]
async fn a_house_without_a_robot_and_one_whose_robot_is_gone_are_told_by_mail() {
    let them = FakeTencent::start(|_| Said::Code(93_000)).await;
    let shop = staffed(with_robot(Shop::opening(), &them), "2026-03-07T17:50").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    assert_eq!((them.in_the_group().len(), shop.subjects(MANAGER).len()), (2, 1));
    let refused = shop.items("/v1/messages?channel=wecom").await;
    assert_eq!((&refused[0]["state"], &refused[0]["reason"]), (&json!("failed"), &json!("robot_unknown")));

    let elsewhere = Shop::opening()
        .setting("WECOM__PROVIDER", "http")
        .setting("WECOM__BASE_URL", &them.url())
        .setting("WECOM__KEYS", "sh-pudong: k3y");
    let shop = staffed(elsewhere, "2026-03-07T17:50").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    assert_eq!((them.in_the_group().len(), shop.subjects(MANAGER).len()), (2, 1));
}

#[tokio::test]
async fn too_often_waits_and_a_lost_answer_is_never_repeated() {
    let them = FakeTencent::start(|n| if n == 0 { Said::Code(45_009) } else { Said::Cut }).await;
    let shop = staffed(with_robot(Shop::opening(), &them), "2026-03-07T17:50").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    let states = async || {
        let messages = shop.items("/v1/messages?channel=wecom").await;
        let said = |message: &Value| {
            let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("state"), text("reason"), message["attempts"].as_array().map_or(0, Vec::len))
        };
        let mut states: Vec<String> = messages.iter().map(said).collect();
        states.sort();
        states
    };
    assert_eq!(states().await, ["ready own_pace 0", "ready rate_limited 1"], "nothing else is tried meanwhile");
    shop.advance("59s").await;
    assert_eq!(them.sent().len(), 1);
    shop.advance("20s").await;
    assert_eq!(states().await, ["unknown connection_lost 1", "unknown connection_lost 2"]);
    shop.advance("3h").await;
    assert_eq!(states().await, ["held unknown_unanswered 1", "held unknown_unanswered 2"]);
    assert_eq!((them.sent().len(), shop.subjects(MANAGER).len()), (3, 0), "it may be in the group: a person looks");
}

#[tokio::test]
async fn what_is_too_much_for_a_minute_takes_its_turn_and_no_try_is_used_up() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let opening = with_robot(Shop::opening(), &them).setting("WECOM__PER_MINUTE", "2");
    let shop = staffed(opening, "2026-03-07T17:50").await;
    for n in 1..=5 {
        asks(&shop, &anna(), &format!("W-{n}"), &format!("Question {n}?")).await;
    }
    assert_eq!(them.sent().len(), 2);
    let waiting = shop.items("/v1/messages?channel=wecom&state=ready").await;
    assert_eq!(waiting.len(), 8, "two readers of each");
    assert!(waiting.iter().all(|message| message["reason"] == "own_pace" && message["attempts"] == json!([])));
    for sent in [4, 6, 8, 10, 10] {
        shop.advance("61s").await;
        assert_eq!(them.sent().len(), sent, "each once, in its turn");
    }
}

#[tokio::test]
async fn who_has_a_user_id_is_told_alone_and_the_others_in_the_group() {
    let them = FakeTencent::start(|n| if n < 2 { Said::Ok } else { Said::Nobody }).await;
    let opening = with_robot(Shop::opening(), &them)
        .setting("WECOM__CORP_ID", "ww1")
        .setting("WECOM__AGENT_ID", "7")
        .setting("WECOM__SECRET", "s3cret");
    let shop = staffed(opening, "2026-03-07T17:51").await;
    let manager = json!({"dealership": "gz-tianhe", "name": "Wu", "roles": ["service_manager"], "languages": ["en"],
        "email": MANAGER, "wecom_userid": "wu.manager"});
    assert_eq!(shop.put("/v1/staff/mgr-01", &manager).await.0, 200);
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    let mut sent = them.sent();
    sent.sort_by_key(|sent| sent.path.clone());
    assert_eq!((sent[0].path.as_str(), &sent[0].body["touser"]), ("/cgi-bin/message/send", &json!("wu.manager")));
    assert_eq!((sent.len(), sent[1].path.as_str()), (2, "/cgi-bin/webhook/send"), "nobody's is for all of them");
    // They know nobody of that name any more: the mail goes.
    asks(&shop, &anna(), "W-2", "And the wipers?").await;
    assert_eq!(shop.subjects(MANAGER).len(), 1);
}

#[tokio::test]
async fn in_a_group_that_all_dealerships_share_each_says_which_it_is() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let opening = Shop::opening()
        .setting("WECOM__PROVIDER", "http")
        .setting("WECOM__BASE_URL", &them.url())
        .setting("WECOM__KEY", "k3y-of-all");
    let shop = staffed(opening, "2026-03-07T17:50").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    let mut tx = shop.app.db.read().await.expect("a look");
    let tianhe = aftercare::dealerships::actions::find_by_code(&mut tx, "gz-tianhe").await.expect("a look");
    let first = format!("{}\n", tianhe.expect("a dealership").name);
    let said = them.in_the_group();
    assert!(said.len() == 2 && said.iter().all(|text| text.starts_with(&first)), "{said:?}");
}
