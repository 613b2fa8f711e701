"""The door of the timelines: what the edges may call. Each function lives in the module of its idea."""

from weft.timelines.filters import filter_hits
from weft.timelines.sources import Timelines
from weft.timelines.viewers import Viewers

__all__ = ["Timelines", "Viewers", "filter_hits"]
