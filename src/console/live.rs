//! Live screens: one stream for each open page, which renders its own reader's language and rights.
use std::{convert::Infallible, sync::Arc, time::Duration};

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

use super::{pieces::COUNTDOWN, visitor::Visitor};
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
    let render = Arc::new(render);
    stream_of(app.clone(), LOOK_AGAIN, move || {
        let (app, visitor, render) = (app.clone(), visitor.clone(), Arc::clone(&render));
        async move {
            // A session that has ended since shows nothing more: the page asks again and is sent to sign in.
            let visitor = visitor.refreshed(&app).await.ok().flatten()?;
            Some(render(app, visitor).await)
        }
    })
}

/// The same for a page that nobody signs in to, looked at again after `look_again` at the latest. The stream ends when `render`
/// answers none.
pub fn stream_of<F>(app: App, look_again: Duration, render: impl Fn() -> F + Send + Sync + 'static) -> Response
where
    F: Future<Output = Option<Result<Markup, Error>>> + Send,
{
    let mut response =
        Sse::new(words(app, look_again, render)).keep_alive(KeepAlive::new().interval(LOOK_AGAIN)).into_response();
    // A proxy in between must not wait for the end.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn words<F>(
    app: App,
    look_again: Duration,
    render: impl Fn() -> F + Send + Sync + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static
where
    F: Future<Output = Option<Result<Markup, Error>>> + Send,
{
    let changed = app.db.bells().changes();
    stream::unfold(
        (app, render, changed, look_again, None::<String>),
        async |(app, render, mut changed, wait, last)| {
            let mut last = last;
            loop {
                if last.is_some() {
                    tokio::select! {
                        () = app.stopping.cancelled() => return None,
                        heard = timeout(wait, changed.changed()) => {
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
                let Ok(markup) = render().await? else {
                    last = Some(last.unwrap_or_default());
                    continue;
                };
                let text = markup.into_string();
                let news = without_countdowns(&text);
                if last.as_deref() != Some(news.as_str()) {
                    let event = Event::default().event("patch").data(text);
                    return Some((Ok(event), (app, render, changed, wait, Some(news))));
                }
            }
        },
    )
}

/// The region less what its countdowns say: they go on by themselves in the browser, and what differs only in them is no news.
fn without_countdowns(markup: &str) -> String {
    let mut news = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some((before, countdown)) = rest.split_once(COUNTDOWN) {
        news.push_str(before);
        let (countdown, after) = countdown.split_once("</time>").unwrap_or((countdown, ""));
        let due = countdown.split_once(" datetime=").map_or(countdown, |(_, due)| due);
        news.push_str(due.split_once(" data-left=").map_or(due, |(due, _)| due));
        rest = after;
    }
    news.push_str(rest);
    news
}

async fn pause(time: Duration) {
    let mut tick = interval(time);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    tick.tick().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_more_than_the_passing_of_time_is_news() {
        let row = |state: &str, due: &str, left: &str, words: &str| {
            format!(
                "<li>Wang <time class=\"due {state}\" datetime=\"{due}\" title=\"x\" data-left=\"{left}\">{words}</time> now</li>"
            )
        };
        let now = without_countdowns(&row("soon", "2026-03-02T02:00:00Z", "59", "due in 1 min"));
        assert_eq!(now, without_countdowns(&row("late", "2026-03-02T02:00:00Z", "-2", "1 min late")));
        assert_ne!(now, without_countdowns(&row("soon", "2026-03-02T03:00:00Z", "59", "due in 1 min")));
        assert!(now.starts_with("<li>Wang ") && now.ends_with(" now</li>") && !now.contains("due in"), "{now}");
        assert_eq!(without_countdowns("<p>nothing counts</p>"), "<p>nothing counts</p>");
    }
}
