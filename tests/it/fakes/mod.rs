//! Servers that behave well or badly on demand, in this process, on the loopback interface.
pub(crate) mod gateway;
pub(crate) mod smtp;
pub(crate) mod tencent;

use std::time::Duration;

/// Lets real time pass, for what depends on sockets.
pub(crate) async fn pause(millis: u64) {
    #[expect(clippy::disallowed_methods, reason = "a fake server is slow on purpose")]
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
