-- Visits by what they are (acceptance 32): in the workshop, come back, without an appointment; and the order of a visit.
CREATE INDEX repair_orders_in_the_workshop ON repair_orders (id) WHERE state IN ('open', 'ready');
CREATE INDEX repair_orders_come_back ON repair_orders (id) WHERE is_comeback;
CREATE INDEX repair_orders_walked_in ON repair_orders (id) WHERE appointment_ref IS NULL;
CREATE INDEX repair_orders_of_visits ON repair_orders (appointment_ref, dealership_id) WHERE state IN ('open', 'ready');
