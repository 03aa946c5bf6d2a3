-- Who is to be greeted as a guest of honour, and what they need help with (seed step 2; acceptance 12 and 33).
ALTER TABLE customers ADD COLUMN vip BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE customers ADD COLUMN needs JSONB NOT NULL DEFAULT '[]';
