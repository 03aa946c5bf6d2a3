//! Live screens: one stream for each open page, which renders its own reader's language and rights.
use std::{convert::Infallible, time::Duration};

use axum::{
    http::HeaderValue,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use maud::Markup;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::visitor::Visitor;
use crate::{app::App, http::Error};

/// Several changes within this time are one.
const GATHER: Duration = Duration::from_millis(30);
/// Without any word of a change: deadlines pass, and other processes may have written.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A stream of a region: as it is now, then whenever it has changed, until the program stops. The first word is the region
/// itself, so that nothing is lost between the page and its stream.
pub fn region<F>(app: App, visitor: Visitor, render: impl Fn(App, Visitor) -> F + Send + Sync + 'static) -> Response
where
    F: Future<Output = Result<Markup, Error>> + Send,
{
    let mut response =
        Sse::new(words(app, visitor, render)).keep_alive(KeepAlive::new().interval(LOOK_AGAIN)).into_response();
    // A proxy in between must not wait for the end.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn words<F>(
    app: App,
    visitor: Visitor,
    render: impl Fn(App, Visitor) -> F + Send + Sync + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static
where
    F: Future<Output = Result<Markup, Error>> + Send,
{
    let changed = app.db.bells().changes();
    stream::unfold(
        (app, visitor, render, changed, None::<String>),
        async |(app, visitor, render, mut changed, last)| {
            let mut last = last;
            loop {
                if last.is_some() {
                    tokio::select! {
                        () = app.stopping.cancelled() => return None,
                        heard = timeout(LOOK_AGAIN, changed.changed()) => {
                            if heard.is_ok() {
                                pause(GATHER).await;
                            }
                        }
                    }
                }
                changed.mark_unchanged();
                if app.stopping.is_cancelled() {
                    return None;
                }
                // A session that has ended since shows nothing more: the page asks again and is sent to sign in.
                let visitor_now = visitor.refreshed(&app).await.ok().flatten()?;
                let Ok(markup) = render(app.clone(), visitor_now).await else {
                    last = Some(last.unwrap_or_default());
                    continue;
                };
                let text = markup.into_string();
                // Countdowns go on by themselves: what differs only in them is no news.
                if last.as_deref() != Some(text.as_str()) {
                    let event = Event::default().event("patch").data(text.clone());
                    return Some((Ok(event), (app, visitor, render, changed, Some(text))));
                }
            }
        },
    )
}

async fn pause(time: Duration) {
    let mut tick = interval(time);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    tick.tick().await;
}
