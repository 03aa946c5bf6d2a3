-- Everything that must happen later, one row each: a clock that rang is deleted with what its desk did about it.
CREATE TABLE clocks (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    detail JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    not_before TIMESTAMPTZ,
    reason TEXT,
    tries BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    alone BOOLEAN NOT NULL,
    suspect BOOLEAN NOT NULL,
    crashes BIGINT NOT NULL,
    UNIQUE (kind, subject_id, key)
);
CREATE INDEX clocks_due ON clocks (suspect, not_before) WHERE not_before IS NOT NULL AND lease_until IS NULL;
CREATE INDEX clocks_leased ON clocks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX clocks_by_subject ON clocks (subject_id);
-- Not handed over any more until a person says so.
CREATE INDEX clocks_set_aside ON clocks (id) WHERE not_before IS NULL;
