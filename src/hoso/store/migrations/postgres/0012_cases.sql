-- What citizens asked and somebody owes an answer to: a look that seemed wrong (`event` is its place in the log), or a
-- request about their data (`event` -1). An open one stands once, however often the button is pressed. Rows stay.
CREATE TABLE citizen_case (
  id TEXT COLLATE "C" PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, patient bigint NOT NULL, opener TEXT COLLATE "C" NOT NULL, facility TEXT COLLATE "C" NOT NULL,
  event bigint NOT NULL, words TEXT COLLATE "C" NOT NULL, opened bigint NOT NULL, acknowledge_by bigint NOT NULL,
  due bigint NOT NULL, third bigint NOT NULL, acknowledged bigint, extended bigint, extension TEXT COLLATE "C", answered bigint,
  officer TEXT COLLATE "C", outcome TEXT COLLATE "C", answer TEXT COLLATE "C", closed bigint
);
CREATE INDEX citizen_case_patient ON citizen_case (patient, opened);
CREATE INDEX citizen_case_queue ON citizen_case (facility, closed, due);
CREATE UNIQUE INDEX citizen_case_once ON citizen_case (patient, kind, facility, event)
  WHERE answered IS NULL AND closed IS NULL;
