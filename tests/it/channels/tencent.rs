//! `WeCom` and the official account: every answer, one token for all, and what is never repeated.
use std::{collections::BTreeMap, time::Duration};

use aftercare::{
    channels::{
        Delivered,
        Outcome::{Accepted, Later, NotSent, Refused, Unknown},
        Phase,
        http_client::HttpLimits,
        sms::Approved,
        wechat::{self, Wechat},
        wecom::{self, Note, Robots, Wecom},
    },
    clock::Clock,
};
use jiff::SignedDuration;

use super::{Lost, Marks, answered, seen};
use crate::{
    fakes::tencent::{FakeTencent, Said},
    shop::local,
};

/// Clear of the full and the half hour.
const QUIET: &str = "2026-03-02T10:05";

fn limits() -> HttpLimits {
    HttpLimits { read: Duration::from_millis(150), total: Duration::from_millis(200), ..HttpLimits::default() }
}

fn wecom(url: &str, per_minute: usize, clock: &Clock) -> Wecom {
    let robots = Robots { key: Some("k3y-of-all".into()), own: BTreeMap::new() };
    let app = wecom::App { corp_id: "ww1".to_owned(), agent_id: 7, secret: "s3cret".into() };
    let base_url = url.parse().expect("a URL");
    Wecom::new(wecom::Settings { base_url, robots, app: Some(app), per_minute }, limits(), clock.clone())
}

fn note<'a>(to: &'a str, text: &'a str) -> Note<'a> {
    Note { to, text, house: "", mention: None }
}

fn wechat(url: &str, secret: &str, clock: &Clock) -> Wechat {
    let (base_url, app_id) = (url.parse().expect("a URL"), "wx1".to_owned());
    Wechat::new(wechat::Settings { base_url, app_id, secret: secret.into() }, limits(), clock.clone())
}

fn template() -> Approved {
    Approved { template: "tpl_x".to_owned(), params: vec![("thing1".into(), "前刹车片".into())], named: true }
}

fn message(approved: &Approved) -> wechat::Message<'_> {
    let link = Some("https://shop.example/a/1");
    wechat::Message { id: "msg_1", to: "oAbc123456", text: "thing1: 前刹车片", approved: Some(approved), link }
}

#[tokio::test]
async fn each_answer_has_its_name_and_none_is_repeated() {
    use Phase::{Answered, HandingOver};
    let clock = Clock::fixed(local(QUIET));
    let cases = [
        (Said::Ok, (Answered, Accepted, "accepted"), (Answered, Accepted, "accepted")),
        (Said::Code(45_009), (Answered, Later, "rate_limited"), (Answered, Later, "rate_limited")),
        (Said::Code(93_000), (Answered, Refused, "robot_unknown"), (Answered, Refused, "refused")),
        (Said::Code(43_004), (Answered, Refused, "refused"), (Answered, Refused, "not_following")),
        (Said::Code(43_101), (Answered, Refused, "refused"), (Answered, Refused, "not_following")),
        (Said::Code(40_003), (Answered, Refused, "address_invalid"), (Answered, Refused, "address_invalid")),
        (Said::Code(47_003), (Answered, Refused, "refused"), (Answered, Refused, "template_data_invalid")),
        (Said::Code(-1), (Answered, Later, "server_busy"), (Answered, Later, "server_busy")),
        (Said::Cut, (HandingOver, Unknown, "connection_lost"), (HandingOver, Unknown, "connection_lost")),
        (Said::Hang, (HandingOver, Unknown, "timeout"), (HandingOver, Unknown, "timeout")),
    ];
    for (said, by_robot, by_account) in cases {
        let them = FakeTencent::start(move |_| said).await;
        let robot = wecom(&them.url(), 20, &clock);
        let delivery = answered(robot.deliver(note("robot:gz-tianhe", "Hello"), &Marks::default()).await);
        assert_eq!(seen(&delivery), by_robot, "{said:?}");
        assert!(!format!("{delivery:?}").contains("k3y-of-all"), "{delivery:?}");
        let account = wechat(&them.url(), "s3cret", &clock);
        let delivery = answered(account.deliver(message(&template()), &Marks::default()).await);
        assert_eq!(seen(&delivery), by_account, "{said:?}");
        let kept = format!("{delivery:?}");
        assert!(!["s3cret", "oAbc", "token-"].iter().any(|private| kept.contains(private)), "{kept}");
        assert_eq!(them.sent().len(), 2, "{said:?} is never repeated");
    }
}

