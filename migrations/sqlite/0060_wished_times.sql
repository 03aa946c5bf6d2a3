-- Which times would suit a customer who asked for another one: their words, which the sealed record is no place for.
ALTER TABLE appointments ADD COLUMN wishes TEXT;
