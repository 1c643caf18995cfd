-- Where whole visits of a facility are sent, and the queue. `secret` is sealed under a key of the node; of a destination
-- that was removed the row stays, with `ended`. `taken`: until when somebody has a sending; `body` is packed and goes
-- when it is settled; `held` are the versions that the body was made of; `number` is what the receiver calls it.
CREATE TABLE destination (
  name TEXT PRIMARY KEY, form TEXT NOT NULL, url TEXT NOT NULL, address TEXT NOT NULL, facility TEXT NOT NULL,
  purpose TEXT NOT NULL, basis TEXT NOT NULL, username TEXT NOT NULL, secret BLOB, dialect TEXT NOT NULL,
  created INTEGER NOT NULL, ended INTEGER
) WITHOUT ROWID;
CREATE TABLE outbound (
  id TEXT PRIMARY KEY, destination TEXT NOT NULL, visit TEXT NOT NULL, dialect TEXT NOT NULL, partial INTEGER NOT NULL,
  asked INTEGER NOT NULL, asker TEXT NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL, taken INTEGER NOT NULL,
  attempts INTEGER NOT NULL, failing INTEGER NOT NULL, settled INTEGER NOT NULL, number TEXT NOT NULL,
  withheld INTEGER NOT NULL, issues TEXT NOT NULL, held TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbound_due ON outbound (destination, due, id) WHERE state < 2;
CREATE INDEX outbound_visit ON outbound (destination, visit, id);
