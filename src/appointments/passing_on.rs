//! Who else wants to know of a visit: parts that lie there are fitted in it, work that was put off is done in it.
use std::sync::Arc;

use super::{Appointment, State};
use crate::{
    clock::Timestamp,
    db,
    dealerships::Dealership,
    desk::Desk,
    parts::{self, actions::CalledOff},
    repairs,
};

/// What the facts of one unit mean for others.
#[derive(Debug, Default)]
pub(super) struct News {
    fittings: Vec<parts::actions::Booked>,
    work: Vec<repairs::actions::Booked>,
    called_off: Vec<CalledOff>,
}

impl News {
    /// Something was done about a visit: it stands, or it fell through.
    pub(super) fn note(
        &mut self,
        dealership: &Arc<Dealership>,
        appointment: &Appointment,
        is_booking: bool,
        time: Timestamp,
    ) {
        let dealership = Arc::clone(dealership);
        match (appointment.state, appointment.vehicle_id, appointment.start_at) {
            (State::Booked | State::Confirmed, Some(vehicle), Some(start_at)) if is_booking => {
                let named = |service: &super::Service| [service.code.clone(), service.name.clone()];
                let services = appointment.services.iter().flat_map(named).flatten().collect();
                let booked = repairs::actions::Booked { dealership: Arc::clone(&dealership), vehicle, services, time };
                self.work.push(booked);
                let appointment = appointment.id;
                let booked = parts::actions::Booked { dealership, vehicle, appointment, start_at, time };
                self.fittings.push(booked);
            }
            (State::Cancelled | State::NoShow, ..) => {
                self.called_off.push(CalledOff { dealership, appointment: appointment.id, time });
            }
            _ => {}
        }
    }

    /// Tells them; three statements when there is nothing of theirs.
    pub(super) async fn tell(self, desk: &mut Desk<'_>) -> db::Result<()> {
        repairs::actions::work_is_booked(desk, &self.work).await?;
        parts::actions::fitting_is_booked(desk, &self.fittings).await?;
        parts::actions::fitting_is_off(desk, &self.called_off).await
    }
}
