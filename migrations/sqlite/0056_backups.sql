-- That a backup was made, when, and how large it is: whoever looks after the house is told when none was for long.
CREATE TABLE backups (
    id TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    made_at TEXT NOT NULL
) STRICT;
