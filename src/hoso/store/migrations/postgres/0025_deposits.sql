-- What came in by the doors for other software: a deposit, cut into items that are accepted or refused each by itself.
-- `data` is an item as it came, until a Binary keeps it; `mended` what somebody put in its place. Both are zstd.
CREATE TABLE deposit (
  id TEXT COLLATE "C" PRIMARY KEY, format TEXT COLLATE "C" NOT NULL, sender TEXT COLLATE "C" NOT NULL,
  facility TEXT COLLATE "C" NOT NULL, name TEXT NOT NULL, received bigint NOT NULL, digest TEXT COLLATE "C" NOT NULL,
  size bigint NOT NULL, signature TEXT NOT NULL, state bigint NOT NULL, attempts bigint NOT NULL, taken bigint NOT NULL,
  items bigint NOT NULL
);
CREATE INDEX deposit_same ON deposit (digest, facility);
CREATE INDEX deposit_open ON deposit (state, received, id);
CREATE TABLE deposit_item (
  deposit TEXT COLLATE "C" NOT NULL, number bigint NOT NULL, state bigint NOT NULL, label TEXT NOT NULL,
  digest TEXT COLLATE "C" NOT NULL, issues TEXT NOT NULL, wrote TEXT NOT NULL, data bytea NOT NULL, mended bytea NOT NULL,
  PRIMARY KEY (deposit, number)
);
CREATE INDEX deposit_item_state ON deposit_item (deposit, state, number);
