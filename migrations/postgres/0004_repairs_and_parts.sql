-- The workshop's side of a visit: repair orders with the work found on them, and the parts that are on their way.
-- States are listed in one place, the architecture's table of states; the CHECKs repeat them word for word.

CREATE TABLE repair_orders (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'ready', 'delivered', 'closed')),
    revision BIGINT NOT NULL,
    sender_revision BIGINT,
    heard_at TIMESTAMPTZ NOT NULL,
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    advisor_id TEXT REFERENCES staff(id),
    technicians JSONB NOT NULL,
    appointment_ref TEXT,
    opened_at TIMESTAMPTZ,
    -- What was promised when the order was written, and what is promised now.
    first_promise TIMESTAMPTZ,
    promised_at TIMESTAMPTZ,
    promise_reason TEXT,
    ready_at TIMESTAMPTZ,
    qc_at TIMESTAMPTZ,
    qc_by TEXT,
    delivered_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    -- Unknown where the sender does not say.
    signed BOOLEAN,
    signed_at TIMESTAMPTZ,
    signed_by TEXT,
    condition_recorded BOOLEAN,
    pay_type TEXT,
    is_comeback BOOLEAN NOT NULL,
    jobs JSONB NOT NULL,
    odometer BIGINT,
    total DOUBLE PRECISION,
    hours_sold DOUBLE PRECISION,
    hours_clocked DOUBLE PRECISION,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (ref, dealership_id)
);
CREATE INDEX repair_orders_by_vehicle ON repair_orders (vehicle_id, id);
CREATE INDEX repair_orders_by_customer ON repair_orders (customer_id, id);
CREATE INDEX repair_orders_opened ON repair_orders (dealership_id, opened_at);

-- Work that a technician found beyond what was asked for, and what the customer decided about it.
CREATE TABLE work_items (
    id TEXT PRIMARY KEY,
    repair_order_id TEXT NOT NULL REFERENCES repair_orders(id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('safety', 'soon', 'monitor')),
    amount DOUBLE PRECISION,
    decision TEXT NOT NULL CHECK (decision IN ('pending', 'approved', 'declined', 'deferred')),
    found_at TIMESTAMPTZ NOT NULL,
    heard_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    decided_by TEXT,
    decided_via TEXT,
    reason TEXT,
    reminded BIGINT NOT NULL,
    booked_at TIMESTAMPTZ,
    UNIQUE (repair_order_id, code)
);

CREATE TABLE parts_orders (
    id TEXT PRIMARY KEY,
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    revision BIGINT NOT NULL,
    sender_revision BIGINT,
    heard_at TIMESTAMPTZ NOT NULL,
    customer_id TEXT REFERENCES customers(id),
    vehicle_id TEXT REFERENCES vehicles(id),
    advisor_id TEXT REFERENCES staff(id),
    ro_ref TEXT,
    order_type TEXT,
    ordered_at TIMESTAMPTZ,
    -- For lines that have no date of their own.
    eta TIMESTAMPTZ,
    -- The gate: set while every line that is not ended is in; the revision says which arrival this is.
    complete_at TIMESTAMPTZ,
    complete_revision BIGINT,
    -- When the customer chose a day for the fitting, and by which appointment.
    booked_at TIMESTAMPTZ,
    appointment_id TEXT REFERENCES appointments(id),
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (ref, dealership_id)
);
CREATE INDEX parts_orders_by_ro ON parts_orders (ro_ref, dealership_id) WHERE ro_ref IS NOT NULL;
CREATE INDEX parts_orders_by_vehicle ON parts_orders (vehicle_id) WHERE vehicle_id IS NOT NULL;
CREATE INDEX parts_orders_by_appointment ON parts_orders (appointment_id) WHERE appointment_id IS NOT NULL;

CREATE TABLE part_lines (
    id TEXT PRIMARY KEY,
    parts_order_id TEXT NOT NULL REFERENCES parts_orders(id),
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    ref TEXT NOT NULL,
    part_no TEXT,
    name TEXT,
    state TEXT NOT NULL CHECK (state IN ('ordered', 'backordered', 'partial', 'received', 'issued', 'returned', 'cancelled', 'unobtainable')),
    heard_at TIMESTAMPTZ NOT NULL,
    qty_ordered DOUBLE PRECISION,
    qty_received DOUBLE PRECISION NOT NULL,
    qty_issued DOUBLE PRECISION NOT NULL,
    backordered BOOLEAN NOT NULL,
    eta TIMESTAMPTZ,
    first_eta TIMESTAMPTZ,
    location TEXT,
    unit_value DOUBLE PRECISION,
    reason TEXT,
    ordered_at TIMESTAMPTZ,
    received_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (parts_order_id, ref)
);
-- The board: what is on its way, and what is here and not fitted.
CREATE INDEX part_lines_waiting ON part_lines (dealership_id, id) WHERE state IN ('ordered', 'backordered', 'partial', 'received');

-- Every date that was named for a line, in the order in which it was heard; never changed.
CREATE TABLE part_etas (
    id TEXT PRIMARY KEY,
    part_line_id TEXT NOT NULL REFERENCES part_lines(id),
    eta TIMESTAMPTZ,
    heard_at TIMESTAMPTZ NOT NULL,
    event_id TEXT REFERENCES events(id)
);
CREATE INDEX part_etas_by_line ON part_etas (part_line_id, id);

-- The next visit of a car: parts that arrive are fitted then.
CREATE INDEX appointments_by_vehicle ON appointments (vehicle_id, start_at);
