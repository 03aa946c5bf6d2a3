//! The SQL of link keys.
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
};

/// The key that is kept; `fresh` where there is none yet.
pub(super) async fn keep(tx: &mut Tx, fresh: &str, now: Timestamp) -> Result<String> {
    // The update changes nothing: it is there because DO NOTHING would answer no row.
    let (secret,): (String,) = tx
        .sql(
            "INSERT INTO link_keys (id, secret, created_at) VALUES ('1', $1, $2)
             ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING secret",
        )
        .bind(fresh.to_owned())
        .bind(now)
        .one()
        .await?;
    Ok(secret)
}
