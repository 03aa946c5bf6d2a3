//! The life of an appointment: what a fact changes in it, and what others are to hear of that. Pure.
//!
//! Senders are never told that a fact came too late or makes no sense: it is put on record as stale, with the reason.
use sqlx::types::Json;

use super::{Appointment, Booking, Occasion, Said, Service, State};
use crate::{
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    dealerships::Dealership,
    id::Id,
    staff::Staff,
};

/// A fact with the people and things it names already found.
#[derive(Clone, Copy, Debug)]
pub(super) struct News<'a> {
    pub(super) said: &'a Said,
    /// The event's `time`.
    pub(super) time: Timestamp,
    /// The sender's revision.
    pub(super) revision: Option<i64>,
    pub(super) customer: Option<Id<Customer>>,
    pub(super) vehicle: Option<Id<Vehicle>>,
    pub(super) advisor: Option<Id<Staff>>,
    /// Who says so.
    pub(super) source: &'a str,
}

/// What a fact came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Applied(Effect),
    /// Without effect; the reason for the record.
    Stale(&'static str),
}

/// What others are to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    /// The type under which it is heard: a booking with another start is heard as a move.
    pub(super) event_type: &'static str,
    /// Nothing new is to be said.
    pub(super) quietly: bool,
    /// Of a move.
    pub(super) previous_start_at: Option<Timestamp>,
}

/// What a customer can see; a change of it counts as a revision.
#[derive(PartialEq)]
struct Visible {
    start_at: Option<Timestamp>,
    end_at: Option<Timestamp>,
    advisor: Option<Id<Staff>>,
    vehicle: Option<Id<Vehicle>>,
    services: Json<Vec<Service>>,
}

impl Appointment {
    /// An appointment that is heard of for the first time, in the state that the fact says; without a booking it has no
    /// data and nobody to tell.
    pub(super) fn first_heard(
        id: Id<Self>,
        dealership_id: Id<Dealership>,
        reference: &str,
        news: &News<'_>,
        now: Timestamp,
    ) -> (Self, Verdict) {
        let mut appointment = Self {
            id,
            dealership_id,
            reference: reference.to_owned(),
            state: State::Requested,
            revision: 0,
            sender_revision: None,
            heard_at: news.time,
            customer_id: None,
            vehicle_id: None,
            advisor_id: None,
            start_at: None,
            end_at: None,
            booked_at: None,
            booked_by: None,
            channel: None,
            services: Json(Vec::new()),
            customer_words: None,
            is_comeback: false,
            parts_required: Json(Vec::new()),
            confirmed_at: None,
            arrived_at: None,
            completed_at: None,
            cancelled_at: None,
            cancel_reason: None,
            source: None,
            requested_at: None,
            confirmed_via: None,
            parts_ready: None,
            original_ref: None,
            missed_at: None,
            recovered_at: None,
            warnings: Json(Vec::new()),
            missing: Json(Vec::new()),
            created_at: now,
        };
        let verdict = appointment.hear(news);
        (appointment, verdict)
    }

    /// Applies a fact, unless it is older than the last one or makes no sense any more.
    pub(super) fn hear(&mut self, news: &News<'_>) -> Verdict {
        if self.is_older(news) {
            return match news.said.booking() {
                // The booking of something that younger facts were heard of: its data, not its state.
                Some(booking) if self.start_at.is_none() => {
                    self.take_over(booking, news);
                    quiet("appointment.booked")
                }
                _ => Verdict::Stale("older_than_known"),
            };
        }
        let verdict = match news.said {
            Said::Requested(booking) => self.ask(booking, news, State::Requested),
            Said::Proposed(booking) => self.ask(booking, news, State::Proposed),
            Said::Booked(booking) | Said::Rescheduled(booking) => self.book(booking, news),
            Said::Confirmed(occasion) => self.confirm(occasion, occasion.by.as_deref().unwrap_or(news.source)),
            Said::Cancelled(occasion) => self.cancel(occasion),
            Said::Arrived(occasion) => self.arrive(occasion),
            Said::NoShow(occasion) => self.miss(occasion),
            Said::Completed(occasion) => self.complete(occasion),
        };
        if matches!(verdict, Verdict::Applied(_)) {
            self.heard_at = news.time;
            self.sender_revision = news.revision.or(self.sender_revision);
            self.source = Some(news.source.to_owned());
        }
        verdict
    }

    /// By the sender's revision where both carry one, else by time; equal is in order of arrival (`interface.md` 3.1).
    fn is_older(&self, news: &News<'_>) -> bool {
        match (news.revision, self.sender_revision) {
            (Some(theirs), Some(known)) => theirs < known,
            _ => news.time < self.heard_at,
        }
    }

