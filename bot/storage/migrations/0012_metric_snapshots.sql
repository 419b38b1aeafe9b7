-- Any metric by ISO week, of a portfolio (a guild's id; 0 is the operator's own). `week` is the year
-- times 100 and the week's number, 202544: in the order of time, and three bytes. `data` is JSON as it
-- was given, in canonical form.
CREATE TABLE metric_snapshots (
    portfolio BIGINT NOT NULL,
    week BIGINT NOT NULL,
    metric TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (portfolio, week, metric)
) WITHOUT ROWID;
