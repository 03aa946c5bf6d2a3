-- What links to public pages are signed with where no setting says it; made at the first link.
CREATE TABLE link_keys (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
