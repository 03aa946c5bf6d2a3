//! One mail over the wire: what each answer and each silence is called, when the mark comes, and what arrives.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aftercare::channels::{
    Delivered, HandOver,
    Outcome::{Accepted, Later, NotSent, Refused, Unknown},
    Phase,
    email::{Dir, Limits},
};
use futures_util::future::BoxFuture;

use super::{Lost, Marks, TO, answered, mail, seen, send, short, smtp, smtp_with};
use crate::fakes::{
    pause,
    smtp::{Act, Behaviour, FakeSmtp, Greeting},
};

#[tokio::test]
async fn an_accepted_mail_arrives_byte_for_byte_over_one_connection() {
    let server = FakeSmtp::start(Behaviour::always(Act::Accept)).await;
    let smtp = smtp(&server, Limits::default());
    for n in 0..3 {
        let delivery = send(&smtp, n).await;
        assert_eq!(seen(&delivery), (Phase::Answered, Accepted, "accepted"));
        assert_eq!(delivery.provider_ref, Some(format!("F{:07X}", n + 1)));
        assert_eq!(delivery.code.as_deref(), Some("250 2.0.0"));
    }
    let received = server.received();
    for (n, message) in received.iter().enumerate() {
        assert_eq!(message.bytes, mail(n));
        assert_eq!((message.from.as_str(), message.to.as_slice()), ("b@dealer.example", &[TO.to_owned()][..]));
        assert_eq!(message.connection, 0);
    }
    assert_eq!(server.copies().get("<msg_1@dealer.example>"), Some(&1));
    assert!(!server.commands().iter().any(|line| line == "NOOP"));
}

