-- The road: what comes in, whom and what it is about, what should be said, what was said, and the record of it all.
-- States are listed in one place, the architecture's table of states; the CHECKs repeat them word for word.

CREATE TABLE dealerships (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    department TEXT NOT NULL,
    region TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    locale TEXT NOT NULL,
    phone TEXT NOT NULL,
    address TEXT NOT NULL,
    email TEXT,
    advisor_fallback TEXT NOT NULL,
    sms_signature TEXT,
    opening_hours JSONB NOT NULL,
    holidays JSONB NOT NULL,
    rules JSONB NOT NULL,
    live_from TIMESTAMPTZ,
    shadow BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    name TEXT,
    roles JSONB NOT NULL,
    languages JSONB NOT NULL,
    email TEXT,
    mobile TEXT,
    active BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (dealership_id, ref)
);

-- Only the hash of a key's secret is kept; the key itself is shown once.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes JSONB NOT NULL,
    dealership_id TEXT REFERENCES dealerships(id),
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

-- Every fact that came in, once; the body is its canonical JSON (RFC 8785).
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    occurred_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    body_hash TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'stale', 'stored')),
    UNIQUE (source, event_id)
);
CREATE INDEX events_by_dealership ON events (dealership_id, id);

-- The ref leads the key, because people look for it without saying where; so does a VIN, and a plate.
CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'company')),
    name TEXT,
    salutation TEXT,
    language TEXT,
    time_zone TEXT,
    search_name TEXT NOT NULL,
    heard_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (ref, dealership_id)
);

-- Addresses in their normal form (E.164, lower-case domain); what is no address is kept as invalid with its reason.
CREATE TABLE contact_points (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers(id),
    type TEXT NOT NULL CHECK (type IN ('phone', 'email', 'wechat')),
    value TEXT NOT NULL,
    label TEXT,
    source TEXT NOT NULL,
    position BIGINT NOT NULL,
    validity TEXT NOT NULL CHECK (validity IN ('unknown', 'ok', 'invalid', 'bounced')),
    invalid_reason TEXT,
    added_at TIMESTAMPTZ NOT NULL,
    removed_at TIMESTAMPTZ,
    UNIQUE (customer_id, type, value, source)
);

CREATE TABLE vehicles (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    vin TEXT,
    plate TEXT,
    model_code TEXT,
    model_year BIGINT,
    owner_id TEXT REFERENCES customers(id),
    heard_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (vin, dealership_id)
);
CREATE INDEX vehicles_by_plate ON vehicles (plate, dealership_id);

CREATE TABLE appointments (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'proposed', 'booked', 'confirmed', 'arrived', 'in_service', 'completed',
        'move_requested', 'no_show_suspected', 'no_show', 'cancelled')),
    revision BIGINT NOT NULL,
    sender_revision BIGINT,
    heard_at TIMESTAMPTZ NOT NULL,
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    advisor_id TEXT REFERENCES staff(id),
    start_at TIMESTAMPTZ,
    end_at TIMESTAMPTZ,
    booked_at TIMESTAMPTZ,
    booked_by TEXT,
    channel TEXT,
    services JSONB NOT NULL,
    customer_words TEXT,
    is_comeback BOOLEAN NOT NULL,
    parts_required JSONB NOT NULL,
    confirmed_at TIMESTAMPTZ,
    arrived_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    cancelled_at TIMESTAMPTZ,
    cancel_reason TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (ref, dealership_id)
);
CREATE INDEX appointments_by_customer ON appointments (customer_id);

-- The intent to tell one person one thing about one subject at one revision.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    audience TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_ref TEXT NOT NULL,
    subject_revision BIGINT NOT NULL,
    customer_id TEXT REFERENCES customers(id),
    dedupe_key TEXT NOT NULL UNIQUE,
    event_id TEXT REFERENCES events(id),
    raised_at TIMESTAMPTZ NOT NULL,
    acted_at TIMESTAMPTZ,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'sending', 'done', 'failed', 'withdrawn', 'skipped', 'expired')),
    reason TEXT,
    nominal_at TIMESTAMPTZ NOT NULL,
    not_before TIMESTAMPTZ,
    useful_until TIMESTAMPTZ,
    detail JSONB NOT NULL,
    tracks JSONB NOT NULL,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    alone BOOLEAN NOT NULL,
    suspect BOOLEAN NOT NULL,
    crashes BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
