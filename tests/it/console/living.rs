//! A live screen as its stream tells it: as it is, what changes at once and nothing else, until the program stops.
use std::time::{Duration, Instant};

use aftercare::console::policy::Role;
use axum::{body::Body, http::Request};
use futures_util::StreamExt;

use super::shift::{morning, takes};

/// Sooner than the look that a stream takes by itself: what comes within this time came by the bell.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_on_the_other_screen_at_once_and_the_stream_ends_when_the_program_stops() {
    let shop = morning().await;
    let hu = shop.seat("agt-8", &[Role::Agent]).await;
    let request = Request::builder()
        .uri("/console/calls/live/queue?tab=due")
        .header("cookie", hu.cookie.clone().expect("a session"))
        .header("accept-language", "en")
        .header("accept-encoding", "gzip");
    let response = shop.answers(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(!response.headers().contains_key("content-encoding"), "a packed stream would be late");
    let mut stream = response.into_body().into_data_stream();
    let mut next = async |within| -> Option<String> {
        let frame = tokio::time::timeout(within, stream.next()).await.expect("in time")?;
        Some(String::from_utf8(frame.expect("a frame").to_vec()).expect("UTF-8"))
    };
    let first = next(AT_ONCE).await.expect("the screen as it is");
    assert!(first.starts_with("event: patch") && first.contains("Anna Weber"), "{first}");
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let began = Instant::now();
    takes(&mut li).await;
    let claimed = next(AT_ONCE).await.expect("the claim");
    assert!(claimed.contains("agt-9 Li has it"), "{claimed}");
    println!("a claim was in the other's stream after {:?}", began.elapsed());
    let began = Instant::now();
    shop.app.stopping.cancel();
    assert_eq!(next(AT_ONCE).await, None, "the stream ends");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