    /// Asked for, or answered with another time: nothing is booked yet. What is booked already is not asked for again.
    fn ask(&mut self, booking: &Booking, news: &News<'_>, state: State) -> Verdict {
        match self.state {
            State::Booked | State::Confirmed | State::MoveRequested | State::NoShowSuspected => {
                return Verdict::Stale("already_booked");
            }
            State::Arrived | State::InService | State::Completed => return Verdict::Stale("already_arrived"),
            // The answer is out; the same wish again changes nothing.
            State::Proposed if state == State::Requested => return quiet("appointment.requested"),
            State::Requested | State::Proposed | State::Cancelled | State::NoShow => {}
        }
        let seen = self.visible();
        let is_told = self.start_at.is_some() && self.state == state;
        self.take_over(booking, news);
        if seen.start_at.is_some() && self.visible() != seen {
            self.revision += 1;
        } else if is_told {
            return quiet(news.said.event_type());
        }
        if state == State::Requested {
            self.requested_at = Some(booking.booked_at.unwrap_or(news.time));
        } else {
            self.requested_at = self.requested_at.or(booking.booked_at);
        }
        self.state = state;
        aloud(news.said.event_type())
    }

    /// Booked, booked again, or moved: which of them, the start tells. What else was altered is told only when the sender
    /// calls it a move: systems send a booking again for every word that somebody adds to it.
    fn book(&mut self, booking: &Booking, news: &News<'_>) -> Verdict {
        let (before, seen, heard_at) = (self.state, self.visible(), self.heard_at);
        self.take_over(booking, news);
        let is_altered = self.visible() != seen;
        if seen.start_at.is_some() && is_altered {
            self.revision += 1;
        }
        let has_moved = seen.start_at != self.start_at || (is_altered && matches!(news.said, Said::Rescheduled(_)));
        match before {
            State::Requested | State::Proposed => self.state = State::Booked,
            // Booked anew: they are told as if it were the first time, under the same calendar entry.
            State::Cancelled | State::NoShow if has_moved || before == State::Cancelled => {
                self.state = State::Booked;
                (self.confirmed_at, self.confirmed_via) = (None, None);
                (self.cancelled_at, self.cancel_reason) = (None, None);
                // A booking time of before that is the first booking's.
                self.booked_at = self.booked_at.filter(|at| *at > heard_at).or(Some(news.time));
                if !is_altered {
                    // The cancellation was seen, and so is that it is void.
                    self.revision += 1;
                }
            }
            State::Booked | State::Confirmed | State::MoveRequested | State::NoShowSuspected
                if has_moved && seen.start_at.is_some() =>
            {
                // What was confirmed was the old time.
                self.state = State::Booked;
                (self.confirmed_at, self.confirmed_via) = (None, None);
                return Verdict::Applied(Effect {
                    event_type: "appointment.rescheduled",
                    quietly: false,
                    previous_start_at: seen.start_at,
                });
            }
            State::Booked | State::Confirmed | State::MoveRequested | State::NoShowSuspected if has_moved => {}
            // The same again, perhaps with other details; or the visit is under way or over.
            _ => return quiet("appointment.booked"),
        }
        aloud("appointment.booked")
    }

    pub(super) fn confirm(&mut self, occasion: &Occasion, via: &str) -> Verdict {
        match self.state {
            State::Confirmed => return quiet("appointment.confirmed"),
            State::Cancelled => return Verdict::Stale("already_cancelled"),
            State::Arrived | State::InService | State::Completed => return Verdict::Stale("already_arrived"),
            State::NoShow => return Verdict::Stale("already_missed"),
            State::Requested | State::Proposed | State::Booked | State::MoveRequested | State::NoShowSuspected => {}
        }
        self.state = State::Confirmed;
        (self.confirmed_at, self.confirmed_via) = (Some(occasion.at), Some(via.to_owned()));
        self.heard("appointment.confirmed")
    }

    pub(super) fn cancel(&mut self, occasion: &Occasion) -> Verdict {
        match self.state {
            State::Cancelled => return quiet("appointment.cancelled"),
            State::Arrived | State::InService | State::Completed => return Verdict::Stale("already_arrived"),
            State::NoShow => return Verdict::Stale("already_missed"),
            State::Requested
            | State::Proposed
            | State::Booked
            | State::Confirmed
            | State::MoveRequested
            | State::NoShowSuspected => {}
        }
        self.state = State::Cancelled;
        self.revision += 1;
        self.cancelled_at = Some(occasion.at);
        self.cancel_reason.clone_from(&occasion.reason);
        self.heard("appointment.cancelled")
    }

    /// They move it themselves.
    pub(super) fn move_to(&mut self, start_at: Timestamp) -> Verdict {
        match self.state {
            State::Cancelled => return Verdict::Stale("already_cancelled"),
            State::Arrived | State::InService | State::Completed => return Verdict::Stale("already_arrived"),
            State::NoShow => return Verdict::Stale("already_missed"),
            State::Requested | State::Proposed => return Verdict::Stale("not_booked"),
            State::Booked | State::Confirmed | State::MoveRequested | State::NoShowSuspected => {}
        }
        let previous = self.start_at;
        if previous == Some(start_at) {
            return quiet("appointment.rescheduled");
        }
        let length = previous.zip(self.end_at).map(|(start, end)| end.since(start));
        self.start_at = Some(start_at);
        self.end_at = length.map(|length| start_at.plus(length));
        self.revision += 1;
        self.state = State::Booked;
        (self.confirmed_at, self.confirmed_via) = (None, None);
        Verdict::Applied(Effect { event_type: "appointment.rescheduled", quietly: false, previous_start_at: previous })
    }