-- A notice that is being sent has a due time only while a track waits for its next channel.
CREATE INDEX notices_due ON notices (suspect, not_before) WHERE state IN ('waiting', 'sending') AND not_before IS NOT NULL AND lease_until IS NULL;
CREATE INDEX notices_leased ON notices (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX notices_held ON notices (useful_until) WHERE state = 'held';
CREATE INDEX notices_open ON notices (subject_id) WHERE state IN ('waiting', 'held', 'sending');
CREATE INDEX notices_by_dealership ON notices (dealership_id, id);
CREATE INDEX notices_by_customer ON notices (customer_id, id);
CREATE INDEX notices_by_subject ON notices (subject_id, id);

-- One channel, one address. The text lives beside it and never changes.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    notice_id TEXT NOT NULL REFERENCES notices(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    customer_id TEXT REFERENCES customers(id),
    track BIGINT NOT NULL,
    step BIGINT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'wechat', 'wecom')),
    priority TEXT NOT NULL CHECK (priority IN ('urgent', 'bulk')),
    to_address TEXT NOT NULL,
    locale TEXT NOT NULL,
    template_version TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'sending', 'unknown', 'held', 'accepted', 'delivered', 'undelivered', 'failed',
        'cancelled', 'expired', 'dead')),
    reason TEXT,
    not_before TIMESTAMPTZ NOT NULL,
    useful_until TIMESTAMPTZ,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    handed_over_at TIMESTAMPTZ,
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    resent BOOLEAN NOT NULL,
    alone BOOLEAN NOT NULL,
    suspect BOOLEAN NOT NULL,
    crashes BIGINT NOT NULL,
    provider_ref TEXT,
    accepted_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (notice_id, track, step)
);
CREATE INDEX messages_due ON messages (channel, priority, suspect, not_before) WHERE state = 'ready';
CREATE INDEX messages_useful ON messages (useful_until) WHERE state = 'ready';
CREATE INDEX messages_leased ON messages (lease_until) WHERE state = 'sending';
CREATE INDEX messages_unknown ON messages (not_before) WHERE state = 'unknown';
CREATE INDEX messages_by_dealership ON messages (dealership_id, id);
CREATE INDEX messages_by_customer ON messages (customer_id, id);
-- What a person looks through in the outbox: the open, and what went wrong.
CREATE INDEX messages_outbox ON messages (state, id) WHERE state IN ('ready', 'sending', 'unknown', 'held', 'failed', 'dead', 'undelivered');

CREATE TABLE message_texts (
    message_id TEXT PRIMARY KEY REFERENCES messages(id),
    envelope JSONB NOT NULL,
    subject TEXT,
    body TEXT NOT NULL,
    html TEXT,
    invite TEXT,
    invite_method TEXT
);

-- One hand-over: opened by the mark (or by a failure before it), closed once by the answer; never deleted.
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages(id),
    n BIGINT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('connect', 'greeting', 'envelope', 'data', 'handing_over', 'answered')),
    outcome TEXT CHECK (outcome IN ('accepted', 'refused', 'later', 'not_sent', 'unknown', 'late_accepted')),
    reason TEXT,
    code TEXT,
    reply TEXT,
    provider_ref TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    UNIQUE (message_id, n)
);

-- Everything said, heard, held and why.
CREATE TABLE timeline (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    at TIMESTAMPTZ NOT NULL,
    what TEXT NOT NULL,
    step BIGINT,
    customer_id TEXT,
    vehicle_id TEXT,
    appointment_id TEXT,
    event_id TEXT,
    notice_id TEXT,
    message_id TEXT,
    actor TEXT,
    reason TEXT,
    detail JSONB NOT NULL
);
CREATE INDEX timeline_by_customer ON timeline (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX timeline_by_vehicle ON timeline (vehicle_id, id) WHERE vehicle_id IS NOT NULL;
CREATE INDEX timeline_by_notice ON timeline (notice_id, id) WHERE notice_id IS NOT NULL;
CREATE INDEX timeline_by_appointment ON timeline (appointment_id, id) WHERE appointment_id IS NOT NULL;

-- What the built-in mailbox received, byte for byte.
CREATE TABLE mailbox (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    raw TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL
);
