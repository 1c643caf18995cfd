-- Subscriptions: who asked with which rights, how far each is, and the events that wait or were told. `asked` is the
-- version its subscriber wrote last, `version` the one that counts since the feed number `since`; `errand` and `secret`
-- (headers, sealed) belong to `version`, those of `asked` wait beside them. `told` is the place (feed number) up to which
-- everything was delivered, `numbered` the last event number given out.
CREATE TABLE subscription (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, asked TEXT NOT NULL, asked_errand TEXT NOT NULL, asked_secret BLOB,
  version TEXT NOT NULL, errand TEXT NOT NULL, secret BLOB, state INTEGER NOT NULL, since INTEGER NOT NULL,
  numbered INTEGER NOT NULL, told INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, failing INTEGER,
  fault TEXT, heard INTEGER NOT NULL, heartbeat INTEGER NOT NULL, ends INTEGER
) WITHOUT ROWID;
-- `number` is given when an event is first sent; before that it may still vanish, when its subscriber lost the right to it.
CREATE TABLE subscription_event (
  subscription TEXT NOT NULL, place INTEGER NOT NULL, number INTEGER, type INTEGER NOT NULL, id TEXT NOT NULL,
  version TEXT NOT NULL, method TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (subscription, place)
) WITHOUT ROWID;
CREATE INDEX subscription_event_time ON subscription_event (time);
-- One row: up to which number the feed was looked through.
CREATE TABLE subscription_cursor (id INTEGER PRIMARY KEY, number INTEGER NOT NULL);
INSERT INTO subscription_cursor SELECT 1, max(number) FROM feed HAVING count(*) > 0;
