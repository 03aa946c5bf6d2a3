//! What one unit does while another has written and not committed yet.
use std::{cell::Cell, sync::Arc};

use aftercare::db::{self, Weight};
use tokio::sync::Notify;

use super::Shop;

impl Shop {
    /// `then`, begun after another unit ran these statements about `id`, which commits as soon as `then` waits for it or is over.
    pub(crate) async fn meanwhile<T, const N: usize>(
        &self,
        statements: [&'static str; N],
        id: &str,
        then: impl Future<Output = T>,
    ) -> T {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (has_begun, may_go, id) = (begun.clone(), go.clone(), id.to_owned());
        let other = self.app.db.write(Weight::ONE, move |tx| {
            let (begun, go, id) = (begun.clone(), go.clone(), id.clone());
            Box::pin(async move {
                for statement in statements {
                    // An error would be tried again, or leave the other waiting for ever.
                    tx.sql(statement).bind(id.clone()).execute().await.expect("what the other writes");
                }
                begun.notify_one();
                go.notified().await;
                Ok::<_, db::Error>(())
            })
        });
        let is_over = Cell::new(false);
        let then = async {
            has_begun.notified().await;
            let came = then.await;
            is_over.set(true);
            came
        };
        let watch = async {
            // SQLite has one writer, behind which every other waits.
            while !self.app.db.is_sqlite() && !is_over.get() && !self.somebody_waits().await {
                tokio::task::yield_now().await;
            }
            may_go.notify_one();
        };
        let (came, (), other) = tokio::join!(then, watch, other);
        other.expect("committed");
        came
    }

    async fn somebody_waits(&self) -> bool {
        let mut tx = self.app.db.read().await.expect("a connection");
        let (waiting,): (i64,) = tx
            .sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .one()
            .await
            .expect("an answer");
        waiting > 0
    }
}
