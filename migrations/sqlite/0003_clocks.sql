-- Everything that must happen later, one row each: a clock that rang is deleted with what its desk did about it.
CREATE TABLE clocks (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at TEXT NOT NULL,
    not_before TEXT,
    reason TEXT,
    tries INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until TEXT,
    alone INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    UNIQUE (kind, subject_id, key)
) STRICT;
CREATE INDEX clocks_due ON clocks (suspect, not_before) WHERE not_before IS NOT NULL AND lease_until IS NULL;
CREATE INDEX clocks_leased ON clocks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX clocks_by_subject ON clocks (subject_id);
-- Not handed over any more until a person says so.
CREATE INDEX clocks_set_aside ON clocks (id) WHERE not_before IS NULL;
