//! The way out for mail: found, reached, with TLS, and willing. No mail is sent.
use super::{Finding, STEP};
use crate::{
    channels::{
        Delivery,
        email::{Route, Smtp, SmtpSettings},
        tls::Verdict,
    },
    clock::Timestamp,
    config::Config,
    lanes,
};

pub(super) async fn look(config: &Config, now: Timestamp) -> Vec<Finding> {
    let named = "email.url";
    let route = match lanes::mail_route(&config.email) {
        Ok(Some(route)) => route,
        Ok(None) => {
            return vec![Finding::warn("mail", named, "it is not set: no mail is sent", "set it and email.from")];
        }
        Err(error) => return vec![Finding::bad("mail", named, error.to_string(), "correct it")],
    };
    match route {
        Route::Smtp(settings) => smtp(*settings, now).await,
        Route::Mailbox => vec![Finding::warn(
            "mail",
            named,
            "mail goes to the built-in mailbox and to nobody",
            "set it to a mail server before customers are to be reached",
        )],
        Route::Dir(folder) => {
            let is_there = folder.is_dir();
            let subject = folder.display().to_string();
            let to_do = "set email.url to a mail server before customers are to be reached";
            vec![if is_there {
                Finding::warn("mail", subject, "mail is written to this folder and sent to nobody", to_do)
            } else {
                Finding::bad("mail", subject, "there is no such folder", "make it, or correct email.url")
            }]
        }
    }
}

async fn smtp(mut settings: SmtpSettings, now: Timestamp) -> Vec<Finding> {
    let subject = format!("{}:{}", settings.host, settings.port);
    (settings.limits.connect, settings.limits.greeting) = (STEP, STEP);
    let signs_in = settings.user.is_some();
    let (server, seen) = match Smtp::watched(settings.clone(), now) {
        Ok(server) => server,
        Err(error) => return vec![Finding::bad("mail", subject, error.to_string(), "correct ca= in email.url")],
    };
    let greeted = server.greet().await;
    let mut found = vec![match greeted {
        Ok(()) => Finding::ok("mail", &subject, if signs_in { "greets us and lets us sign in" } else { "greets us" }),
        Err(end) => refused(&subject, &settings, &end, seen.verdict()),
    }];
    match seen.verdict() {
        Some(Verdict::Good) => found.push(Finding::ok("tls", subject, "its certificate is good")),
        Some(Verdict::EndsSoon) => {
            let so = "its certificate ends within two weeks";
            found.push(Finding::warn("tls", subject, so, "ask whoever runs it to renew it"));
        }
        Some(Verdict::Refused(_)) | None => {}
    }
    found
}

fn refused(subject: &str, settings: &SmtpSettings, end: &Delivery, seen: Option<Verdict>) -> Finding {
    if let Some(Verdict::Refused(why)) = seen {
        let to_do = "name the host as its certificate does; a CA of your own is named by ?ca=FILE in email.url";
        return Finding::bad("tls", subject, format!("its certificate {why}"), to_do);
    }
    let port = "587 with STARTTLS, 465 with smtps://, 25 with ?tls=none";
    let (found, to_do) = match end.reason {
        "host_unknown" => {
            (format!("the name {} is not found", settings.host), "correct the host in email.url, or this machine's DNS")
        }
        "connection_refused" => (format!("nobody listens on port {}", settings.port), port),
        "connection_failed" => ("cannot be reached".to_owned(), "look at the network and its firewall"),
        "timeout" => {
            ("does not answer in time".to_owned(), "look at the port and the firewall; smtps:// is for port 465 alone")
        }
        "tls_required" => {
            ("offers no STARTTLS".to_owned(), "use smtps://, or ?tls=none for a relay on this very machine")
        }
        "tls_failed" | "tls_refused" => {
            ("does not agree on TLS".to_owned(), "smtp:// begins in the clear (587), smtps:// with TLS (465)")
        }
        "auth_failed" => {
            ("does not let us sign in".to_owned(), "correct user and password in email.url; some want one per program")
        }
        "greeting_refused" => ("does not want to talk to us".to_owned(), "ask whoever runs it to let this machine in"),
        "server_busy" => ("is too busy just now".to_owned(), "look again in a minute"),
        other => (format!("broke off: {other}"), "see whether it is a mail server that listens there"),
    };
    let answer = [end.code.as_deref(), end.reply.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let found = if answer.is_empty() { found } else { format!("{found} (it says {answer})") };
    Finding::bad("mail", subject, found, to_do)
}
