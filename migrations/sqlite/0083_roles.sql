-- Who drives a car and who pays for it, besides its owner (the `users` of a vehicle): told by vehicle.upserted, ended by
-- ownership.ended or by a later word.
CREATE TABLE vehicle_people (
    vehicle_id TEXT NOT NULL REFERENCES vehicles(id),
    customer_id TEXT NOT NULL REFERENCES customers(id),
    role TEXT NOT NULL CHECK (role IN ('driver', 'payer')),
    -- Of the event that said so last.
    source TEXT NOT NULL,
    since_at TEXT NOT NULL,
    -- The time of the youngest word about it: an older one changes nothing.
    heard_at TEXT NOT NULL,
    ended_at TEXT,
    PRIMARY KEY (vehicle_id, role, customer_id)
) STRICT;
CREATE INDEX vehicle_people_by_customer ON vehicle_people (customer_id);

-- In which role of which car the reader is addressed, in place of the customer of the visit; NULL where they are that customer.
ALTER TABLE notices ADD COLUMN addressed_as TEXT CHECK (addressed_as IN ('owner', 'driver', 'payer'));
ALTER TABLE notices ADD COLUMN vehicle_id TEXT REFERENCES vehicles(id);
ALTER TABLE notices ADD COLUMN visit_customer_id TEXT REFERENCES customers(id);
CREATE INDEX notices_open_in_role ON notices (customer_id) WHERE addressed_as IS NOT NULL AND state IN ('waiting', 'held');
CREATE INDEX notices_by_visit_customer ON notices (visit_customer_id) WHERE visit_customer_id IS NOT NULL;
