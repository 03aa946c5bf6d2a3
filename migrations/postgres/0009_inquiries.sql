-- Inquiries: the thread, what was said in it, and the ledger of the 24-hour promise (BR-01).
CREATE TABLE inquiries (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('web', 'email', 'wechat', 'phone', 'app', 'sms')),
    state TEXT NOT NULL CHECK (state IN ('new', 'assigned', 'answered', 'closed', 'spam', 'merged')),
    kind TEXT NOT NULL CHECK (kind IN ('question', 'booking', 'price', 'complaint', 'parts')),
    topic TEXT,
    language TEXT,
    sender TEXT,
    origin TEXT,
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    owner_id TEXT REFERENCES staff(id),
    owner_since TIMESTAMPTZ,
    previous_owner_id TEXT REFERENCES staff(id),
    claimed_by TEXT,
    claimed_until TIMESTAMPTZ,
    preferred_times JSONB NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    -- Of the earliest clock that runs; NULL when nothing waits for an answer.
    due_at TIMESTAMPTZ,
    acknowledged_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    breached_at TIMESTAMPTZ,
    merged_into TEXT REFERENCES inquiries(id),
    end_reason TEXT,
    draft TEXT,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (dealership_id, ref)
);
CREATE INDEX inquiries_open ON inquiries (dealership_id, due_at, id) WHERE state IN ('new', 'assigned');
CREATE INDEX inquiries_received ON inquiries (dealership_id, received_at);
CREATE INDEX inquiries_by_sender ON inquiries (dealership_id, sender, created_at);
CREATE INDEX inquiries_by_origin ON inquiries (origin, created_at) WHERE origin IS NOT NULL;
CREATE INDEX inquiries_by_customer ON inquiries (customer_id);
CREATE INDEX inquiries_by_owner ON inquiries (owner_id, owner_since);

CREATE TABLE inquiry_entries (
    id TEXT PRIMARY KEY,
    inquiry_id TEXT NOT NULL REFERENCES inquiries(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    author TEXT NOT NULL CHECK (author IN ('customer', 'person', 'approved', 'system')),
    -- received: of theirs; scheduled, pending, accepted, failed, withdrawn: of ours.
    state TEXT NOT NULL CHECK (state IN ('received', 'scheduled', 'pending', 'accepted', 'failed', 'withdrawn')),
    channel TEXT NOT NULL CHECK (channel IN ('web', 'email', 'wechat', 'phone', 'app', 'sms')),
    at TIMESTAMPTZ NOT NULL,
    accepted_at TIMESTAMPTZ,
    failed_at TIMESTAMPTZ,
    not_before TIMESTAMPTZ,
    -- The channel's own id of it: a Message-ID, a provider's.
    message_key TEXT,
    thread JSONB NOT NULL,
    sender TEXT,
    text_hash TEXT,
    topic TEXT,
    body TEXT NOT NULL,
    actor TEXT,
    staff_id TEXT REFERENCES staff(id),
    notice_id TEXT,
    idempotency_key TEXT,
    body_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (dealership_id, channel, message_key),
    UNIQUE (inquiry_id, idempotency_key)
);
CREATE INDEX inquiry_entries_of ON inquiry_entries (inquiry_id, created_at, id);
CREATE INDEX inquiry_entries_by_notice ON inquiry_entries (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX inquiry_entries_by_text ON inquiry_entries (dealership_id, sender, text_hash, created_at) WHERE text_hash IS NOT NULL;

CREATE TABLE inquiry_clocks (
    id TEXT PRIMARY KEY,
    inquiry_id TEXT NOT NULL REFERENCES inquiries(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    -- The question that opened it.
    opened_by TEXT NOT NULL REFERENCES inquiry_entries(id),
    opened_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- The internal target, in opening hours.
    target_at TIMESTAMPTZ,
    stopped_at TIMESTAMPTZ,
    stopped_by TEXT REFERENCES inquiry_entries(id),
    stopped_kind TEXT CHECK (stopped_kind IN ('person', 'approved')),
    breached_at TIMESTAMPTZ,
    UNIQUE (inquiry_id, opened_by)
);
CREATE INDEX inquiry_clocks_opened ON inquiry_clocks (dealership_id, opened_at);

CREATE TABLE canned_replies (
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    code TEXT NOT NULL,
    locale TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (dealership_id, code, locale)
);
