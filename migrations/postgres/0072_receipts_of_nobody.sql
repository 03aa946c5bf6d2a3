-- Receipts that name no message of ours are deleted after a while: the oldest are found here.
CREATE INDEX receipts_of_nobody ON receipts (received_at) WHERE message_id IS NULL;
