"""Searches a text with many expressions at little more than the cost of one."""

from openbioner_batch.deid.searching.anchored import Anchored

__all__ = ["Anchored"]
