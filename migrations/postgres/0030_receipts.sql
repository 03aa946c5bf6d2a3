-- Receipts are looked up by the name that their provider has for a message, also before we know that name.
CREATE INDEX receipts_by_ref ON receipts (provider_ref);
