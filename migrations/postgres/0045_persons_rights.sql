-- Who was erased stays erased: only salted hashes of what they were known by are kept, to know them by when they are told of again.
ALTER TABLE customers ADD COLUMN erased_at TIMESTAMPTZ;

CREATE TABLE erasure_salts (
    id TEXT PRIMARY KEY,
    salt TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE erased_marks (
    mark TEXT PRIMARY KEY,
    -- Of a ref it is enough; of an address only where the ref is unknown too, because families share a telephone.
    is_ref BOOLEAN NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers(id),
    erased_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX erased_marks_by_customer ON erased_marks (customer_id);
