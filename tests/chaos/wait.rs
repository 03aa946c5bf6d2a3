//! Waiting for another process: looked at again and again, never longer than its limit.
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Waits until `look` answers `Some`.
///
/// # Errors
/// After `limit`, naming `what` did not happen; an error of `look` ends the wait.
pub(crate) async fn until<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if start.elapsed() > limit {
            bail!("waited {limit:?} in vain: {what}");
        }
        pause(Duration::from_millis(25)).await;
    }
}

pub(crate) async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "another process cannot be told to be quick")]
    tokio::time::sleep(time).await;
}
