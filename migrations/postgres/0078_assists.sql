-- Help that somebody asks a colleague for about a visit, an inquiry or a case (acceptance 39), and the answer.
CREATE TABLE assists (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    -- An appointment's, a repair order's, an inquiry's or a case's.
    subject_type TEXT NOT NULL CHECK (subject_type IN ('appointment', 'repair_order', 'inquiry', 'case')),
    subject_id TEXT NOT NULL,
    asked_of TEXT NOT NULL CHECK (asked_of IN ('service_manager', 'technical_lead')),
    asked_by TEXT NOT NULL REFERENCES staff(id),
    words TEXT NOT NULL,
    idempotency_key TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered')),
    asked_at TIMESTAMPTZ NOT NULL,
    reminded_at TIMESTAMPTZ,
    escalated_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    answered_by TEXT REFERENCES staff(id),
    answer TEXT,
    UNIQUE (dealership_id, idempotency_key)
);
CREATE INDEX assists_open ON assists (dealership_id, id) WHERE state = 'open';
CREATE INDEX assists_by_subject ON assists (subject_id, id);
CREATE INDEX assists_by_asker ON assists (asked_by, id);
