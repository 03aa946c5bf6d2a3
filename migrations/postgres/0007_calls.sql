-- The follow-up queue: what is to be asked by telephone, who may ask it and when, and every call that was made.

ALTER TABLE staff ADD COLUMN skills JSONB NOT NULL DEFAULT '[]';
ALTER TABLE staff ADD COLUMN extension TEXT;
ALTER TABLE customers ADD COLUMN call_hours TEXT;

CREATE TABLE call_tasks (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    type TEXT NOT NULL CHECK (type IN ('follow_up', 'no_show', 'parts_arrived', 'deferred_work', 'work_approval', 'confirm', 'inquiry_rescue',
        'recovery', 'complaint', 'promise_at_risk', 'callback', 'unwritten', 'maintenance')),
    customer_id TEXT NOT NULL REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    round BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'ready', 'leased', 'held', 'done', 'withdrawn', 'exhausted', 'expired')),
    state_reason TEXT,
    stage TEXT CHECK (stage IN ('preview', 'dialing', 'connected', 'wrap_up')),
    level BIGINT NOT NULL,
    is_urgent BOOLEAN NOT NULL,
    language TEXT NOT NULL,
    any_language BOOLEAN NOT NULL,
    skill TEXT,
    not_before TIMESTAMPTZ NOT NULL,
    ready_at TIMESTAMPTZ,
    due_at TIMESTAMPTZ NOT NULL,
    at_risk_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    window_until TIMESTAMPTZ,
    callback_at TIMESTAMPTZ,
    callback_by TEXT REFERENCES staff(id),
    owner_id TEXT REFERENCES staff(id),
    lease_until TIMESTAMPTZ,
    stage_at TIMESTAMPTZ,
    fence BIGINT NOT NULL,
    previous_agent TEXT REFERENCES staff(id),
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    outcome TEXT,
    ended_at TIMESTAMPTZ,
    detail JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (type, subject_id, round),
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CHECK ((state = 'leased') = (stage IS NOT NULL)),
    CHECK (state <> 'leased' OR owner_id IS NOT NULL)
);
-- The claim reads the first rows of these, however many are behind them.
CREATE INDEX call_tasks_queue ON call_tasks (dealership_id, level, language, due_at, id) WHERE state = 'ready';
CREATE INDEX call_tasks_any_language ON call_tasks (dealership_id, level, due_at, id) WHERE state = 'ready' AND any_language;
CREATE INDEX call_tasks_own ON call_tasks (callback_by, level, due_at, id) WHERE state = 'ready' AND callback_by IS NOT NULL;
CREATE INDEX call_tasks_known ON call_tasks (previous_agent, level, due_at, id) WHERE state = 'ready' AND previous_agent IS NOT NULL;
-- Never two agents on one customer, and one call at a time for an agent.
CREATE UNIQUE INDEX call_tasks_customer_lock ON call_tasks (customer_id) WHERE state = 'leased';
CREATE UNIQUE INDEX call_tasks_agent_lock ON call_tasks (owner_id) WHERE state = 'leased';
CREATE INDEX call_tasks_open ON call_tasks (state, id) WHERE state IN ('scheduled', 'ready', 'leased', 'held');
CREATE INDEX call_tasks_by_dealership ON call_tasks (dealership_id, id);
CREATE INDEX call_tasks_by_customer ON call_tasks (customer_id, id);
CREATE INDEX call_tasks_by_subject ON call_tasks (subject_id);

-- Who may not make the call: the advisor and the technicians who did the work (BR-31).
CREATE TABLE call_task_excluded (
    task_id TEXT NOT NULL REFERENCES call_tasks(id),
    staff_id TEXT NOT NULL REFERENCES staff(id),
    PRIMARY KEY (task_id, staff_id)
);

-- One call, from dialing on; closed once.
CREATE TABLE call_attempts (
    id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES call_tasks(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    customer_id TEXT NOT NULL REFERENCES customers(id),
    staff_id TEXT NOT NULL REFERENCES staff(id),
    n BIGINT NOT NULL,
    contact_point_id TEXT REFERENCES contact_points(id),
    number TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    answered_at TIMESTAMPTZ,
    hung_up_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    telephony_result TEXT CHECK (telephony_result IN ('answered', 'no_answer', 'busy', 'voicemail', 'failed_network', 'invalid_number',
        'disconnected', 'rejected', 'agent_abandoned', 'agent_lost')),
    outcome TEXT,
    reached TEXT CHECK (reached IN ('customer', 'third_party', 'nobody')),
    was_asked_for BOOLEAN NOT NULL,
    pbx_result TEXT,
    pbx_cause TEXT,
    note TEXT,
    answers JSONB NOT NULL,
    recording_url TEXT,
    recording_until TIMESTAMPTZ,
    idempotency_key TEXT,
    request_hash TEXT,
    answer JSONB,
    UNIQUE (task_id, n),
    UNIQUE (task_id, idempotency_key)
);
CREATE INDEX call_attempts_by_customer ON call_attempts (customer_id, started_at);
CREATE INDEX call_attempts_by_staff ON call_attempts (staff_id, started_at);
CREATE INDEX call_attempts_recorded ON call_attempts (recording_until) WHERE recording_until IS NOT NULL;

-- Notes that are not finished: they outlive a lost lease.
CREATE TABLE call_drafts (
    task_id TEXT NOT NULL REFERENCES call_tasks(id),
    staff_id TEXT NOT NULL REFERENCES staff(id),
    body JSONB NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (task_id, staff_id)
);
