-- Stars still held today, by the UTC day (counted from 1970) they were given: GitHub's own series,
-- never mixed with what was observed. A day without a row that is known has none.
CREATE TABLE stars_retained (
    subject_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (subject_id, day)
) WITHOUT ROWID;

-- How far that series was read: `pages` so far, `since` is the first day known, `whole` 1: it goes
-- back to the first star, so nothing lies before it. `asked_at` is when the newest page was read, or
-- refused while there was none.
CREATE TABLE star_histories (
    subject_id BIGINT PRIMARY KEY,
    pages BIGINT NOT NULL,
    since BIGINT,
    whole BIGINT NOT NULL,
    asked_at BIGINT NOT NULL
) WITHOUT ROWID;
