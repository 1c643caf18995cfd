-- Search parameters that R4 does not have: from SearchParameter records (`record`), and full text ('' as `record`). The index
-- names their rows by `number`, which is never used again. `type` and `rid` are the place that the walk over the records
-- has reached, `seen` how many it met; see store/added.py for `state`.
CREATE TABLE added_parameter (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, record TEXT COLLATE "C" NOT NULL,
  definition TEXT COLLATE "C" NOT NULL, state smallint NOT NULL, since bigint NOT NULL, type bigint NOT NULL,
  rid bigint NOT NULL, seen bigint NOT NULL, mended bigint NOT NULL
);
