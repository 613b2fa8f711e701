"""The ledger: what was used and paid, priced, budgeted and booked. See ``docs/ledger.md``."""
