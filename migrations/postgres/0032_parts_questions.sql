-- What an advisor asks the parts counter about a visit (seed step 1, acceptance 40), and what was answered.
CREATE TABLE parts_questions (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    appointment_id TEXT NOT NULL REFERENCES appointments(id),
    asked_by TEXT NOT NULL REFERENCES staff(id),
    part_no TEXT,
    name TEXT NOT NULL,
    qty BIGINT NOT NULL,
    question TEXT,
    needed_at TIMESTAMPTZ,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered')),
    asked_at TIMESTAMPTZ NOT NULL,
    reminded_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    answered_by TEXT REFERENCES staff(id),
    available BOOLEAN,
    eta TIMESTAMPTZ,
    order_ref TEXT,
    note TEXT
);
CREATE INDEX parts_questions_open ON parts_questions (dealership_id, id) WHERE state = 'open';
CREATE INDEX parts_questions_by_visit ON parts_questions (appointment_id);
