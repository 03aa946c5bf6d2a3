-- How far each kind of words has been forgotten: everything up to this id, so that no night reads what an earlier one has done.
CREATE TABLE retention (
    kind TEXT PRIMARY KEY,
    done_id TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
INSERT INTO retention (kind, done_id, updated_at) VALUES ('messages', '', '2026-01-01T00:00:00.000000Z'), ('replies', '', '2026-01-01T00:00:00.000000Z'), ('texts', '', '2026-01-01T00:00:00.000000Z'), ('calls', '', '2026-01-01T00:00:00.000000Z'),
    ('receipts', '', '2026-01-01T00:00:00.000000Z');
