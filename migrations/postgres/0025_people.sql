-- People who turned out to be one, how somebody wishes to be written to, and recalls that concern a vehicle.

ALTER TABLE customers ADD COLUMN preferred_channel TEXT;
-- Whoever asks for this one is shown the other, who has everything that was theirs.
ALTER TABLE customers ADD COLUMN merged_into TEXT REFERENCES customers(id);
ALTER TABLE customers ADD COLUMN merged_at TIMESTAMPTZ;
CREATE INDEX customers_merged ON customers (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contact_points_in_use ON contact_points (value) WHERE removed_at IS NULL;

-- Two who may be one: for a person to decide, never done in silence. The older of the two ids comes first.
CREATE TABLE merge_suggestions (
    customer_id TEXT NOT NULL REFERENCES customers(id),
    other_id TEXT NOT NULL REFERENCES customers(id),
    because TEXT NOT NULL CHECK (because IN ('same_phone', 'same_email', 'same_wechat')),
    made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (customer_id, other_id)
);
CREATE INDEX merge_suggestions_other ON merge_suggestions (other_id);

ALTER TABLE vehicles ADD COLUMN odometer BIGINT;
ALTER TABLE vehicles ADD COLUMN next_service_at TIMESTAMPTZ;
ALTER TABLE vehicles ADD COLUMN next_service_km BIGINT;

CREATE TABLE vehicle_campaigns (
    vehicle_id TEXT NOT NULL REFERENCES vehicles(id),
    campaign_no TEXT NOT NULL,
    name TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    heard_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (vehicle_id, campaign_no)
);
