-- What the row of a thing said in the last file that held it: hashes of its facts, in their order. A row that says the same again is no news.
CREATE TABLE imported_rows (
    dealership_id TEXT NOT NULL REFERENCES dealerships(id),
    source TEXT NOT NULL,
    row_key TEXT NOT NULL,
    said TEXT NOT NULL,
    PRIMARY KEY (dealership_id, source, row_key)
);
