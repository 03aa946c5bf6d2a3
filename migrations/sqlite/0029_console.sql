-- Who signs in to the console. A person has one account however many dealerships they work at.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    -- argon2id, as a PHC string.
    password_hash TEXT NOT NULL,
    -- The password was given by somebody else: another must be chosen first.
    must_change INTEGER NOT NULL,
    locale TEXT,
    active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- Where they work: one row of `staff` for each dealership.
CREATE TABLE account_staff (
    account_id TEXT NOT NULL REFERENCES accounts(id),
    staff_id TEXT NOT NULL UNIQUE REFERENCES staff(id),
    PRIMARY KEY (account_id, staff_id)
) STRICT;

-- Only the hash of a session's token is kept.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts(id),
    -- Where they are working just now.
    dealership_id TEXT REFERENCES dealerships(id),
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Failed sign-ins in a row, of a login and of an address; the key is a hash.
CREATE TABLE sign_in_failures (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    blocked_until TEXT
) STRICT;
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);

-- What screens list: what waits by when it is due, what comes later by when it begins.
CREATE INDEX call_tasks_due ON call_tasks (dealership_id, due_at, id) WHERE state IN ('ready', 'leased');
CREATE INDEX call_tasks_later ON call_tasks (dealership_id, not_before, id) WHERE state IN ('scheduled', 'held');
CREATE INDEX cases_unsettled ON cases (dealership_id, resolve_by, id) WHERE state <> 'verified';
-- The name first: PostgreSQL would otherwise read a whole dealership by this index where it knows no better yet.
CREATE INDEX customers_by_name ON customers (search_name, dealership_id);
CREATE INDEX vehicles_by_owner ON vehicles (owner_id) WHERE owner_id IS NOT NULL;
