"""Pure functions on text: length, entities, HTML, cleaning, names, search terms, splitting, languages.

Nothing here does I/O or reads settings. Every function takes any `str`, never raises on it, and runs in
time linear in its length, because all of it sees what strangers send.
"""
