//! Connections to a mail server: how many, how long, and never one reply too late.
use std::time::Duration;

use aftercare::channels::{
    Outcome::{Accepted, NotSent, Refused, Unknown},
    Phase,
    email::Limits,
};
use futures_util::future::join_all;

use super::{seen, send, short, smtp, smtp_with};
use crate::fakes::{
    pause,
    smtp::{Act, Behaviour, FakeSmtp},
};

/// The control for trap 1: lettre's pool hands message 2 the late answer to message 1.
#[tokio::test]
async fn a_late_reply_is_never_taken_for_the_next_message() {
    let act = |n| {
        if n == 0 { Act::SlowDot(250, "250 2.0.0 Ok: queued as LATE1") } else { Act::AtDot("554 5.7.1 rejected") }
    };
    let server = FakeSmtp::start(Behaviour::each(act)).await;
    let smtp = smtp_with(&server.url("?tls=none"), short(), 1);
    assert_eq!(seen(&send(&smtp, 0).await), (Phase::HandingOver, Unknown, "timeout"));
    let second = send(&smtp, 1).await;
    assert_eq!(seen(&second), (Phase::Answered, Refused, "policy"));
    assert_eq!(second.code.as_deref(), Some("554 5.7.1"));
    let replies: Vec<_> = server.received().into_iter().filter_map(|message| message.reply).collect();
    assert_eq!(replies, ["250 2.0.0 Ok: queued as LATE1", "554 5.7.1 rejected"]);
}

#[tokio::test]
async fn a_send_that_is_dropped_takes_its_connection_with_it() {
    let act = |n| {
        if n == 0 { Act::SlowDot(150, "250 2.0.0 Ok: queued as LATE1") } else { Act::AtDot("554 5.7.1 rejected") }
    };
    let server = FakeSmtp::start(Behaviour::each(act)).await;
    let smtp = smtp_with(&server.url("?tls=none"), Limits::default(), 1);
    assert!(tokio::time::timeout(Duration::from_millis(60), send(&smtp, 0)).await.is_err());
    assert_eq!(seen(&send(&smtp, 1).await), (Phase::Answered, Refused, "policy"));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn words_nobody_asked_for_are_not_the_answer_to_the_next_message() {
    let act = |n| {
        if n == 0 { Act::AcceptAndChatter("250 2.0.0 Ok: queued as NOBODY1") } else { Act::AtRcpt("550 5.1.1 unknown") }
    };
    let server = FakeSmtp::start(Behaviour::each(act)).await;
    let smtp = smtp(&server, short());
    assert_eq!(send(&smtp, 0).await.outcome, Accepted);
    pause(20).await;
    let second = send(&smtp, 1).await;
    assert_eq!(seen(&second), (Phase::Envelope, Refused, "mailbox_unknown"));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_died_while_it_waited_is_replaced_once() {
    for dead in [Act::CutAtMail, Act::AtMail("421 4.4.2 idle too long")] {
        let act = move |n| if n == 1 { dead.clone() } else { Act::Accept };
        let server = FakeSmtp::start(Behaviour::each(act)).await;
        let smtp = smtp(&server, short());
        assert_eq!(send(&smtp, 0).await.outcome, Accepted);
        assert_eq!(send(&smtp, 1).await.outcome, Accepted);
        assert_eq!(server.connections(), 2);
        assert!(server.copies().values().all(|copies| *copies == 1));
    }
    let server = FakeSmtp::start(Behaviour::each(|n| if n == 0 { Act::Accept } else { Act::CutAtMail })).await;
    let smtp = smtp(&server, short());
    send(&smtp, 0).await;
    assert_eq!(seen(&send(&smtp, 1).await), (Phase::Envelope, NotSent, "connection_lost"));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn never_more_connections_than_allowed_and_none_idle_for_long() {
    let server = FakeSmtp::start(Behaviour::always(Act::SlowDot(5, "250 Ok"))).await;
    let limits = Limits { idle: Duration::from_millis(100), messages: 7, ..Limits::default() };
    let smtp = smtp_with(&server.url("?tls=none"), limits, 3);
    let ends = join_all((0..40).map(|n| send(&smtp, n))).await;
    assert!(ends.iter().all(|end| end.outcome == Accepted));
    assert_eq!(server.most_open(), 3);
    assert!((6..=9).contains(&server.connections()), "{} connections", server.connections());
    for _ in 0..50 {
        if server.open() == 0 {
            break;
        }
        pause(10).await;
    }
    assert_eq!(server.open(), 0, "idle connections are closed");
    assert_eq!(server.copies().len(), 40);
}
