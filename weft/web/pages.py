"""Makes pages from templates: the language, the headers and the texts that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from weft.infra.routing.answers import Asked
from weft.infra.routing.table import Response
from weft.kernel.text.render import render_words
from weft.settings import Settings
from weft.web.assets import Assets
from weft.web.looks import Look, look_before
from weft.web.texts import texts_in
from weft.web.texts.problems import problems_in

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
        look: Look,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: tuple[Header, ...] = (),
    ) -> Response:
        """A page. Where a form ends in a redirect to an app, ``leaves`` says so: browsers would stop it otherwise."""
        body = self.render(template, look.language, {"look": look, **values})
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

    def say(self, look: Look, key: str, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Response:
        """A page with a title and a sentence: ``KEY.title`` and ``KEY.text``."""
        texts = texts_in(look.language)
        values = {"heading": texts[f"{key}.title"], "text": texts[f"{key}.text"], "link": None}
        return self.show("message.html", look, values, status=status, headers=headers)

    def error(self, status: int, code: str, sentence: str, asked: Asked) -> bytes:
        """An error page, for the application's ``render_error``: what happened and what to do, in the reader's words.

        Faults of an app that sends people here are told to its makers too, by the sentence that the API has for it.
        """
        look = look_before(asked.scope)
        texts = problems_in(look.language)
        said = next(key for key in (code, code.partition(".")[0], str(status)) if f"{key}.title" in texts)
        values = {
            "heading": texts[f"{said}.title"],
            "text": texts[f"{said}.text"],
            "again": texts["again"] if status in _PASSING and asked.scope["method"] == "GET" else "",
            "number": texts["number"].format(id=asked.request_id) if status >= 500 else "",
            "detail": sentence if said == "oauth" else "",
        }
        return self.render("error.html", look.language, {"look": look, **values}).encode()

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
        environment.filters["drawn"] = render_words
        return environment


_PASSING = (429, 500, 503)
"""Where asking again may work."""


def isolated(name: str) -> str:
    """A name that somebody chose, inside a sentence of ours: whichever way it is written, it turns nothing else."""
    return f"\u2068{name}\u2069"
