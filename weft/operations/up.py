"""`weft up`: the supervisor with all that `wiring` puts together, and the demo's community where it is wanted."""

from __future__ import annotations

from weft import wiring
from weft.infra.metrics import serve_metrics
from weft.infra.telemetry import set_up_logs
from weft.operations.serve import serve
from weft.settings import Settings


def up(settings: Settings, *, demo: bool = False) -> int:
    """Serve until told to stop, and say the exit status."""
    set_up_logs(settings.log_format, settings.log_level)
    build, lines = wiring.build_worker, wiring.first_lines
    if not demo:
        return serve(settings, build, first_lines=lines, serve_metrics=serve_metrics)
    from weft.operations.demo import Demo

    with Demo(settings) as community:
        return serve(settings, build, first_lines=community.first_lines(lines), serve_metrics=serve_metrics)