#[tokio::test]
async fn every_answer_and_every_silence_has_its_name() {
    use Phase::{Answered, Data, Envelope, HandingOver};
    let cases = [
        (Act::AtMail("550 5.7.1 not you"), (Envelope, Later, "sender_refused")),
        (Act::AtMail("451 4.3.0 soon"), (Envelope, Later, "deferred")),
        (Act::AtRcpt("550 5.1.1 <ANNA@example.com> unknown"), (Envelope, Refused, "mailbox_unknown")),
        (Act::AtRcpt("552 5.2.2 full"), (Envelope, Later, "mailbox_full")),
        (Act::AtRcpt("554 5.7.1 policy"), (Envelope, Refused, "policy")),
        (Act::AtRcpt("450 4.7.1 Greylisted"), (Envelope, Later, "greylisted")),
        (Act::AtRcpt("421 4.3.2 busy"), (Envelope, Later, "server_busy")),
        (Act::AtRcpt("999 what"), (Envelope, NotSent, "answer_unreadable")),
        (Act::HangAtRcpt, (Envelope, NotSent, "timeout")),
        (Act::CutAtMail, (Envelope, NotSent, "connection_lost")),
        (Act::AtData("554 5.5.1 no"), (Data, Refused, "refused")),
        (Act::AtData("250 too early"), (Data, NotSent, "answer_unreadable")),
        (Act::AtDot("451 4.3.0 soon"), (Answered, Later, "deferred")),
        (Act::AtDot("554 5.7.1 spam"), (Answered, Refused, "policy")),
        (Act::AtDot("354 what"), (HandingOver, Unknown, "answer_unreadable")),
        (Act::CutAfterDot, (HandingOver, Unknown, "connection_lost")),
        (Act::CutInData, (HandingOver, Unknown, "connection_lost")),
        (Act::CutAfter354, (HandingOver, Unknown, "connection_lost")),
        (Act::SlowDot(400, "250 Ok"), (HandingOver, Unknown, "timeout")),
    ];
    for (act, expected) in cases {
        let server = FakeSmtp::start(Behaviour::always(act.clone())).await;
        let delivery = send(&smtp(&server, short()), 1).await;
        assert_eq!(seen(&delivery), expected, "{act:?}");
        assert!(!delivery.reply.unwrap_or_default().to_lowercase().contains(TO), "{act:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_greet_has_not_refused_the_message() {
    use Phase::{Connect, Greeting as Hello};
    let greetings = [
        (Greeting::Never, (Hello, NotSent, "timeout")),
        (Greeting::Refuse("554 5.7.1 go away"), (Hello, Later, "greeting_refused")),
        (Greeting::Refuse("421 4.3.2 busy"), (Hello, Later, "server_busy")),
        (Greeting::Refuse("SSH-2.0-OpenSSH"), (Hello, NotSent, "answer_unreadable")),
    ];
    for (greeting, expected) in greetings {
        let server = FakeSmtp::start(Behaviour { greeting, ..Behaviour::always(Act::Accept) }).await;
        let delivery = send(&smtp(&server, short()), 1).await;
        assert_eq!(seen(&delivery), expected, "{greeting:?}");
        let busy = delivery.code.as_deref() == Some("421 4.3.2");
        assert_eq!(delivery.retry_after.is_some(), busy);
    }
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let delivery = send(&smtp_with(&format!("smtp://{nobody}?tls=none"), short(), 1), 1).await;
    assert_eq!(seen(&delivery), (Connect, NotSent, "connection_refused"));
}

#[tokio::test]
async fn an_address_that_cannot_be_one_never_reaches_the_wire() {
    let server = FakeSmtp::start(Behaviour::always(Act::Accept)).await;
    let smtp = smtp(&server, short());
    let to = |to: &'static str| smtp.deliver("", to, b"x\r\n", &Lost);
    for bad in ["王芳@example.com", "a@b>\r\nRCPT TO:<c@d", "nobody"] {
        assert_eq!(seen(&answered(to(bad).await)), (Phase::Envelope, Refused, "address_invalid"));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_mark_comes_after_354_and_before_the_first_byte_of_the_text() {
    struct Looking(Arc<FakeSmtp>, AtomicUsize);
    impl HandOver for Looking {
        fn mark(&self) -> BoxFuture<'_, bool> {
            Box::pin(async {
                pause(50).await;
                assert_eq!((self.0.invited(), self.0.text_bytes()), (1, 0));
                self.1.fetch_add(1, Ordering::SeqCst);
                true
            })
        }
    }
    let server = Arc::new(FakeSmtp::start(Behaviour::always(Act::Accept)).await);
    let looking = Looking(Arc::clone(&server), AtomicUsize::new(0));
    let smtp = smtp(&server, Limits::default());
    assert_eq!(answered(smtp.deliver("", TO, &mail(0), &looking).await).outcome, Accepted);
    assert_eq!(looking.1.load(Ordering::SeqCst), 1);
    assert_eq!(server.received()[0].from, "");
}

#[tokio::test]
async fn a_refused_mark_sends_nothing_and_an_early_end_asks_for_none() {
    let server =
        FakeSmtp::start(Behaviour::each(|n| if n == 0 { Act::Accept } else { Act::AtRcpt("550 5.1.1 no") })).await;
    let smtp = smtp(&server, Limits::default());
    assert_eq!(smtp.deliver("", TO, &mail(0), &Lost).await, Delivered::Stopped);
    pause(30).await;
    assert_eq!((server.text_bytes(), server.received().len(), server.open()), (0, 0, 0));
    let marks = Marks::default();
    smtp.deliver("", TO, &mail(1), &marks).await;
    assert_eq!(marks.count(), 0);
}

#[tokio::test]
async fn a_folder_takes_each_message_as_one_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::new(folder.path().join("mail"));
    assert_eq!(dir.deliver("msg_1", b"x", &Lost).await, Delivered::Stopped);
    assert!(!folder.path().join("mail").exists());
    let delivery = answered(dir.deliver("msg_1", &mail(1), &Marks::default()).await);
    assert_eq!((delivery.outcome, delivery.provider_ref.as_deref()), (Accepted, Some("msg_1.eml")));
    assert_eq!(std::fs::read(folder.path().join("mail/msg_1.eml")).unwrap(), mail(1));
    assert_eq!(answered(dir.deliver("../x", b"x", &Lost).await).outcome, Refused);
    let blocked = Dir::new(folder.path().join("mail/msg_1.eml"));
    assert_eq!(answered(blocked.deliver("msg_2", b"x", &Marks::default()).await).outcome, NotSent);
}
