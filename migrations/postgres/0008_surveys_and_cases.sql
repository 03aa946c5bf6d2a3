-- How satisfied customers are: what they were asked, what they answered, and what is done about those who are not happy.
-- States are listed in one place, the architecture's table of states; the CHECKs repeat them word for word.

-- One for each visit that was delivered, whoever is asked about it: what the scores of a month are counted over.
CREATE TABLE surveys (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    -- Once for each repair order, whatever is told of it again.
    repair_order_id TEXT NOT NULL UNIQUE,
    ref TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'opened', 'completed', 'expired', 'refused', 'skipped')),
    reason TEXT,
    revision BIGINT NOT NULL,
    version BIGINT NOT NULL,
    follow_up TEXT NOT NULL CHECK (follow_up IN ('call', 'survey', 'call_then_survey')),
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    advisor_id TEXT REFERENCES staff(id),
    service_type TEXT,
    pay_type TEXT,
    is_internal BOOLEAN NOT NULL,
    opened_at TIMESTAMPTZ,
    delivered_at TIMESTAMPTZ NOT NULL,
    is_comeback BOOLEAN NOT NULL,
    -- The visit that a comeback is counted against; on that one, when the car came back.
    original_id TEXT REFERENCES surveys(id),
    came_back_at TIMESTAMPTZ,
    invited_at TIMESTAMPTZ,
    read_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX surveys_delivered ON surveys (dealership_id, delivered_at);
CREATE INDEX surveys_invited ON surveys (dealership_id, invited_at) WHERE invited_at IS NOT NULL;
CREATE INDEX surveys_by_customer ON surveys (customer_id, delivered_at) WHERE customer_id IS NOT NULL;
CREATE INDEX surveys_by_vehicle ON surveys (vehicle_id, delivered_at) WHERE vehicle_id IS NOT NULL;

-- What was answered. Never edited: a correction is another row that names the one it takes the place of.
CREATE TABLE survey_responses (
    id TEXT PRIMARY KEY,
    survey_id TEXT NOT NULL REFERENCES surveys(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    customer_id TEXT REFERENCES customers(id),
    advisor_id TEXT REFERENCES staff(id),
    mode TEXT NOT NULL CHECK (mode IN ('call', 'web', 'reply')),
    version BIGINT NOT NULL,
    answers JSONB NOT NULL,
    fixed BOOLEAN,
    overall BIGINT,
    recommend BIGINT,
    effort BIGINT,
    contact_me BOOLEAN NOT NULL,
    comment TEXT,
    answered_at TIMESTAMPTZ NOT NULL,
    interviewer_id TEXT REFERENCES staff(id),
    corrects_id TEXT UNIQUE REFERENCES survey_responses(id),
    corrected_by TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX survey_responses_single ON survey_responses (survey_id) WHERE corrects_id IS NULL;
CREATE INDEX survey_responses_by_survey ON survey_responses (survey_id);
CREATE INDEX survey_responses_answered ON survey_responses (dealership_id, answered_at);
CREATE INDEX survey_responses_by_advisor ON survey_responses (advisor_id, answered_at) WHERE advisor_id IS NOT NULL;
CREATE INDEX survey_responses_by_dealership ON survey_responses (dealership_id, id);

-- What people read out of a comment: root causes, each once.
CREATE TABLE response_causes (
    response_id TEXT NOT NULL REFERENCES survey_responses(id),
    cause TEXT NOT NULL CHECK (cause IN ('quality', 'time', 'inconvenient_time', 'price', 'explanation', 'attitude', 'parts', 'facility', 'other')),
    coded_by TEXT NOT NULL,
    coded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (response_id, cause)
);

-- The number that the next case of a dealership is called by.
CREATE TABLE case_numbers (
    dealership_id TEXT PRIMARY KEY REFERENCES dealerships(id),
    last BIGINT NOT NULL
);

CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('response', 'call', 'inquiry', 'inbound', 'manual')),
    source_id TEXT,
    severity TEXT NOT NULL CHECK (severity IN ('hot', 'soft')),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('raised', 'acknowledged', 'contacted', 'resolved', 'verified', 'reopened')),
    revision BIGINT NOT NULL,
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    repair_order TEXT,
    advisor_id TEXT REFERENCES staff(id),
    owner_id TEXT REFERENCES staff(id),
    words TEXT,
    score BIGINT,
    raised_at TIMESTAMPTZ NOT NULL,
    acknowledge_by TIMESTAMPTZ NOT NULL,
    acknowledged_at TIMESTAMPTZ,
    contact_by TIMESTAMPTZ NOT NULL,
    contacted_at TIMESTAMPTZ,
    resolve_by TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    resolved_by TEXT,
    verify_by TIMESTAMPTZ,
    verified_at TIMESTAMPTZ,
    verified_by TEXT,
    root_cause TEXT CHECK (root_cause IN ('quality', 'time', 'inconvenient_time', 'price', 'explanation', 'attitude', 'parts', 'facility', 'other')),
    resolution TEXT,
    compensation TEXT,
    escalation BIGINT NOT NULL,
    reopened BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (dealership_id, ref),
    -- Never closed empty.
    CHECK (state NOT IN ('resolved', 'verified') OR (root_cause IS NOT NULL AND resolution IS NOT NULL))
);
-- What was heard once opens one case.
CREATE UNIQUE INDEX cases_by_source ON cases (source, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX cases_open ON cases (customer_id) WHERE state NOT IN ('resolved', 'verified');
CREATE INDEX cases_by_customer ON cases (customer_id, raised_at) WHERE customer_id IS NOT NULL;
CREATE INDEX cases_raised ON cases (dealership_id, raised_at);
CREATE INDEX cases_by_dealership ON cases (dealership_id, id);
CREATE INDEX cases_by_ref ON cases (ref);

-- What was said and done about a case, in order, by whom; never changed.
CREATE TABLE case_notes (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases(id),
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    note TEXT
);
CREATE INDEX case_notes_by_case ON case_notes (case_id, id);
