-- When somebody works, on which days they are away, and who stands in for them meanwhile (BR-03 to BR-05).
ALTER TABLE staff ADD COLUMN shifts JSONB NOT NULL DEFAULT '{}';
ALTER TABLE staff ADD COLUMN substitute_id TEXT REFERENCES staff(id);
