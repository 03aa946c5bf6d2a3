//! The SQL that takes somebody out of every table. What a row was for stays countable; who it was about is not in it any more.
use super::{
    among::sql,
    theirs::{Of, Theirs},
};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    id::Id,
};

/// Texts of lists that named them: `$1` a dealership, `$2` what they were called.
const LISTS: &str = "UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL WHERE message_id IN (
    SELECT m.id FROM messages m JOIN notices n ON n.id = m.notice_id WHERE n.subject_id = $1) AND body LIKE '%' || $2 || '%'";

/// What is one thing's stands after the thing: whoever writes there has the thing locked, and this waits for them at it.
const STATEMENTS: &[(Of, Sql)] = &[
    (Of::Events, sql!("UPDATE events SET body = '{}' WHERE id" among)),
    (
        Of::Messages,
        Sql {
            sqlite: sql!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
                envelope = json_remove(json_set(envelope, '$.to_name', ''), '$.unsubscribe', '$.opt_out', '$.references', '$.approved') WHERE message_id"
                among)
            .sqlite,
            postgres: sql!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
                envelope = jsonb_set(envelope, '{to_name}', '\"\"') - 'unsubscribe' - 'opt_out' - 'references' - 'approved' WHERE message_id"
                among)
            .postgres,
        },
    ),
    (Of::Messages, sql!("UPDATE attempts SET reply = NULL WHERE message_id" among)),
    (Of::Messages, sql!("UPDATE receipts SET raw = '' WHERE message_id" among)),
    (Of::Messages, sql!("UPDATE mail_bounces SET address = '' WHERE message_id" among)),
    (Of::Messages, sql!("DELETE FROM mailbox WHERE message_id" among)),
    (Of::Mails, sql!("DELETE FROM mail_raw WHERE id IN (SELECT raw_id FROM inbound_messages WHERE id" among ")")),
    (
        Of::Mails,
        sql!("UPDATE inbound_messages SET envelope_from = NULL, recipient = '', from_address = NULL, message_id = NULL,
            state = CASE WHEN state = 'waiting' THEN 'ignored' ELSE state END, reason = CASE WHEN state = 'waiting' THEN 'erased' ELSE reason END WHERE id"
            among),
    ),
    (Of::Texts, sql!("UPDATE inbound_texts SET from_address = '', body = '' WHERE id" among)),
    (Of::People, sql!("UPDATE triggered_messages SET override_reason = NULL, answer = '{}' WHERE customer_id" among)),
    (Of::People, sql!("UPDATE call_tasks SET detail = '{}' WHERE customer_id" among)),
    (Of::People, sql!("DELETE FROM call_drafts WHERE task_id IN (SELECT id FROM call_tasks WHERE customer_id" among ")")),
    (Of::People, sql!("DELETE FROM call_words WHERE task_id IN (SELECT id FROM call_tasks WHERE customer_id" among ")")),
    (
        Of::People,
        sql!("UPDATE call_attempts SET number = NULL, note = NULL, answers = '{}', recording_url = NULL, recording_until = NULL, pbx_cause = NULL,
            answer = NULL, contact_point_id = NULL WHERE customer_id" among),
    ),
    (
        Of::People,
        sql!("UPDATE surveys SET state = 'skipped', reason = 'erased' WHERE state IN ('planned', 'sent', 'opened') AND customer_id" among),
    ),
    (Of::People, sql!("UPDATE survey_responses SET comment = NULL, answers = '{}' WHERE customer_id" among)),
    (
        Of::People,
        sql!("UPDATE cases SET words = NULL, resolution = CASE WHEN resolution IS NULL THEN NULL ELSE '-' END WHERE customer_id" among),
    ),
    (Of::People, sql!("UPDATE case_notes SET note = NULL WHERE case_id IN (SELECT id FROM cases WHERE customer_id" among ")")),
    (
        Of::Inquiries,
        sql!("UPDATE inquiries SET topic = NULL, sender = NULL, origin = NULL, preferred_times = '[]', draft = NULL, claimed_by = NULL, claimed_until = NULL,
            due_at = NULL, end_reason = CASE WHEN state IN ('new', 'assigned', 'answered') THEN 'erased' ELSE end_reason END,
            state = CASE WHEN state IN ('new', 'assigned', 'answered') THEN 'closed' ELSE state END WHERE id" among),
    ),
    (Of::Inquiries, sql!("DELETE FROM files WHERE owner_id IN (SELECT id FROM inquiry_entries WHERE inquiry_id" among ")")),
    (
        Of::Inquiries,
        sql!("UPDATE inquiry_entries SET sender = NULL, message_key = NULL, thread = '[]', text_hash = NULL, topic = NULL, body = '',
            state = CASE WHEN state = 'scheduled' THEN 'withdrawn' ELSE state END WHERE inquiry_id" among),
    ),
    (Of::People, sql!("UPDATE consents SET evidence = NULL, contact_point_id = NULL WHERE customer_id" among)),
    // What others have too is theirs: a family's telephone that said STOP is left alone still.
    (
        Of::People,
        sql!("UPDATE suppressions SET customer_id = NULL WHERE customer_id" among " AND EXISTS (SELECT 1 FROM contact_points o
            WHERE o.value = suppressions.address AND o.removed_at IS NULL AND o.customer_id" but ")"),
    ),
    (Of::People, sql!("UPDATE appointments SET customer_words = NULL, cancel_reason = NULL, wishes = NULL WHERE customer_id" among)),
    (
        Of::People,
        sql!("UPDATE work_items SET decided_by = NULL, reason = NULL WHERE repair_order_id IN (SELECT id FROM repair_orders WHERE customer_id" among ")"),
    ),
    (Of::People, sql!("UPDATE repair_orders SET signed_by = NULL, promise_reason = NULL WHERE customer_id" among)),
    (
        Of::People,
        sql!("UPDATE parts_questions SET question = NULL, note = NULL WHERE appointment_id IN (SELECT id FROM appointments WHERE customer_id" among ")"),
    ),
    (Of::Assists, sql!("UPDATE assists SET words = '', answer = NULL WHERE id" among)),
    (Of::People, sql!("UPDATE notices SET visit_customer_id = NULL WHERE visit_customer_id" among)),
    (Of::People, sql!("DELETE FROM merge_suggestions WHERE customer_id" among " OR other_id" among)),
];

/// With the customer as `$2`: of a suppression it is left that there is one. Two statements, each found by an index.
pub(super) const SUPPRESSIONS: [Sql; 2] = [
    sql!("UPDATE suppressions SET address = NULL, target = $2, customer_id = $2 WHERE customer_id" among),
    sql!("UPDATE suppressions SET address = NULL, target = $2, customer_id = $2 WHERE customer_id IS NULL
        AND target IN (SELECT value FROM contact_points WHERE customer_id" among ")
        AND NOT EXISTS (SELECT 1 FROM contact_points o WHERE o.value = suppressions.target AND o.removed_at IS NULL AND o.customer_id" but ")"),
];

/// What of a message was not handed over.
macro_rules! if_open {
    ($then:literal, $otherwise:literal) => {
        concat!(
            "CASE WHEN state IN ('ready', 'held', 'unknown') OR (state = 'sending' AND handed_over_at IS NULL) THEN ",
            $then,
            " ELSE ",
            $otherwise,
            " END"
        )
    };
}
macro_rules! messages_sql {
    ($among:expr) => {
        concat!(
            "UPDATE messages SET state = ",
            if_open!("'cancelled'", "state"),
            ", reason = ",
            if_open!("'erased'", "reason"),
            ", fence = ",
            if_open!("fence + 1", "fence"),
            ", lease_until = ",
            if_open!("NULL", "lease_until"),
            // What is on its way now arrives; whatever is heard of it, it is not sent again.
            ", useful_until = CASE WHEN state = 'sending' AND handed_over_at IS NOT NULL THEN $2 ELSE useful_until END,
               to_address = '', updated_at = $2 WHERE id",
            $among
        )
    };
}

/// With the time as `$2`. Whoever composes one of them now finds afterwards that it was taken from them.
const NOTICES: Sql = sql!("UPDATE notices SET state = CASE WHEN state IN ('waiting', 'held', 'sending') THEN 'withdrawn' ELSE state END,
    reason = CASE WHEN state IN ('waiting', 'held', 'sending') THEN 'erased' ELSE reason END, not_before = NULL, lease_until = NULL, fence = fence + 1,
    detail = '{}', subject_ref = CASE WHEN subject_type = 'customer' THEN subject_id ELSE subject_ref END, updated_at = $2 WHERE id" among);
const MESSAGES: Sql = Sql {
    sqlite: messages_sql!(super::among::part!(sqlite among)),
    postgres: messages_sql!(super::among::part!(postgres among)),
};
const TIMED: &[(Of, Sql)] = &[
    (
        Of::People,
        sql!("UPDATE call_tasks SET state = 'withdrawn', state_reason = 'erased', stage = NULL, lease_until = NULL, ended_at = $2, updated_at = $2
            WHERE state IN ('scheduled', 'ready', 'leased', 'held') AND customer_id" among),
    ),
    (
        Of::People,
        sql!("UPDATE contact_points SET value = 'erased:' || id, label = NULL, validity = 'invalid', invalid_reason = NULL,
            removed_at = coalesce(removed_at, $2) WHERE customer_id" among),
    ),
    (
        Of::People,
        sql!("UPDATE customers SET ref = 'erased:' || id, name = NULL, salutation = NULL, language = NULL, time_zone = NULL, call_hours = NULL, vip = false, needs = '[]',
            preferred_channel = NULL, search_name = '', erased_at = coalesce(erased_at, $2) WHERE id" among),
    ),
];

const CARS: Sql = sql!("UPDATE vehicles SET owner_id = NULL, plate = NULL WHERE owner_id" among);

/// Takes somebody out of every table.
pub(in crate::rights) async fn erase(tx: &mut Tx, customer: Id<Customer>, now: Timestamp) -> Result<()> {
    let called: Vec<(String, String)> = tx
        .sql("SELECT dealership_id, name FROM customers WHERE (id = $1 OR merged_into = $1) AND name IS NOT NULL AND length(name) > 1")
        .bind(customer)
        .all()
        .await?;
    for (dealership, name) in called {
        tx.sql(LISTS).bind(dealership).bind(name).execute().await?;
    }
    let mut theirs = Theirs::find(tx, customer).await?;
    // Notices first, then messages, then what is kept of them: whoever writes one of these has the one before it still, and
    // either what they write is seen here, or they find that it was taken from them.
    tx.sql(NOTICES).bind_rows(theirs.of(Of::Notices)).bind(now).execute().await?;
    theirs.letters(tx).await?;
    tx.sql(MESSAGES).bind_rows(theirs.of(Of::Messages)).bind(now).execute().await?;
    for (set, statement) in STATEMENTS.iter().filter(|(set, _)| !theirs.of(*set).is_empty()) {
        tx.sql(*statement).bind_rows(theirs.of(*set)).execute().await?;
    }
    for statement in SUPPRESSIONS {
        tx.sql(statement).bind_rows(theirs.of(Of::People)).bind(customer).execute().await?;
    }
    for (set, statement) in TIMED.iter().filter(|(set, _)| !theirs.of(*set).is_empty()) {
        tx.sql(*statement).bind_rows(theirs.of(*set)).bind(now).execute().await?;
    }
    tx.sql(CARS).bind_rows(theirs.of(Of::People)).execute().await.map(drop)
}
