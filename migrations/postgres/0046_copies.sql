-- In a copy of a database stands when it was made and, once it was started, when its outbox was put on hold.
CREATE TABLE copies (
    id TEXT PRIMARY KEY,
    made_at TIMESTAMPTZ NOT NULL,
    held_at TIMESTAMPTZ,
    released_at TIMESTAMPTZ
);
