"""Reads the rule tables that lie beside this module."""

import tomllib
from importlib import resources
from typing import Any

from newsetl.errors import RuleError


def load_table(name: str) -> dict[str, Any]:
    """The parsed TOML table ``newsetl/arabic/<name>``.

    Raises:
        RuleError: When the table is no valid TOML, for instance because a key stands there twice.

    >>> load_table("weekdays.toml")["english"]["sunday"]
    6
    """
    text = resources.files("newsetl.arabic").joinpath(name).read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"arabic/{name}: {error}") from error
