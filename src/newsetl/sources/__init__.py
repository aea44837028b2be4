"""What we know of newspapers: names, addresses, countries, zones."""

from newsetl.sources.lookup import source_slug

__all__ = ["source_slug"]
