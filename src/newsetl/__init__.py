"""ETL for Arabic news archives: clean articles, metadata and quotes with speakers, as partitioned Parquet."""

from importlib.metadata import version

__version__ = version("newsetl")

from newsetl.reading import read

__all__ = ["__version__", "read"]
