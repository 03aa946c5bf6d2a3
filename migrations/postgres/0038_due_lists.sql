-- What waits for an answer at every dealership, what is due first before the others; and an inquiry by its number.
CREATE INDEX inquiries_open_everywhere ON inquiries (due_at, id) WHERE state IN ('new', 'assigned');
CREATE INDEX inquiries_by_ref ON inquiries (ref);
