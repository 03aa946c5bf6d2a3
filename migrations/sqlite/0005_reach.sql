-- Who may be told what on which way: consent as it was given and taken back, what is not to be sent, and what came back.

-- Append-only: what counts is the last word for a purpose.
CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers(id),
    contact_point_id TEXT REFERENCES contact_points(id),
    channel TEXT,
    purpose TEXT NOT NULL CHECK (purpose IN ('service', 'followup', 'survey', 'marketing', 'recording', 'oem_sharing')),
    action TEXT NOT NULL CHECK (action IN ('grant', 'revoke')),
    source TEXT NOT NULL CHECK (source IN ('form', 'reply', 'call', 'import', 'event', 'one_click', 'provider_block')),
    evidence TEXT,
    text_version TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (customer_id, purpose, channel, action, at)
) STRICT;
CREATE INDEX consents_by_customer ON consents (customer_id, at);

-- A person or an address that is not to be written to or rung; lifted, never deleted.
CREATE TABLE suppressions (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    customer_id TEXT REFERENCES customers(id),
    address TEXT,
    -- The address, or the customer: whom a question about sending is asked of.
    target TEXT NOT NULL,
    channel TEXT,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    until_at TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    lifted_by TEXT,
    lifted_at TEXT,
    lift_reason TEXT
) STRICT;
CREATE INDEX suppressions_by_target ON suppressions (target) WHERE lifted_at IS NULL;
CREATE INDEX suppressions_by_dealership ON suppressions (dealership_id, id);

-- What a provider says became of a message; append-only, one row for one word of one provider about one hand-over.
CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    message_id TEXT REFERENCES messages(id),
    status TEXT NOT NULL CHECK (status IN ('accepted', 'sent', 'delivered', 'undelivered')),
    reason TEXT,
    raw TEXT NOT NULL,
    at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    UNIQUE (provider, provider_ref, status)
) STRICT;
CREATE INDEX receipts_by_message ON receipts (message_id, id) WHERE message_id IS NOT NULL;

-- A text that somebody sent us, byte for byte, and what it was taken for.
CREATE TABLE inbound_texts (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    from_address TEXT NOT NULL,
    to_address TEXT,
    body TEXT NOT NULL,
    received_at TEXT NOT NULL,
    dealership_id TEXT REFERENCES dealerships(id),
    customer_id TEXT REFERENCES customers(id),
    taken_for TEXT NOT NULL CHECK (taken_for IN ('stop', 'start', 'help', 'confirm', 'move', 'cancel', 'score', 'call_me', 'free', 'looks_like_stop')),
    bound_to TEXT,
    needs_a_person INTEGER NOT NULL,
    UNIQUE (provider, provider_id)
) STRICT;
CREATE INDEX inbound_texts_unread ON inbound_texts (id) WHERE needs_a_person;

-- A wish that somebody pressed in an answer page or by a key is asked of the newest open question (BR-64).
ALTER TABLE messages ADD COLUMN class TEXT;
ALTER TABLE messages ADD COLUMN immediate INTEGER;
CREATE INDEX messages_by_provider_ref ON messages (provider_ref) WHERE provider_ref IS NOT NULL;
