//! Which desk a clock is handed to when it rings.
use super::{Clock, ClockKind, actions};
use crate::{
    appointments, assists, calls, cases, db, desk::Desk, inquiries, parts, receipts, repairs, reports, retention,
    surveys,
};

/// Lets the desk act on its clocks: all of one kind, the longest due first. They are deleted in this same transaction; a
/// desk that wants to be woken again sets another one.
pub(super) async fn ring(desk: &mut Desk<'_>, kind: ClockKind, clocks: &[Clock]) -> db::Result<()> {
    match kind {
        ClockKind::AppointmentNoShow => appointments::actions::suspect_no_show(desk, clocks).await,
        ClockKind::AppointmentUnconfirmed => appointments::actions::unconfirmed(desk, clocks).await,
        ClockKind::SurveyInvitation => surveys::actions::invite_due(desk, clocks).await,
        ClockKind::SurveyExpiry => surveys::actions::expire_due(desk, clocks).await,
        ClockKind::CaseDeadline => cases::actions::deadlines_missed(desk, clocks).await,
        ClockKind::WeeklyDigest => reports::satisfaction::weekly::send(desk, clocks).await,
        ClockKind::InquiryEscalation => inquiries::actions::escalate(desk, clocks).await,
        ClockKind::InquiryAssign => inquiries::actions::assign_waiting(desk, clocks).await,
        ClockKind::InquiryReply => inquiries::actions::send_scheduled(desk, clocks).await,
        ClockKind::InquirySweep => inquiries::actions::sweep(desk, clocks).await,
        ClockKind::CallTask => calls::actions::wake(desk, clocks).await,
        ClockKind::AppointmentDayOver => appointments::actions::day_over(desk, clocks).await,
        ClockKind::DayList | ClockKind::PickList | ClockKind::PreArrival => {
            actions::set_next(desk, kind, clocks).await?;
            appointments::actions::gather(desk, clocks).await
        }
        ClockKind::RepairPromiseAtRisk => repairs::actions::promise_at_risk(desk, clocks).await,
        ClockKind::RepairPromisePassed => repairs::actions::promise_passed(desk, clocks).await,
        ClockKind::RepairWorkUndecided => repairs::actions::work_undecided(desk, clocks).await,
        ClockKind::RepairDeferred => repairs::actions::remind_of_deferred_work(desk, clocks).await,
        ClockKind::PartsAdvisorCall => parts::actions::advisor_calls(desk, clocks).await,
        ClockKind::PartsUnanswered => parts::actions::unanswered(desk, clocks).await,
        ClockKind::PartsQueueCall => parts::actions::queue_calls(desk, clocks).await,
        ClockKind::PartsOld => parts::actions::grown_old(desk, clocks).await,
        ClockKind::RecordingEnds => calls::actions::forget_recordings(desk, clocks).await,
        ClockKind::Retention => retention::actions::forget(desk, clocks).await,
        ClockKind::PartsQuestion => parts::questions::actions::remind(desk, clocks).await,
        ClockKind::Assist => assists::actions::remind(desk, clocks).await,
        ClockKind::DeliveryWait => receipts::actions::waited_long_enough(desk, clocks).await,
        #[cfg(feature = "test-doors")]
        ClockKind::Probe => super::probe::ring(desk, clocks).await,
    }
}
