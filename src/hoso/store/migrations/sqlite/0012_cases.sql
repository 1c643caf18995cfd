-- What citizens asked and somebody owes an answer to: a look that seemed wrong (`event` is its place in the log), or a
-- request about their data (`event` -1). An open one stands once, however often the button is pressed. Rows stay.
CREATE TABLE citizen_case (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, patient INTEGER NOT NULL, opener TEXT NOT NULL, facility TEXT NOT NULL,
  event INTEGER NOT NULL, words TEXT NOT NULL, opened INTEGER NOT NULL, acknowledge_by INTEGER NOT NULL,
  due INTEGER NOT NULL, third INTEGER NOT NULL, acknowledged INTEGER, extended INTEGER, extension TEXT, answered INTEGER,
  officer TEXT, outcome TEXT, answer TEXT, closed INTEGER
) WITHOUT ROWID;
CREATE INDEX citizen_case_patient ON citizen_case (patient, opened);
CREATE INDEX citizen_case_queue ON citizen_case (facility, closed, due);
CREATE UNIQUE INDEX citizen_case_once ON citizen_case (patient, kind, facility, event)
  WHERE answered IS NULL AND closed IS NULL;
