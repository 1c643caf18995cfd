-- The case of the citizen who asked for the erasure; empty: it was asked on paper.
ALTER TABLE erasure_request ADD COLUMN case_id TEXT NOT NULL DEFAULT '';