#[tokio::test]
async fn each_takes_its_message_in_its_own_shape() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|_| Said::Ok).await;
    let ours = wecom(&them.url(), 20, &clock);
    let named = Note { mention: Some("chen.xiao"), ..note("robot:gz-tianhe", "Hello") };
    assert_eq!(answered(ours.deliver(named, &Marks::default()).await).outcome, Accepted);
    let alone = answered(ours.deliver(note("chen.xiao", "Hello"), &Marks::default()).await);
    assert_eq!((alone.outcome, alone.provider_ref.as_deref()), (Accepted, Some("1001")));
    let account = wechat(&them.url(), "s3cret", &clock);
    let taken = answered(account.deliver(message(&template()), &Marks::default()).await);
    assert_eq!((taken.outcome, taken.provider_ref.as_deref()), (Accepted, Some("1002")));
    let shapes: Vec<_> = them.sent().into_iter().map(|sent| (sent.path, sent.by, sent.body)).collect();
    let expected = [
        (
            "/cgi-bin/webhook/send",
            "k3y-of-all",
            serde_json::json!({"msgtype": "text", "text": {"content": "Hello", "mentioned_list": ["chen.xiao"]}}),
        ),
        (
            "/cgi-bin/message/send",
            "token-1",
            serde_json::json!({"touser": "chen.xiao", "msgtype": "text", "agentid": 7, "text": {"content": "Hello"},
                "enable_duplicate_check": 1, "duplicate_check_interval": 1800}),
        ),
        (
            "/cgi-bin/message/template/send",
            "token-2",
            serde_json::json!({"touser": "oAbc123456", "template_id": "tpl_x", "client_msg_id": "msg_1",
                "url": "https://shop.example/a/1", "data": {"thing1": {"value": "前刹车片"}}}),
        ),
    ];
    for (sent, (path, by, body)) in shapes.iter().zip(expected) {
        assert_eq!((sent.0.as_str(), sent.1.as_str(), &sent.2), (path, by, &body));
    }
    assert_eq!(shapes.len(), 3);
}

#[tokio::test]
async fn one_token_serves_all_and_is_renewed_once_when_two_need_it() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|_| Said::Ok).await;
    let account = wechat(&them.url(), "s3cret", &clock);
    let template = template();
    let both = async || {
        let marks = Marks::default();
        let (one, two) =
            tokio::join!(account.deliver(message(&template), &marks), account.deliver(message(&template), &marks));
        assert_eq!(marks.count(), 2);
        [answered(one).outcome, answered(two).outcome]
    };
    assert_eq!(both().await, [Accepted; 2]);
    assert_eq!(them.tokens(), 1, "both needed the first one");
    them.takes_the_token_back();
    assert_eq!(both().await, [Accepted; 2], "neither of them was taken without a good token");
    assert_eq!((them.tokens(), them.sent().len()), (2, 4));
    clock.advance(SignedDuration::from_mins(114));
    assert_eq!((both().await, them.tokens()), ([Accepted; 2], 2));
    clock.advance(SignedDuration::from_mins(2));
    assert_eq!((both().await, them.tokens()), ([Accepted; 2], 3), "renewed before its end");
}

#[tokio::test]
async fn without_a_token_nothing_is_marked_and_nothing_leaves() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|_| Said::Ok).await;
    let marks = Marks::default();
    let mistaken = wechat(&them.url(), "mistaken", &clock);
    let wrong = answered(mistaken.deliver(message(&template()), &marks).await);
    assert_eq!(seen(&wrong), (Phase::Greeting, Later, "auth_failed"));
    assert_eq!(wrong.reply.as_deref(), Some("invalid credential […]"));
    // Who stood behind it hears the same at once; nobody asks again so soon.
    clock.advance(SignedDuration::from_secs(9));
    assert_eq!(answered(mistaken.deliver(message(&template()), &marks).await), wrong);
    assert_eq!(them.asked_for_tokens(), 1);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(answered(mistaken.deliver(message(&template()), &marks).await), wrong);
    assert_eq!(them.asked_for_tokens(), 2);
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let away = wechat(&format!("http://{nobody}"), "s3cret", &clock);
    let away = answered(away.deliver(message(&template()), &marks).await);
    assert_eq!(seen(&away), (Phase::Greeting, NotSent, "connection_failed"));
    assert_eq!(marks.count(), 0);
    let ours = wecom(&them.url(), 20, &clock);
    assert_eq!(ours.deliver(note("robot:gz-tianhe", "x"), &Lost).await, Delivered::Stopped);
    assert_eq!(them.sent().len(), 0);
}

