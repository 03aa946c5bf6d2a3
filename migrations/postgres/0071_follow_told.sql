-- For when the official account last told whether an openid follows it: its words may overtake each other.
ALTER TABLE contact_points ADD COLUMN follow_told_at TIMESTAMPTZ;
