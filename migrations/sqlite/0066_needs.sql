-- Who is to be greeted as a guest of honour, and what they need help with (seed step 2; acceptance 12 and 33).
ALTER TABLE customers ADD COLUMN vip INTEGER NOT NULL DEFAULT FALSE;
ALTER TABLE customers ADD COLUMN needs TEXT NOT NULL DEFAULT '[]';
