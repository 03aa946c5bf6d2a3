-- What a notice and a line of the record are about may be anything, and a notice may be read by somebody who works here.

ALTER TABLE notices ADD COLUMN staff_id TEXT REFERENCES staff(id);
ALTER TABLE messages ADD COLUMN staff_id TEXT REFERENCES staff(id);
ALTER TABLE timeline ADD COLUMN subject_type TEXT;
ALTER TABLE timeline ADD COLUMN subject_id TEXT;
CREATE INDEX timeline_by_subject ON timeline (subject_id, id) WHERE subject_id IS NOT NULL;
