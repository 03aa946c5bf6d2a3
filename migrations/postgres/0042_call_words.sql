-- What agents said of calls at their screens, for the moment in which it can be taken back; nothing follows from it before.
CREATE TABLE call_words (
    task_id TEXT PRIMARY KEY REFERENCES call_tasks(id),
    staff_id TEXT NOT NULL REFERENCES staff(id),
    word JSONB NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    stands_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX call_words_of_agent ON call_words (staff_id);
