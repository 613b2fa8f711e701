"""Makes pages from templates: the language, the headers and the texts that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from weft.infra.routing.table import Response
from weft.settings import Settings
from weft.web.assets import Assets
from weft.web.looks import Look
from weft.web.texts import texts_in

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = b"text/html; charset=utf-8"
CSP = b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
FORM_CSP = CSP + b"; form-action 'self'"

Header = tuple[bytes, bytes]


class Pages:
    """Templates escape whatever they are given; nothing else makes HTML here."""

    def __init__(self, settings: Settings) -> None:
        self.assets = Assets()
        self._settings = settings

    def show(
        self,
        template: str,
        language: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: tuple[Header, ...] = (),
    ) -> Response:
        """A page. Where a form ends in a redirect to an app, ``leaves`` says so: browsers would stop it otherwise."""
        body = self.render(template, language, values)
        policy = CSP if values.get("leaves") else FORM_CSP
        return Response(status, body.encode(), HTML, [(b"content-security-policy", policy), *headers])

    def render(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        """A template as text: a page, or a part of one."""
        return self._environment.get_template(template).render(
            t=texts_in(language),
            language=language,
            title=self._settings.title,
            assets=self.assets,
            settings=self._settings,
            **{"look": Look(language), **values},
        )

    def say(self, language: str, key: str, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
        """A page with a title and a sentence: ``KEY.title`` and ``KEY.text``."""
        texts = texts_in(language)
        values = {"heading": texts[f"{key}.title"], "text": texts[f"{key}.text"], "link": None}
        return self.show("message.html", language, values, status=status, headers=headers)

    def error(self, status: int, sentence: str, request_id: str) -> bytes:
        """An error page, for the application's ``render_error``."""
        texts = texts_in("en")
        values = {"heading": texts[_HEADINGS.get(status, "error.other")], "text": sentence, "link": None}
        if status >= 500:
            values["text"] = f"{sentence} ({request_id})"
        return self.show("message.html", "en", values).body

    @cached_property
    def _environment(self) -> Environment:
        # Made for the first page: a server that only apps use does not pay the memory.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("weft.web", "templates"),
            autoescape=True,
            auto_reload=False,  # the files do not change while it runs, and looking costs a stat each
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["isolated"] = isolated
        return environment


_HEADINGS = {403: "error.forbidden", 404: "error.absent", 429: "error.limited"}


def isolated(name: str) -> str:
    """A name that somebody chose, inside a sentence of ours: whichever way it is written, it turns nothing else."""
    return f"\u2068{name}\u2069"
