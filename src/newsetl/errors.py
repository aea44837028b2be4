"""Errors that newsetl raises. Bad data is never one of them: it becomes a `Reject`.

NewsetlError                 base: the command line prints its message on one line and exits with code 2
├── InputError               a path, pattern or URL list that cannot be read
├── SettingsError            an option, mapping or settings file that makes no sense
├── RuleError                a table under arabic/ or sources/ that breaks its own rules
├── SchemaVersionError       a store written with another schema version: newsetl migrate, or a newer newsetl
└── ConservationError        records read ≠ articles + duplicates + superseded + rejected; nothing is published
"""


class NewsetlError(Exception):
    """Base of all errors that newsetl raises on purpose."""


class InputError(NewsetlError):
    """A path, pattern or URL list cannot be read."""


class SettingsError(NewsetlError):
    """An option, a field mapping or a settings file makes no sense."""


class RuleError(NewsetlError):
    """A rule table breaks its own rules."""


class SchemaVersionError(NewsetlError):
    """A store was written with another schema version."""


class ConservationError(NewsetlError):
    """The ledger does not balance: a record was lost or counted twice."""
