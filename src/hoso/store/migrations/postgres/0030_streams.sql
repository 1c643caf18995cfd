-- Messages of a stream are items of one deposit a day, found again by what their sender calls them (MSH-10).
CREATE INDEX deposit_item_label ON deposit_item (deposit, label);
-- The last number of a sender that counts its messages (MSH-13).
CREATE TABLE stream_number (sender TEXT COLLATE "C" PRIMARY KEY, number bigint NOT NULL);
