-- Texts as a product: versions that never change, the approved templates of providers, and what a person asked to be said.

-- Version 0 is the file that the program carries; a row is a later one, for every dealership or for one.
CREATE TABLE template_versions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    locale TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms', 'wechat', 'wecom')),
    dealership_id TEXT REFERENCES dealerships(id),
    number INTEGER NOT NULL CHECK (number > 0),
    state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'retired')),
    files TEXT NOT NULL,
    written_by TEXT NOT NULL,
    written_at TEXT NOT NULL,
    published_by TEXT,
    published_at TEXT,
    retired_at TEXT
) STRICT;
CREATE UNIQUE INDEX template_versions_number ON template_versions (kind, locale, channel, coalesce(dealership_id, ''), number);
CREATE UNIQUE INDEX template_versions_in_force ON template_versions (kind, locale, channel, coalesce(dealership_id, '')) WHERE state = 'published';

-- A provider's template as a dealership has it approved; in place of what the kind declares.
CREATE TABLE template_bindings (
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    binding TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (dealership_id, kind, provider)
) STRICT;

-- One answer for one Idempotency-Key, kept as long as the message.
CREATE TABLE triggered_messages (
    id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    notice_id TEXT NOT NULL REFERENCES notices(id),
    customer_id TEXT NOT NULL REFERENCES customers(id),
    kind TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    override_reason TEXT,
    answer TEXT NOT NULL,
    triggered_at TEXT NOT NULL,
    UNIQUE (key_id, idempotency_key)
) STRICT;
CREATE INDEX triggered_messages_by_person ON triggered_messages (customer_id, kind, triggered_at);
CREATE INDEX triggered_messages_by_hand ON triggered_messages (triggered_by, triggered_at);
