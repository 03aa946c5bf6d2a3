//! Each way a provider can answer, fail or fall silent, and the one right name for it.
mod connections;
mod email;
mod sms;
mod tencent;
mod tls;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use aftercare::channels::{
    Delivered, Delivery, HandOver, Outcome, Phase,
    email::{Limits, Route, Smtp},
};
use futures_util::future::BoxFuture;

use crate::fakes::smtp::FakeSmtp;

const TO: &str = "anna@example.com";

/// Commits at once, and counts.
#[derive(Default)]
struct Marks(AtomicUsize);

impl Marks {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
impl HandOver for Marks {
    fn mark(&self) -> BoxFuture<'_, bool> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { true })
    }
}

/// The lease was lost.
struct Lost;
impl HandOver for Lost {
    fn mark(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}

fn short() -> Limits {
    let step = Duration::from_millis(150);
    Limits { connect: step, greeting: step, envelope: step, data: step, after_dot: step, ..Limits::default() }
}

fn smtp_with(url: &str, limits: Limits, connections: usize) -> Smtp {
    let Ok(Route::Smtp(mut settings)) = Route::parse(url) else { panic!("{url} is no SMTP URL") };
    settings.limits = limits;
    settings.connections = connections;
    Smtp::new(*settings).expect("settings")
}

fn smtp(server: &FakeSmtp, limits: Limits) -> Smtp {
    smtp_with(&server.url("?tls=none"), limits, 8)
}

fn mail(n: usize) -> Vec<u8> {
    format!("Message-ID: <msg_{n}@dealer.example>\r\nSubject: {n}\r\n\r\nHello\r\n.\r\n..two\r\n").into_bytes()
}

async fn send(smtp: &Smtp, n: usize) -> Delivery {
    answered(smtp.deliver("b@dealer.example", TO, &mail(n), &Marks::default()).await)
}

fn answered(delivered: Delivered) -> Delivery {
    match delivered {
        Delivered::Answered(delivery) => delivery,
        Delivered::Stopped => panic!("stopped"),
        Delivered::TooEarly(wait) => panic!("too early by {wait:?}"),
    }
}

fn seen(delivery: &Delivery) -> (Phase, Outcome, &'static str) {
    (delivery.phase, delivery.outcome, delivery.reason)
}
