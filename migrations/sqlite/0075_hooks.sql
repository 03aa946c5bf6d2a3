-- Events for other systems, signed by Standard Webhooks: who wants which, and what became of each.
CREATE TABLE hook_endpoints (
    id TEXT PRIMARY KEY,
    -- None: every dealership's events.
    dealership_id TEXT REFERENCES dealerships(id),
    url TEXT NOT NULL,
    -- own: the dealership's own systems; maker: customers who do not share their data are pseudonyms (acceptance row 4).
    reader TEXT NOT NULL CHECK (reader IN ('own', 'maker')),
    secret TEXT NOT NULL,
    -- Signs too until then, so that the other side can change over.
    old_secret TEXT,
    old_secret_until TEXT,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    reason TEXT,
    -- How often in a row it was tried in vain, since when, and until when it is left alone.
    failures INTEGER NOT NULL,
    failing_since TEXT,
    quiet_until TEXT,
    delivered_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- What an endpoint hears: a word of the record (parts.complete) or a whole kind (parts.*).
CREATE TABLE hook_types (
    type TEXT NOT NULL,
    endpoint_id TEXT NOT NULL REFERENCES hook_endpoints(id),
    PRIMARY KEY (type, endpoint_id)
) STRICT;

-- One line of the record for one endpoint; its id is both of theirs.
CREATE TABLE hook_deliveries (
    id TEXT PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES hook_endpoints(id),
    line_id TEXT NOT NULL REFERENCES timeline(id),
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'delivered', 'failed')),
    reason TEXT,
    tries INTEGER NOT NULL,
    not_before TEXT NOT NULL,
    fence INTEGER NOT NULL,
    lease_until TEXT,
    alone INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    status INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX hook_deliveries_due ON hook_deliveries (endpoint_id, suspect, not_before) WHERE state = 'waiting' AND lease_until IS NULL;
CREATE INDEX hook_deliveries_leased ON hook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX hook_deliveries_held ON hook_deliveries (id) WHERE state = 'held';
CREATE INDEX hook_deliveries_by_endpoint ON hook_deliveries (endpoint_id, id);
CREATE INDEX hook_deliveries_by_state ON hook_deliveries (endpoint_id, state, id);
CREATE INDEX hook_deliveries_old ON hook_deliveries (updated_at) WHERE state IN ('delivered', 'failed');

-- Each try.
CREATE TABLE hook_attempts (
    delivery_id TEXT NOT NULL REFERENCES hook_deliveries(id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    at TEXT NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,
    reason TEXT,
    PRIMARY KEY (delivery_id, n)
) STRICT;
