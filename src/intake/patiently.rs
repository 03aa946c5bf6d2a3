//! Events of a long file on their way in: tried again when the database is busy, and giving way to a server beside us.
use std::time::{Duration, Instant};

use super::{
    actions::{self, Answer},
    envelope::Envelope,
};
use crate::{app::App, http::Error};

/// Between two transactions a serve beside us gets as long as we took, in these bounds.
const SHORTEST_TURN: Duration = Duration::from_millis(5);
const LONGEST_TURN: Duration = Duration::from_millis(150);
/// How often a unit is tried again that the database could not take.
const TRIES: usize = 3;

/// [`actions::take`], for whoever has time.
///
/// # Errors
/// Those of [`actions::take`]; of the database after some tries.
pub async fn take(app: &App, envelopes: Vec<Envelope>) -> Result<Answer, Error> {
    let mut tries = 0;
    let began = Instant::now();
    let answer = loop {
        match actions::take(app, envelopes.clone()).await {
            Err(Error::Database(_)) if tries < TRIES => {
                tries += 1;
                pause(Duration::from_secs(1)).await;
            }
            answer => break answer,
        }
    };
    // SQLite gives its one writer's place to whoever asks at the right moment: a serve beside us gets its turn.
    if app.db.is_sqlite() {
        pause(began.elapsed().clamp(SHORTEST_TURN, LONGEST_TURN)).await;
    }
    answer
}

async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "gives way to another process; nothing waits for it")]
    tokio::time::sleep(time).await;
}