    /// They ask for another time: what is booked stands until somebody gives them one, and nobody is thought to be missing.
    pub(super) fn ask_to_move(&mut self) -> Verdict {
        match self.state {
            State::MoveRequested => return quiet("appointment.move_requested"),
            State::Cancelled => return Verdict::Stale("already_cancelled"),
            State::Arrived | State::InService | State::Completed => return Verdict::Stale("already_arrived"),
            State::NoShow => return Verdict::Stale("already_missed"),
            State::Requested | State::Proposed | State::Booked | State::Confirmed | State::NoShowSuspected => {}
        }
        self.state = State::MoveRequested;
        self.heard("appointment.move_requested")
    }

    /// The time has passed by half an hour and nobody came (BR-14); false when that is no news.
    pub(super) fn suspect(&mut self) -> bool {
        let is_expected = matches!(self.state, State::Booked | State::Confirmed);
        if is_expected {
            self.state = State::NoShowSuspected;
        }
        is_expected
    }

    /// The day is over and nobody came; false when that is no news.
    pub(super) fn give_up(&mut self, at: Timestamp) -> bool {
        let is_suspected = self.state == State::NoShowSuspected;
        if is_suspected {
            self.state = State::NoShow;
            self.missed_at = Some(at);
        }
        is_suspected
    }

    /// Whoever stands at the counter has arrived, whatever was thought of them: also after a cancellation.
    fn arrive(&mut self, occasion: &Occasion) -> Verdict {
        self.arrived_at = self.arrived_at.or(Some(occasion.at));
        if matches!(self.state, State::Arrived | State::InService | State::Completed) {
            return quiet("appointment.arrived");
        }
        self.state = State::Arrived;
        self.heard("appointment.arrived")
    }

    fn miss(&mut self, occasion: &Occasion) -> Verdict {
        match self.state {
            State::NoShow => quiet("appointment.no_show"),
            State::Cancelled => Verdict::Stale("already_cancelled"),
            State::Arrived | State::InService | State::Completed => Verdict::Stale("already_arrived"),
            State::Requested
            | State::Proposed
            | State::Booked
            | State::Confirmed
            | State::MoveRequested
            | State::NoShowSuspected => {
                self.state = State::NoShow;
                self.missed_at = Some(occasion.at);
                self.heard("appointment.no_show")
            }
        }
    }

    fn complete(&mut self, occasion: &Occasion) -> Verdict {
        if self.state == State::Completed {
            return quiet("appointment.completed");
        }
        self.state = State::Completed;
        self.completed_at = Some(occasion.at);
        self.heard("appointment.completed")
    }

    fn heard(&self, event_type: &'static str) -> Verdict {
        if self.customer_id.is_some() { aloud(event_type) } else { quiet(event_type) }
    }

    fn visible(&self) -> Visible {
        Visible {
            start_at: self.start_at,
            end_at: self.end_at,
            advisor: self.advisor_id,
            vehicle: self.vehicle_id,
            services: self.services.clone(),
        }
    }

    /// A moved appointment whose new end was not said keeps its length.
    fn take_over(&mut self, booking: &Booking, news: &News<'_>) {
        let length = self.start_at.zip(self.end_at).map(|(start, end)| end.since(start));
        self.end_at = booking.end_at.or(length.map(|length| booking.start_at.plus(length)));
        self.start_at = Some(booking.start_at);
        self.customer_id = news.customer.or(self.customer_id);
        self.vehicle_id = news.vehicle.or(self.vehicle_id);
        self.advisor_id = news.advisor.or(self.advisor_id);
        self.booked_at = booking.booked_at.or(self.booked_at).or(Some(news.time));
        self.is_comeback = booking.is_comeback.unwrap_or(self.is_comeback);
        for (held, told) in [
            (&mut self.booked_by, &booking.booked_by),
            (&mut self.channel, &booking.channel),
            (&mut self.customer_words, &booking.customer_words),
        ] {
            if told.is_some() {
                held.clone_from(told);
            }
        }
        if let Some(services) = &booking.services {
            self.services.0.clone_from(services);
        }
        self.parts_ready = booking.parts_ready.or(self.parts_ready);
        if let Some(parts) = &booking.parts_required {
            self.parts_required.0.clone_from(parts);
        }
    }
}

fn aloud(event_type: &'static str) -> Verdict {
    Verdict::Applied(Effect { event_type, quietly: false, previous_start_at: None })
}

fn quiet(event_type: &'static str) -> Verdict {
    Verdict::Applied(Effect { event_type, quietly: true, previous_start_at: None })
}

#[cfg(test)]
mod tests;
