-- What a citizen was reminded of (access/reminders): each thing once for each day on which it is due, whoever asks again.
CREATE TABLE reminder (
  person TEXT COLLATE "C" NOT NULL, what TEXT COLLATE "C" NOT NULL, due bigint NOT NULL, told bigint NOT NULL,
  PRIMARY KEY (person, what, due)
);
