-- Mail that took no effect: a person has to look at it. There is little of it, and it is looked at by its state.
CREATE INDEX inbound_unread ON inbound_messages (id) WHERE state IN ('failed', 'dead');
