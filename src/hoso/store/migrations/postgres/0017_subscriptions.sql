-- Subscriptions: who asked with which rights, how far each is, and the events that wait or were told. `asked` is the
-- version its subscriber wrote last, `version` the one that counts since the feed number `since`; `errand` and `secret`
-- (headers, sealed) belong to `version`, those of `asked` wait beside them. `told` is the place (feed number) up to which
-- everything was delivered, `numbered` the last event number given out.
CREATE TABLE subscription (
  id TEXT COLLATE "C" PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, asked TEXT COLLATE "C" NOT NULL,
  asked_errand TEXT COLLATE "C" NOT NULL, asked_secret bytea, version TEXT COLLATE "C" NOT NULL,
  errand TEXT COLLATE "C" NOT NULL, secret bytea, state bigint NOT NULL, since bigint NOT NULL, numbered bigint NOT NULL,
  told bigint NOT NULL, attempts bigint NOT NULL, due bigint NOT NULL, failing bigint, fault TEXT COLLATE "C",
  heard bigint NOT NULL, heartbeat bigint NOT NULL, ends bigint
);
-- `number` is given when an event is first sent; before that it may still vanish, when its subscriber lost the right to it.
CREATE TABLE subscription_event (
  subscription TEXT COLLATE "C" NOT NULL, place bigint NOT NULL, number bigint, type bigint NOT NULL,
  id TEXT COLLATE "C" NOT NULL, version TEXT COLLATE "C" NOT NULL, method TEXT COLLATE "C" NOT NULL, time bigint NOT NULL,
  PRIMARY KEY (subscription, place)
);
CREATE INDEX subscription_event_time ON subscription_event (time);
-- One row: up to which number the feed was looked through.
CREATE TABLE subscription_cursor (id bigint PRIMARY KEY, number bigint NOT NULL);
INSERT INTO subscription_cursor SELECT 1, max(number) FROM feed HAVING count(*) > 0;
