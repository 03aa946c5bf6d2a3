-- Parts that lie here and that their customer has said on the telephone they do not want: they go back.
ALTER TABLE parts_orders ADD COLUMN declined_at TIMESTAMPTZ;
