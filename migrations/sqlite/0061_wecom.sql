-- Who works here is told by WeCom under their user id there; without one, in their dealership's group.
ALTER TABLE staff ADD COLUMN wecom_userid TEXT;
