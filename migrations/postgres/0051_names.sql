-- A name that begins so is a range of code points. The order of a database's language leaves characters out and mixes cases:
-- in a database made as en_US.UTF-8 no name was found by its beginning.
ALTER TABLE customers ALTER COLUMN search_name TYPE TEXT COLLATE "C";
