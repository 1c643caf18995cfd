-- The facility at which a grant holds; empty: wherever its holder works.
ALTER TABLE access_grant ADD COLUMN facility text COLLATE "C" NOT NULL DEFAULT '';
