-- What a booking should say and does not (acceptance 35): name, model, year, a number.
ALTER TABLE appointments ADD COLUMN missing TEXT NOT NULL DEFAULT '[]';
CREATE INDEX appointments_incomplete ON appointments (dealership_id, start_at) WHERE missing <> '[]';
CREATE INDEX appointments_incomplete_by_customer ON appointments (customer_id) WHERE missing <> '[]';
CREATE INDEX appointments_incomplete_by_vehicle ON appointments (vehicle_id) WHERE missing <> '[]';
