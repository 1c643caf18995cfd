-- Unusual reading as the rules found it (access/watching): a question for a privacy officer, and what came of it.

-- How many people somebody met on a day in Vietnam (days since 0001-01-01), which later days are compared with.
CREATE TABLE reading_day (
  day bigint NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, facility TEXT NOT NULL, measure TEXT NOT NULL,
  people bigint NOT NULL,
  PRIMARY KEY (day, actor, role, facility, measure)
);

-- Times are milliseconds. `usual`, `peers`: medians, NULL where too few days are known.
CREATE TABLE unusual_reading (
  id TEXT PRIMARY KEY, actor TEXT NOT NULL, role TEXT NOT NULL, facility TEXT NOT NULL, day bigint NOT NULL,
  measure TEXT NOT NULL, people bigint NOT NULL, usual double precision, peers double precision, found bigint NOT NULL,
  officer TEXT, decided bigint, outcome TEXT, words TEXT,
  UNIQUE (actor, role, facility, day, measure)
);
CREATE INDEX unusual_reading_queue ON unusual_reading (facility, decided, day);
CREATE TABLE unusual_person (
  finding TEXT NOT NULL, patient bigint NOT NULL,
  PRIMARY KEY (finding, patient)
);
