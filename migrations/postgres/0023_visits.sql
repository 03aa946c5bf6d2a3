-- What is found about a booking, who told of it, and when each source was last heard (BR-06 to BR-10, BR-19).

ALTER TABLE appointments ADD COLUMN source TEXT;
ALTER TABLE appointments ADD COLUMN requested_at TIMESTAMPTZ;
ALTER TABLE appointments ADD COLUMN confirmed_via TEXT;
ALTER TABLE appointments ADD COLUMN parts_ready BOOLEAN;
ALTER TABLE appointments ADD COLUMN original_ref TEXT;
ALTER TABLE appointments ADD COLUMN missed_at TIMESTAMPTZ;
ALTER TABLE appointments ADD COLUMN recovered_at TIMESTAMPTZ;
ALTER TABLE appointments ADD COLUMN warnings JSONB NOT NULL DEFAULT '[]';
CREATE INDEX appointments_expected ON appointments (dealership_id, start_at, id)
    WHERE state IN ('requested', 'proposed', 'booked', 'confirmed', 'arrived', 'in_service', 'move_requested', 'no_show_suspected');
CREATE INDEX appointments_missed ON appointments (customer_id, missed_at) WHERE missed_at IS NOT NULL;

-- When a source was last heard to tell of something that had just happened.
CREATE TABLE feeds (
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    source TEXT NOT NULL,
    heard_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (dealership_id, source)
);

-- The work that a day has room for, by team, in minutes; what the sender counts as booked, where it does.
CREATE TABLE capacity (
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    date TEXT NOT NULL,
    team TEXT NOT NULL,
    available_minutes BIGINT NOT NULL,
    booked_minutes BIGINT,
    heard_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (dealership_id, date, team)
);
