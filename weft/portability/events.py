"""What portability tells: that there is work which outlasts a request."""

from __future__ import annotations

from weft.accounts.events import OfAccount


class ExportWanted(OfAccount):
    """An archive is to be built."""

    export_id: int


class ImportWanted(OfAccount):
    """A sheet is to be brought in."""

    import_id: int
