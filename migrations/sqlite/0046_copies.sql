-- In a copy of a database stands when it was made and, once it was started, when its outbox was put on hold.
CREATE TABLE copies (
    id TEXT PRIMARY KEY,
    made_at TEXT NOT NULL,
    held_at TEXT,
    released_at TEXT
) STRICT;
