-- What a guild has settled. `left_at`: since when the bot is no longer a member.
CREATE TABLE guilds (
    id INTEGER PRIMARY KEY,
    zone TEXT NOT NULL,
    alerts_channel_id BIGINT,
    left_at BIGINT
);

-- One scheduled digest a guild and watch group. `minute` of the day on the zone's clock; `since`:
-- when it was settled; `paused`: why it is not posted, NULL if it is.
CREATE TABLE digests (
    guild_id BIGINT NOT NULL REFERENCES guilds (id),
    watch_group TEXT NOT NULL,
    channel_id BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    every TEXT NOT NULL,
    zone TEXT NOT NULL,
    since BIGINT NOT NULL,
    ranked_by TEXT NOT NULL,
    top BIGINT NOT NULL,
    minimum BIGINT NOT NULL,
    skip_empty INTEGER NOT NULL,
    mention_role_id BIGINT,
    publish INTEGER NOT NULL,
    paused TEXT,
    PRIMARY KEY (guild_id, watch_group)
) WITHOUT ROWID;

-- A digest on its way: written as due before it is sent, so that a crash can neither lose nor
-- double it. The id is its marker in the message: never given twice, or a message of a digest that
-- was removed would be taken for the new one's.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id BIGINT NOT NULL,
    watch_group TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    covers_from BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempted_at BIGINT,
    message_id BIGINT
);
CREATE UNIQUE INDEX outbox_once ON outbox (guild_id, watch_group, due_at);
-- The few that are under way, among years of those that were sent.
CREATE INDEX outbox_open ON outbox (due_at) WHERE state IN ('due', 'sending');

-- Who changed what: settings and watches. `detail` is a sentence without secrets.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- Warnings already told, so that each is told once; gone when its cause is.
CREATE TABLE told (
    guild_id BIGINT NOT NULL,
    warning TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (guild_id, warning)
) WITHOUT ROWID;
