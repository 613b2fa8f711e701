"""The one way in which the embedded PostgreSQL fails: with a paragraph an operator can act on."""


class PostgresFailed(Exception):
    """PostgreSQL cannot be used; the text says what is wrong and what to do, for the person at the terminal."""
