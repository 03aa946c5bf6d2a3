//! Passwords: argon2id, hashed on a thread of its own, few at a time.
use std::sync::{Arc, LazyLock};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::id::Random;

/// A sign-in costs 19 MiB and some 30 ms of a core: more at once would be an attack on ourselves.
static AT_ONCE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// 19 MiB, twice over, one lane: the second of the settings that OWASP recommends, and the library's own.
fn hashed(password: &str, salt: &[u8]) -> anyhow::Result<String> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    Ok(hashed.map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))?.to_string())
}

/// Hashes a new password with a salt of its own.
pub async fn hash(password: String, random: &Random) -> anyhow::Result<String> {
    let salt: [u8; 16] = random.bytes();
    on_a_thread(move || hashed(&password, &salt)).await
}

/// Whether the password is the one that was hashed. Without a hash the same work is done, so that nobody learns from the
/// time it took whether there is such a login.
pub async fn verify(password: String, kept: Option<String>) -> anyhow::Result<bool> {
    on_a_thread(move || {
        let Some(kept) = kept else {
            hashed(&password, b"nobody's salt...")?;
            return Ok(false);
        };
        let parsed = PasswordHash::new(&kept).map_err(|error| anyhow::anyhow!("a kept hash is broken: {error}"))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let _turn = Arc::clone(&AT_ONCE).acquire_owned().await?;
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_opens() {
        let hashed = hash("horse battery staple".to_owned(), &Random::seeded(7)).await.expect("a hash");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("horse battery staple".to_owned(), Some(hashed.clone())).await.expect("a check"));
        assert!(!verify("horse battery stable".to_owned(), Some(hashed)).await.expect("a check"));
        assert!(!verify("anything".to_owned(), None).await.expect("the same work for nobody"));
    }
}
