//! Who of ours is told of an inquiry: its owner or who stands in, the managers, the directors (BR-03).
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    escalation::{Owner, Readers},
    keeping::Thread,
};
use crate::{
    clock::Timestamp,
    db,
    desk::Desk,
    id::Id,
    notices::actions::{Heard, hear},
    staff::{
        self, Staff,
        standing_in::{self, Standing},
    },
};

impl Thread {
    /// Warns of an answer that is due.
    pub(super) async fn warn(
        &self,
        desk: &mut Desk<'_>,
        due_at: Timestamp,
        readers: Readers,
        occasion: String,
    ) -> db::Result<()> {
        let left = due_at.since(desk.now).as_mins().max(0);
        self.tell_staff(desk, "inquiry.at_risk", readers, occasion, json!({"left_minutes": left})).await
    }

    /// One notice for each reader; what has no reader goes to the dealership's own mail.
    pub(super) async fn tell_staff(
        &self,
        desk: &mut Desk<'_>,
        event_type: &'static str,
        readers: Readers,
        occasion: String,
        detail: Value,
    ) -> db::Result<()> {
        let (mut told, managers) = self.owner_told(desk, readers.owner).await?;
        let roles = [(readers.managers || managers, "service_manager"), (readers.directors, "director")];
        for (_, role) in roles.into_iter().filter(|(wanted, _)| *wanted) {
            let having = staff::actions::with_role(desk.tx, self.inquiry.dealership_id, role).await?;
            told.extend(having.into_iter().map(Some));
        }
        if told.is_empty() {
            told.insert(None);
        }
        for reader in told {
            let heard = Heard {
                advisor_id: reader,
                occasion: Some(occasion.clone()),
                detail: detail.clone(),
                ..self.heard(event_type)
            };
            hear(desk, &heard).await?;
        }
        Ok(())
    }

    /// Who is told in the owner's place, and whether the managers are because somebody is missing.
    async fn owner_told(&self, desk: &mut Desk<'_>, how: Owner) -> db::Result<(BTreeSet<Option<Id<Staff>>>, bool)> {
        let owner = match (how, self.inquiry.owner_id) {
            (Owner::Untold, _) => return Ok((BTreeSet::new(), false)),
            (Owner::Alone, None) => return Ok((BTreeSet::from([None]), false)),
            (Owner::WithSubstitute, None) => return Ok((BTreeSet::from([None]), true)),
            (_, Some(owner)) => owner,
        };
        let with_second = how == Owner::WithSubstitute;
        match standing_in::of(desk, &self.dealership, owner).await? {
            Standing::Away => Ok((BTreeSet::new(), true)),
            Standing::Substitute(other) => Ok((BTreeSet::from([Some(other)]), with_second)),
            Standing::Here if with_second => {
                let second = standing_in::second(desk, &self.dealership, owner).await?;
                Ok((BTreeSet::from([Some(owner)]).into_iter().chain(second.map(Some)).collect(), second.is_none()))
            }
            Standing::Here => Ok((BTreeSet::from([Some(owner)]), false)),
        }
    }
}
