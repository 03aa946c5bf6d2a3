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
    old_secret_until TIMESTAMPTZ,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    reason TEXT,
    -- How often in a row it was tried in vain, since when, and until when it is left alone.
    failures BIGINT NOT NULL,
    failing_since TIMESTAMPTZ,
    quiet_until TIMESTAMPTZ,
    delivered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- What an endpoint hears: a word of the record (parts.complete) or a whole kind (parts.*).
CREATE TABLE hook_types (
    type TEXT NOT NULL,
    endpoint_id TEXT NOT NULL REFERENCES hook_endpoints(id),
    PRIMARY KEY (type, endpoint_id)
);

-- One line of the record for one endpoint; its id is both of theirs.
CREATE TABLE hook_deliveries (
    id TEXT PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES hook_endpoints(id),
    line_id TEXT NOT NULL REFERENCES timeline(id),
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'delivered', 'failed')),
    reason TEXT,
    tries BIGINT NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    alone BOOLEAN NOT NULL,
    suspect BOOLEAN NOT NULL,
    crashes BIGINT NOT NULL,
    status BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX hook_deliveries_due ON hook_deliveries (endpoint_id, suspect, not_before) WHERE state = 'waiting' AND lease_until IS NULL;
CREATE INDEX hook_deliveries_leased ON hook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX hook_deliveries_held ON hook_deliveries (id) WHERE state = 'held';
CREATE INDEX hook_deliveries_by_endpoint ON hook_deliveries (endpoint_id, id);
CREATE INDEX hook_deliveries_by_state ON hook_deliveries (endpoint_id, state, id);
CREATE INDEX hook_deliveries_old ON hook_deliveries (updated_at) WHERE state IN ('delivered', 'failed');

-- Each try.
CREATE TABLE hook_attempts (
    delivery_id TEXT NOT NULL REFERENCES hook_deliveries(id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    took_ms BIGINT NOT NULL,
    status BIGINT,
    reason TEXT,
    PRIMARY KEY (delivery_id, n)
);
