"""Everything that can go wrong and be told to a person in one sentence with the next step.

RadarError                  something failed: exit code 1
├── UsageError              what was asked or configured is wrong: exit code 2, an ephemeral reply
│   ├── InvalidName         not an owner/name
│   ├── InvalidWindow       not a window of time
│   ├── UnknownRepository   nobody here has heard of it, or may not
│   ├── UnknownOwner        no user or organisation of that name, or none the token may see
│   ├── InvalidFile         an import file that cannot be read at all
│   ├── SettingsError       a setting is wrong or missing
│   └── StoreUnusable       the database cannot be opened, is too new, or is in use
├── GitHubError             GitHub did not answer, or refused everything
│   ├── TokenMissing        nothing to ask with (exit code 2)
│   ├── TokenRejected       expired, revoked or mistyped (exit code 2)
│   └── RateLimited         the limit ends later than we are willing to wait
├── RunInProgress           another process is sampling right now
├── NotPosted               Discord did not take a message now: it may do so later
│   └── Unpostable          nor will it before somebody mends the channel or the bot's rights
├── PostDropped             a digest's post was removed or ended before it could be sent
└── Stopped                 the program ends before the work does

Each edge translates foreign exceptions into these in one place; the command line, the command tree
and the scheduler are the only ones that catch them.
"""


class RadarError(Exception):
    """A failure told in one sentence, which is `str(error)`."""

    exit_code = 1


class UsageError(RadarError):
    exit_code = 2


class InvalidName(UsageError):
    pass


class InvalidWindow(UsageError):
    pass


class UnknownRepository(UsageError):
    pass


class UnknownOwner(UsageError):
    pass


class InvalidFile(UsageError):
    pass


class SettingsError(UsageError):
    pass


class StoreUnusable(UsageError):
    pass


class GitHubError(RadarError):
    pass


class TokenMissing(GitHubError):
    exit_code = 2


class TokenRejected(GitHubError):
    exit_code = 2


class RateLimited(GitHubError):
    pass


class RunInProgress(RadarError):
    pass


class NotPosted(RadarError):
    pass


class Unpostable(NotPosted):
    pass


class PostDropped(RadarError):
    pass


class Stopped(RadarError):
    pass
