//! Privacy on the way to the mail server, and the password that never leaves without it.
use aftercare::channels::{
    Outcome::{Accepted, Later, NotSent},
    Phase,
    email::Limits,
};

use super::{mail, seen, send, short, smtp_with};
use crate::fakes::smtp::{Act, Behaviour, CA, FakeSmtp};

#[tokio::test]
async fn no_password_without_tls_and_nothing_at_all_where_tls_is_wanted() {
    let server = FakeSmtp::start(Behaviour { auth: "PLAIN LOGIN", ..Behaviour::always(Act::Accept) }).await;
    let url = format!("smtp://us:s3cret@{}", server.address);
    assert_eq!(seen(&send(&smtp_with(&url, short(), 1), 0).await), (Phase::Greeting, NotSent, "tls_required"));
    assert!(server.commands().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{:?}", server.commands());
}

#[tokio::test]
async fn tls_in_both_forms_with_both_ways_to_sign_in() {
    for (scheme, wrapper, auth) in [("smtp", false, "PLAIN LOGIN"), ("smtp", false, "LOGIN"), ("smtps", true, "PLAIN")]
    {
        let behaviour = Behaviour { starttls: !wrapper, wrapper, auth, ..Behaviour::always(Act::Accept) };
        let server = FakeSmtp::start(behaviour).await;
        let url = format!("{scheme}://us:s3cret@{}?ca={CA}", server.address);
        let smtp = smtp_with(&url, Limits::default(), 1);
        for n in 0..2 {
            let delivery = send(&smtp, n).await;
            assert_eq!(seen(&delivery), (Phase::Answered, Accepted, "accepted"), "{scheme} {auth}: {delivery:?}");
        }
        assert_eq!((server.connections(), server.received()[1].bytes.clone()), (1, mail(1)));
        let auths: Vec<_> = server.commands().into_iter().filter(|line| line.starts_with("AUTH")).collect();
        let expected = if auth == "LOGIN" { "AUTH LOGIN" } else { "AUTH PLAIN AHVzAHMzY3JldA==" };
        assert_eq!(auths, [expected]);
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_and_a_wrong_password_are_not_the_messages_fault() {
    let tls =
        Behaviour { starttls: true, auth: "PLAIN", auth_reply: "535 5.7.8 wrong", ..Behaviour::always(Act::Accept) };
    let server = FakeSmtp::start(tls).await;
    let stranger = smtp_with(&format!("smtp://{}", server.address), short(), 1);
    assert_eq!(seen(&send(&stranger, 0).await), (Phase::Greeting, NotSent, "tls_failed"));
    let wrong = smtp_with(&format!("smtp://us:s3cret@{}?ca={CA}", server.address), Limits::default(), 1);
    let delivery = send(&wrong, 0).await;
    assert_eq!(seen(&delivery), (Phase::Greeting, Later, "auth_failed"));
    assert!(!format!("{delivery:?}").contains("s3cret"));
}

/// Somebody on the way adds replies in the clear, to be believed after TLS has begun.
#[tokio::test]
async fn words_slipped_in_before_tls_end_the_conversation() {
    let injected = "\r\n250-fake\r\n250 AUTH PLAIN\r\n250 Ok\r\n250 Ok";
    let server =
        FakeSmtp::start(Behaviour { starttls: true, injected, ..Behaviour::always(Act::AtRcpt("550 5.1.1 no")) }).await;
    let smtp = smtp_with(&format!("smtp://{}?ca={CA}", server.address), short(), 1);
    assert_eq!(seen(&send(&smtp, 0).await), (Phase::Greeting, NotSent, "tls_failed"));
}
