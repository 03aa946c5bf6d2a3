//! What the process says about itself: log lines on standard error, and the names of its metrics.
use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::{app::App, config::LogFormat};

/// Events answered `accepted`. A counter.
pub const EVENTS_ACCEPTED: &str = "aftercare_events_accepted_total";
/// Attempts that came to an end, by `channel` and `outcome`. A counter.
pub const MESSAGES: &str = "aftercare_messages_total";
/// Rows that wait in a `lane`, due or not. A gauge.
pub const LANE_DEPTH: &str = "aftercare_lane_depth";
/// How long the oldest due row of a `lane` has been waiting, in seconds: the one to raise an alarm on. A gauge.
pub const LANE_OLDEST_DUE: &str = "aftercare_lane_oldest_due_seconds";
/// Requests answered, by `method`, `route` (the pattern, never the address) and `status`. A counter.
pub const REQUESTS: &str = "aftercare_http_requests_total";

/// Log lines go to standard error, in the form the settings ask for; `RUST_LOG` says how much. Fields hold ids and counts,
/// never a name, a number or an address. Does nothing when a subscriber is already there.
pub fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,apalis_core=warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // The error means that somebody else has subscribed first, as tests do.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

/// The recorder of this process, made when it is first asked for. The facade is one per process, so this is too.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics is installed: /metrics stays empty");
        }
        metrics::describe_counter!(EVENTS_ACCEPTED, "Events answered accepted.");
        metrics::describe_counter!(MESSAGES, "Attempts that came to an end, by channel and outcome.");
        metrics::describe_gauge!(LANE_DEPTH, "Rows that wait in a lane.");
        metrics::describe_gauge!(LANE_OLDEST_DUE, metrics::Unit::Seconds, "Age of the oldest due row of a lane.");
        metrics::describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
        handle
    })
}

/// Counts a message that came to a state.
pub fn message_moved(channel: &'static str, state: &'static str) {
    metrics::counter!(MESSAGES, "channel" => channel, "outcome" => state).increment(1);
}

/// Brings the gauges up to date; called before each answer of `/metrics`.
pub async fn refresh(app: &App) {
    match crate::lanes::due(app).await {
        Ok(lanes) => {
            for lane in lanes {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!(LANE_DEPTH, "lane" => lane.name).set(lane.rows as f64);
                metrics::gauge!(LANE_OLDEST_DUE, "lane" => lane.name).set(lane.oldest.as_secs_f64());
            }
        }
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the lanes could not be counted"),
    }
}
