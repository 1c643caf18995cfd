-- Search parameters that R4 does not have: from SearchParameter records (`record`), and full text ('' as `record`). The index
-- names their rows by `number`, which is never used again. `type` and `rid` are the place that the walk over the records
-- has reached, `seen` how many it met; see store/added.py for `state`.
CREATE TABLE added_parameter (
  number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL, definition TEXT NOT NULL, state INTEGER NOT NULL,
  since INTEGER NOT NULL, type INTEGER NOT NULL, rid INTEGER NOT NULL, seen INTEGER NOT NULL, mended INTEGER NOT NULL
);
