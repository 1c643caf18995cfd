-- What a citizen was reminded of (access/reminders): each thing once for each day on which it is due, whoever asks again.
CREATE TABLE reminder (
  person TEXT NOT NULL, what TEXT NOT NULL, due INTEGER NOT NULL, told INTEGER NOT NULL,
  PRIMARY KEY (person, what, due)
) WITHOUT ROWID;
