-- The operations report: a month of each kind of row is found by an index, and every definition of its numbers is kept.
CREATE INDEX appointments_planned ON appointments (dealership_id, start_at);
CREATE INDEX repair_orders_delivered ON repair_orders (dealership_id, delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX parts_orders_complete ON parts_orders (dealership_id, complete_at) WHERE complete_at IS NOT NULL;
CREATE INDEX part_lines_ordered ON part_lines (dealership_id, ordered_at) WHERE ordered_at IS NOT NULL;
CREATE INDEX part_lines_received ON part_lines (dealership_id, received_at) WHERE received_at IS NOT NULL;
CREATE INDEX part_lines_ended ON part_lines (dealership_id, ended_at) WHERE ended_at IS NOT NULL;

-- A version is never changed; what is added to it is the brand's approval, once (seed: 其内容及形式必须经LEXUS同意).
CREATE TABLE report_definitions (
    report TEXT NOT NULL CHECK (report IN ('operations')),
    version BIGINT NOT NULL,
    numbers JSONB NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by TEXT NOT NULL,
    approved_at TIMESTAMPTZ,
    approved_by TEXT,
    approval_ref TEXT,
    recorded_by TEXT,
    PRIMARY KEY (report, version)
);
