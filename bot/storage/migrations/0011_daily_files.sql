-- When the daily files were collected that were imported: inside coverage single samples are not
-- kept, and a past day is to be exported as of the moment of its file.
CREATE TABLE daily_files (
    collected_at BIGINT PRIMARY KEY
) WITHOUT ROWID;
