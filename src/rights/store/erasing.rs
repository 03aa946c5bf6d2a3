//! The SQL that takes somebody out of every table. What a row was for stays countable; who it was about is not in it any more.
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Sql, Tx},
    id::Id,
};

/// Whoever is erased, and those who were made one with them.
macro_rules! people {
    () => {
        "(SELECT id FROM customers WHERE id = $1 OR merged_into = $1)"
    };
}
/// What is theirs and may be the subject of a notice.
macro_rules! things {
    () => {
        concat!(
            "(SELECT id FROM appointments WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM repair_orders WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM parts_orders WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM inquiries WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM surveys WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM cases WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM call_tasks WHERE customer_id IN ",
            people!(),
            " UNION ALL SELECT id FROM vehicles WHERE owner_id IN ",
            people!(),
            " UNION ALL SELECT id FROM customers WHERE id = $1 OR merged_into = $1)"
        )
    };
}
/// Messages to them, and to people here about them.
macro_rules! messages {
    () => {
        concat!(
            "(SELECT m.id FROM messages m JOIN notices n ON n.id = m.notice_id WHERE n.customer_id IN ",
            people!(),
            " OR n.subject_id IN ",
            things!(),
            ")"
        )
    };
}

/// Texts of lists that named them: `$1` a dealership, `$2` what they were called.
const LISTS: &str = "UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL WHERE message_id IN (
    SELECT m.id FROM messages m JOIN notices n ON n.id = m.notice_id WHERE n.subject_id = $1) AND body LIKE '%' || $2 || '%'";

