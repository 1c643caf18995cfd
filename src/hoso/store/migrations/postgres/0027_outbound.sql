-- Where whole visits of a facility are sent, and the queue. `secret` is sealed under a key of the node; of a destination
-- that was removed the row stays, with `ended`. `taken`: until when somebody has a sending; `body` is packed and goes
-- when it is settled; `held` are the versions that the body was made of; `number` is what the receiver calls it.
CREATE TABLE destination (
  name TEXT COLLATE "C" PRIMARY KEY, form TEXT COLLATE "C" NOT NULL, url TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL, facility TEXT COLLATE "C" NOT NULL, purpose TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL, username TEXT COLLATE "C" NOT NULL, secret bytea, dialect TEXT COLLATE "C" NOT NULL,
  created bigint NOT NULL, ended bigint
);
CREATE TABLE outbound (
  id TEXT COLLATE "C" PRIMARY KEY, destination TEXT COLLATE "C" NOT NULL, visit TEXT COLLATE "C" NOT NULL,
  dialect TEXT COLLATE "C" NOT NULL, partial bigint NOT NULL, asked bigint NOT NULL, asker TEXT COLLATE "C" NOT NULL,
  state bigint NOT NULL, due bigint NOT NULL, taken bigint NOT NULL, attempts bigint NOT NULL, failing bigint NOT NULL,
  settled bigint NOT NULL, number TEXT COLLATE "C" NOT NULL, withheld bigint NOT NULL, issues TEXT COLLATE "C" NOT NULL,
  held TEXT COLLATE "C" NOT NULL, digest TEXT COLLATE "C" NOT NULL, body bytea NOT NULL
);
CREATE INDEX outbound_due ON outbound (destination, due, id) WHERE state < 2;
CREATE INDEX outbound_visit ON outbound (destination, visit, id);
