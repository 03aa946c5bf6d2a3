//! A gateway for text messages: every answer, and what is never repeated.
use std::time::Duration;

use aftercare::channels::{
    Delivered, Delivery,
    Outcome::{Accepted, Later, NotSent, Refused, Unknown},
    Phase,
    http_client::HttpLimits,
    sms::{HttpGateway, Settings, Text},
};

use super::{Lost, Marks, answered, seen};
use crate::fakes::gateway::{Answer, FakeGateway};

fn gateway(url: &str, change: impl FnOnce(&mut Settings)) -> HttpGateway {
    let mut settings = Settings::new(url);
    change(&mut settings);
    let limits =
        HttpLimits { read: Duration::from_millis(150), total: Duration::from_millis(200), ..HttpLimits::default() };
    HttpGateway::new(&settings, limits).expect("settings")
}

fn said(text: &str) -> Text<'_> {
    Text { id: "msg_1", to: "+8613900001234", text, approved: None }
}

async fn text(gateway: &HttpGateway) -> Delivery {
    let marks = Marks::default();
    let delivered = gateway.deliver(said("您好 \"A\"\n"), "AC", &marks).await;
    assert_eq!(marks.count(), 1);
    answered(delivered)
}

#[tokio::test]
async fn each_answer_of_a_gateway_has_its_name() {
    use Phase::{Answered, HandingOver};
    let cases = [
        (Answer::Accept, (Answered, Accepted, "accepted")),
        (Answer::Status(202, "{}"), (Answered, Accepted, "accepted")),
        (Answer::Status(200, "{\"id\":"), (HandingOver, Unknown, "answer_unreadable")),
        (Answer::Status(400, "bad number 13900001234"), (Answered, Refused, "refused")),
        (Answer::Status(401, ""), (Answered, Later, "auth_failed")),
        (Answer::Status(408, ""), (Answered, Later, "deferred")),
        (Answer::Status(425, ""), (Answered, Later, "deferred")),
        (Answer::Wait(429, 7), (Answered, Later, "rate_limited")),
        (Answer::Wait(503, 7), (Answered, Later, "server_busy")),
        (Answer::Status(500, ""), (HandingOver, Unknown, "gateway_error")),
        (Answer::Status(502, ""), (HandingOver, Unknown, "gateway_error")),
        (Answer::Status(504, ""), (HandingOver, Unknown, "gateway_error")),
        (Answer::Hang, (HandingOver, Unknown, "timeout")),
        (Answer::Cut, (HandingOver, Unknown, "connection_lost")),
        (Answer::CutInBody, (HandingOver, Unknown, "answer_unreadable")),
        (Answer::Redirect, (Answered, Later, "redirected")),
    ];
    for (answer, expected) in cases {
        let waits = matches!(answer, Answer::Wait(..));
        let server = FakeGateway::start({
            let answer = answer.clone();
            move |_| answer.clone()
        })
        .await;
        let delivery = text(&gateway(&server.url(), |_| ())).await;
        assert_eq!(seen(&delivery), expected, "{answer:?}");
        assert_eq!(delivery.retry_after, waits.then_some(Duration::from_secs(7)), "{answer:?}");
        assert_eq!(server.posted().len(), 1, "{answer:?} is never repeated");
        let kept = format!("{delivery:?}");
        assert!(!kept.contains("13900001234") && !kept.contains("s3cret"), "{kept}");
    }
}

#[tokio::test]
async fn a_gateway_gets_what_its_settings_say() {
    let server = FakeGateway::start(|_| Answer::Accept).await;
    let delivery = text(&gateway(&server.url(), |_| ())).await;
    assert_eq!((delivery.provider_ref.as_deref(), delivery.code.as_deref()), (Some("gw-0"), Some("http 200")));
    let form = gateway(&server.url(), |settings| {
        settings.headers.insert("content-type".to_owned(), "application/x-www-form-urlencoded".into());
        settings.headers.insert("X-Api-Key".to_owned(), "k3y".into());
        settings.body = "to={{to}}&text={{text}}&from={{from}}".to_owned();
        settings.id_pointer = String::new();
        settings.success_status = vec![200];
    });
    assert_eq!(text(&form).await.provider_ref, None);
    let posted = server.posted();
    let json: serde_json::Value = serde_json::from_str(&posted[0].body).unwrap();
    assert_eq!(json, serde_json::json!({"id": "msg_1", "to": "+8613900001234", "text": "您好 \"A\"\n"}));
    assert_eq!(posted[0].headers["content-type"], "application/json");
    assert_eq!(posted[1].headers["x-api-key"], "k3y");
    assert!(posted[1].body.starts_with("to=%2B8613900001234&text=%E6%82%A8"));
}

#[tokio::test]
async fn only_a_connection_that_never_was_is_known_as_not_sent() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let delivery = text(&gateway(&format!("http://{nobody}/?key=s3cret"), |_| ())).await;
    assert_eq!(seen(&delivery), (Phase::Connect, NotSent, "connection_failed"));
    let server = FakeGateway::start(|_| Answer::Accept).await;
    let stopped = gateway(&server.url(), |_| ()).deliver(said("x"), "", &Lost).await;
    assert_eq!(stopped, Delivered::Stopped);
    assert_eq!(server.posted().len(), 0);
}