/// With what they were called last at its end: the rows before still know whose they are.
const STATEMENTS: &[Sql] = &[
    one(concat!("UPDATE events SET body = '{}' WHERE id IN (SELECT event_id FROM timeline WHERE event_id IS NOT NULL AND (customer_id IN ", people!(),
        " OR appointment_id IN ", things!(), " OR subject_id IN ", things!(), ")
        UNION ALL SELECT event_id FROM notices WHERE event_id IS NOT NULL AND (customer_id IN ", people!(), " OR subject_id IN ", things!(), "))")),
    Sql {
        sqlite: concat!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
            envelope = json_remove(json_set(envelope, '$.to_name', ''), '$.unsubscribe', '$.opt_out', '$.references') WHERE message_id IN ", messages!()),
        postgres: concat!("UPDATE message_texts SET body = '', subject = NULL, html = NULL, invite = NULL,
            envelope = jsonb_set(envelope, '{to_name}', '\"\"') - 'unsubscribe' - 'opt_out' - 'references' WHERE message_id IN ", messages!()),
    },
    one(concat!("UPDATE attempts SET reply = NULL WHERE message_id IN ", messages!())),
    one(concat!("UPDATE receipts SET raw = '' WHERE message_id IN ", messages!())),
    one(concat!("UPDATE mail_bounces SET address = '' WHERE message_id IN ", messages!())),
    one(concat!("DELETE FROM mailbox WHERE message_id IN ", messages!())),
    one(concat!("DELETE FROM mail_raw WHERE id IN (SELECT raw_id FROM inbound_messages WHERE customer_id IN ", people!(), " OR about_id IN ", messages!(),
        " OR subject_id IN ", things!(), ")")),
    one(concat!("UPDATE inbound_messages SET envelope_from = NULL, recipient = '', from_address = NULL, message_id = NULL,
        state = CASE WHEN state = 'waiting' THEN 'ignored' ELSE state END, reason = CASE WHEN state = 'waiting' THEN 'erased' ELSE reason END
        WHERE customer_id IN ", people!(), " OR about_id IN ", messages!(), " OR subject_id IN ", things!())),
    one(concat!("UPDATE inbound_texts SET from_address = '', body = '' WHERE customer_id IN ", people!())),
    one(concat!("UPDATE triggered_messages SET override_reason = NULL, answer = '{}' WHERE customer_id IN ", people!())),
    one(concat!("DELETE FROM call_drafts WHERE task_id IN (SELECT id FROM call_tasks WHERE customer_id IN ", people!(), ")")),
    one(concat!("DELETE FROM call_words WHERE task_id IN (SELECT id FROM call_tasks WHERE customer_id IN ", people!(), ")")),
    one(concat!("UPDATE call_attempts SET number = NULL, note = NULL, answers = '{}', recording_url = NULL, recording_until = NULL, pbx_cause = NULL,
        answer = NULL, contact_point_id = NULL WHERE customer_id IN ", people!())),
    one(concat!("UPDATE call_tasks SET detail = '{}' WHERE customer_id IN ", people!())),
    one(concat!("UPDATE surveys SET state = 'skipped', reason = 'erased' WHERE state IN ('planned', 'sent', 'opened') AND customer_id IN ", people!())),
    one(concat!("UPDATE survey_responses SET comment = NULL, answers = '{}' WHERE customer_id IN ", people!())),
    one(concat!("UPDATE case_notes SET note = NULL WHERE case_id IN (SELECT id FROM cases WHERE customer_id IN ", people!(), ")")),
    one(concat!("UPDATE cases SET words = NULL, resolution = CASE WHEN resolution IS NULL THEN NULL ELSE '-' END WHERE customer_id IN ", people!())),
    one(concat!("DELETE FROM files WHERE owner_id IN (SELECT e.id FROM inquiry_entries e JOIN inquiries i ON i.id = e.inquiry_id WHERE i.customer_id IN ",
        people!(), ")")),
    one(concat!("UPDATE inquiry_entries SET sender = NULL, message_key = NULL, thread = '[]', text_hash = NULL, topic = NULL, body = '',
        state = CASE WHEN state = 'scheduled' THEN 'withdrawn' ELSE state END
        WHERE inquiry_id IN (SELECT id FROM inquiries WHERE customer_id IN ", people!(), ")")),
    one(concat!("UPDATE inquiries SET topic = NULL, sender = NULL, origin = NULL, preferred_times = '[]', draft = NULL, claimed_by = NULL, claimed_until = NULL,
        due_at = NULL, end_reason = CASE WHEN state IN ('new', 'assigned', 'answered') THEN 'erased' ELSE end_reason END,
        state = CASE WHEN state IN ('new', 'assigned', 'answered') THEN 'closed' ELSE state END WHERE customer_id IN ", people!())),
    one(concat!("UPDATE consents SET evidence = NULL, contact_point_id = NULL WHERE customer_id IN ", people!())),
    // What others have too is theirs: a family's telephone that said STOP is left alone still.
    one(concat!("UPDATE suppressions SET customer_id = NULL WHERE customer_id IN ", people!(), " AND address IN (SELECT value FROM contact_points
        WHERE removed_at IS NULL AND customer_id NOT IN ", people!(), ")")),
    one(concat!("UPDATE suppressions SET address = NULL, target = $1, customer_id = $1 WHERE customer_id IN ", people!(), " OR (customer_id IS NULL
        AND target IN (SELECT value FROM contact_points WHERE customer_id IN ", people!(), ")
        AND target NOT IN (SELECT value FROM contact_points WHERE removed_at IS NULL AND customer_id NOT IN ", people!(), "))")),
    one(concat!("UPDATE appointments SET customer_words = NULL, cancel_reason = NULL, wishes = NULL WHERE customer_id IN ", people!())),
    one(concat!("UPDATE work_items SET decided_by = NULL, reason = NULL WHERE repair_order_id IN (SELECT id FROM repair_orders WHERE customer_id IN ", people!(), ")")),
    one(concat!("UPDATE repair_orders SET signed_by = NULL, promise_reason = NULL WHERE customer_id IN ", people!())),
    one(concat!("UPDATE parts_questions SET question = NULL, note = NULL WHERE appointment_id IN (SELECT id FROM appointments WHERE customer_id IN ",
        people!(), ")")),
    one(concat!("DELETE FROM merge_suggestions WHERE customer_id IN ", people!(), " OR other_id IN ", people!())),
];

/// With the time as `$2`.
const TIMED: &[Sql] = &[
    one(concat!("UPDATE messages SET state = CASE WHEN state IN ('ready', 'held', 'unknown') THEN 'cancelled' ELSE state END,
        reason = CASE WHEN state IN ('ready', 'held', 'unknown') THEN 'erased' ELSE reason END, to_address = '', updated_at = $2 WHERE id IN ", messages!())),
    one(concat!("UPDATE notices SET state = CASE WHEN state IN ('waiting', 'held', 'sending') THEN 'withdrawn' ELSE state END,
        reason = CASE WHEN state IN ('waiting', 'held', 'sending') THEN 'erased' ELSE reason END, not_before = NULL, lease_until = NULL, fence = fence + 1,
        detail = '{}', subject_ref = CASE WHEN subject_type = 'customer' THEN subject_id ELSE subject_ref END, updated_at = $2
        WHERE customer_id IN ", people!(), " OR subject_id IN ", things!())),
    one(concat!("UPDATE call_tasks SET state = 'withdrawn', state_reason = 'erased', stage = NULL, lease_until = NULL, ended_at = $2, updated_at = $2
        WHERE state IN ('scheduled', 'ready', 'leased', 'held') AND customer_id IN ", people!())),
    one(concat!("UPDATE contact_points SET value = 'erased:' || id, label = NULL, validity = 'invalid', invalid_reason = NULL,
        removed_at = coalesce(removed_at, $2) WHERE customer_id IN ", people!())),
    one("UPDATE customers SET ref = 'erased:' || id, name = NULL, salutation = NULL, language = NULL, time_zone = NULL, call_hours = NULL, vip = false, needs = '[]',
        preferred_channel = NULL, search_name = '', erased_at = coalesce(erased_at, $2) WHERE id = $1 OR merged_into = $1"),
];

/// After the notices about their cars.
const CARS: &str = concat!("UPDATE vehicles SET owner_id = NULL, plate = NULL WHERE owner_id IN ", people!());

const fn one(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

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
    for statement in STATEMENTS {
        tx.sql(*statement).bind(customer).execute().await?;
    }
    for statement in TIMED {
        tx.sql(*statement).bind(customer).bind(now).execute().await?;
    }
    tx.sql(CARS).bind(customer).execute().await.map(drop)
}
