"""Weft: one program that gives a community its own social network, assistant and shared worlds."""

__version__ = "0.1.0"
