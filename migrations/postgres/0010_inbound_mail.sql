-- Mail that comes in: one row per recipient, stored before anything is thought about it.
CREATE TABLE inbound_messages (
    id TEXT PRIMARY KEY,
    -- What a second delivery of the same mail has in common with the first: Message-ID, envelope and body, hashed.
    dedupe_key TEXT NOT NULL UNIQUE,
    door TEXT NOT NULL CHECK (door IN ('lmtp', 'http')),
    envelope_from TEXT,
    recipient TEXT NOT NULL,
    raw_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'ignored', 'failed', 'dead')),
    reason TEXT,
    class TEXT CHECK (class IN ('person', 'auto_reply', 'bounce', 'complaint', 'opt_out', 'invite_reply')),
    dealership_id TEXT REFERENCES dealerships(id),
    customer_id TEXT REFERENCES customers(id),
    -- The message of ours that it answers or reports about.
    about_id TEXT REFERENCES messages(id),
    subject_type TEXT,
    subject_id TEXT,
    from_address TEXT,
    message_id TEXT,
    not_before TIMESTAMPTZ NOT NULL,
    tries BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    alone BOOLEAN NOT NULL,
    suspect BOOLEAN NOT NULL,
    crashes BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX inbound_due ON inbound_messages (suspect, not_before) WHERE state = 'waiting' AND lease_until IS NULL;
CREATE INDEX inbound_leased ON inbound_messages (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX inbound_raw_wanted ON inbound_messages (raw_id) WHERE state = 'waiting';
CREATE INDEX inbound_by_dealership ON inbound_messages (dealership_id, id);
CREATE INDEX inbound_by_message_id ON inbound_messages (message_id) WHERE message_id IS NOT NULL;

-- The mail byte for byte, once for all its recipients; gone after inbound.keep_raw.
CREATE TABLE mail_raw (
    id TEXT PRIMARY KEY,
    bytes BYTEA NOT NULL,
    delete_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX mail_raw_old ON mail_raw (delete_at);

-- Failures that reports told of, to know an address that fails again and again.
CREATE TABLE mail_bounces (
    id TEXT PRIMARY KEY,
    inbound_id TEXT NOT NULL REFERENCES inbound_messages(id),
    message_id TEXT NOT NULL REFERENCES messages(id),
    address TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('gone', 'person', 'message')),
    status TEXT,
    at TIMESTAMPTZ NOT NULL,
    UNIQUE (message_id, severity)
);
CREATE INDEX mail_bounces_by_address ON mail_bounces (address, at);

-- The key by which the addresses in our mails are signed, where the settings name none.
CREATE TABLE mail_keys (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- Who writes from this address.
CREATE INDEX contact_points_by_address ON contact_points (lower(value)) WHERE removed_at IS NULL;
