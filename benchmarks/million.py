"""A million records to all datasets, once: growth.py tells all of it. Not part of the default `make bench`."""

from benchmarks.growth import PEERS
from benchmarks.growth import compare_million as compare

__all__ = ["PEERS", "compare"]
