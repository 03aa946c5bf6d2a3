-- Files that came with what a customer wrote, or go with an answer: bounded, named, never opened by us.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    -- What it belongs to: an entry of an inquiry.
    owner_id TEXT NOT NULL,
    -- Its place among those of its owner.
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX files_by_owner ON files (owner_id, place);
