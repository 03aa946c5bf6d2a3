-- While somebody is erased everybody who tells of anybody waits: what is theirs is read from these, however much has come in.
CREATE INDEX inbound_by_customer ON inbound_messages (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX inbound_by_about ON inbound_messages (about_id) WHERE about_id IS NOT NULL;
CREATE INDEX inbound_by_subject ON inbound_messages (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX inbound_by_sender ON inbound_messages (lower(from_address)) WHERE customer_id IS NULL;
CREATE INDEX inbound_by_return_path ON inbound_messages (lower(envelope_from)) WHERE customer_id IS NULL;
CREATE INDEX inbound_texts_by_customer ON inbound_texts (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX inbound_texts_by_sender ON inbound_texts (lower(from_address)) WHERE customer_id IS NULL;
CREATE INDEX suppressions_by_customer ON suppressions (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX suppressions_of_nobody ON suppressions (target) WHERE customer_id IS NULL;