#[tokio::test]
async fn a_robot_says_so_much_a_minute_and_an_application_keeps_clear_of_the_half_hour() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|n| if n == 2 { Said::Code(45_009) } else { Said::Ok }).await;
    let ours = wecom(&them.url(), 2, &clock);
    let say = async |text| ours.deliver(note("robot:gz-tianhe", text), &Marks::default()).await;
    assert_eq!(answered(say("One").await).outcome, Accepted);
    assert_eq!(answered(say("Two").await).outcome, Accepted);
    assert_eq!(say("Three").await, Delivered::TooEarly(SignedDuration::from_mins(1)));
    clock.advance(SignedDuration::from_mins(1));
    let often = answered(say("Three").await);
    assert_eq!((often.outcome, often.retry_after), (Later, Some(Duration::from_mins(1))), "they count others too");
    assert_eq!(say("Four").await, Delivered::TooEarly(SignedDuration::from_mins(1)), "and nothing is tried meanwhile");
    clock.set(local("2026-03-02T10:30"));
    let alone = async || ours.deliver(note("chen.xiao", "Hello"), &Marks::default()).await;
    assert_eq!(alone().await, Delivered::TooEarly(SignedDuration::from_secs(20)));
    clock.advance(SignedDuration::from_secs(20));
    assert_eq!(answered(alone().await).outcome, Accepted);
}

/// An alert goes to several people, and all of them read it there.
#[tokio::test]
async fn a_group_is_told_the_same_once_unless_somebody_else_is_named() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|n| if n == 0 { Said::Code(45_009) } else { Said::Ok }).await;
    let ours = wecom(&them.url(), 20, &clock);
    let say = async |mention| {
        let said = Note { mention, ..note("robot:gz-tianhe", "Inquiry W-1 is due") };
        answered(ours.deliver(said, &Marks::default()).await).reason
    };
    assert_eq!(say(None).await, "rate_limited");
    clock.advance(SignedDuration::from_mins(1));
    assert_eq!((say(None).await, say(None).await), ("accepted", "said_in_the_group"), "what was refused is not said");
    assert_eq!(say(Some("chen.xiao")).await, "accepted", "their telephone has to say so");
    assert_eq!(them.sent().len(), 3);
    clock.advance(SignedDuration::from_mins(10));
    assert_eq!(say(None).await, "accepted");
}

#[tokio::test]
async fn who_is_nobody_to_them_was_not_told() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|_| Said::Nobody).await;
    let told = answered(wecom(&them.url(), 20, &clock).deliver(note("nobody", "x"), &Marks::default()).await);
    assert_eq!((seen(&told), told.provider_ref), ((Phase::Answered, Refused, "address_invalid"), None));
}

/// The answer to the first of several readers is lost: the group may have it, and is not told again for the others.
#[tokio::test]
async fn what_a_group_was_perhaps_told_is_not_said_again_for_its_next_reader() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|n| if n == 0 { Said::Cut } else { Said::Ok }).await;
    let ours = wecom(&them.url(), 20, &clock);
    let say = async || {
        let marks = Marks::default();
        let said = answered(ours.deliver(note("robot:gz-tianhe", "Inquiry W-1 is due"), &marks).await);
        (said.outcome, said.reason)
    };
    assert_eq!(say().await, (Unknown, "connection_lost"));
    assert_eq!((say().await, them.sent().len()), ((Unknown, "said_perhaps"), 1));
    clock.advance(SignedDuration::from_mins(10));
    assert_eq!((say().await, them.sent().len()), ((Accepted, "accepted"), 2));
}

#[tokio::test]
async fn dealerships_that_share_a_group_each_say_the_same_and_by_name() {
    let clock = Clock::fixed(local(QUIET));
    let them = FakeTencent::start(|_| Said::Ok).await;
    let ours = wecom(&them.url(), 20, &clock);
    for (to, house) in [("robot:gz-tianhe", "Tianhe"), ("robot:sh-pudong", "Pudong"), ("robot:sh-pudong", "Pudong")] {
        let note = Note { house, ..note(to, "No parts came today") };
        assert_eq!(answered(ours.deliver(note, &Marks::default()).await).outcome, Accepted);
    }
    assert_eq!(them.in_the_group(), ["Tianhe\nNo parts came today", "Pudong\nNo parts came today"]);
    // Whoever is named is one person, or it goes to their own group.
    for nobody in ["robot:sh-pudong", "@all", "u1|u2", ""] {
        assert_eq!(ours.address("gz-tianhe", Some(nobody)).as_deref(), Some("robot:gz-tianhe"), "{nobody}");
    }
    assert_eq!(ours.address("gz-tianhe", Some("chen.xiao")).as_deref(), Some("chen.xiao"));
}
