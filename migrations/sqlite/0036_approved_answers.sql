-- Which questions a dealership has answered at once from facts on record (BR-02); a row is one that is switched on.
CREATE TABLE approved_answers (
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    kind TEXT NOT NULL CHECK (kind IN ('opening_hours', 'my_booking', 'my_car', 'my_part')),
    switched_on_by TEXT NOT NULL,
    switched_on_at TEXT NOT NULL,
    PRIMARY KEY (dealership_id, kind)
) STRICT;

-- A customer's parts that are on their way or wait for them.
CREATE INDEX parts_orders_by_customer ON parts_orders (customer_id) WHERE customer_id IS NOT NULL;
