"""The words of streaming on the wire: stream names, event names, frames of sockets and lines of event streams."""

from __future__ import annotations

import msgspec

from weft.infra.routing.catalogue import sentence_of, status_of
from weft.infra.routing.table import has_scope
from weft.kernel.errors import Forbidden, Malformed, NotFound, WeftError
from weft.kernel.ids import parse_id
from weft.kernel.text.entities import tag_key
from weft.timelines.service import Body, Channel, Delivery

_EVENTS = {
    "post": "update",
    "edit": "status.update",
    "delete": "delete",
    "notification": "notification",
    "conversation": "conversation",
    "filters": "filters_changed",
    "note": "weft.note",
}
_BARE = frozenset({"filters"})
"""News without a payload."""
MAX_TAG = 500

_encode = msgspec.json.Encoder().encode


class Wanted(msgspec.Struct, frozen=True):
    """A stream as a client asks for it, in a frame or in a query."""

    stream: str = ""
    tag: str = ""
    list: str | int = ""
    only_media: bool = False


class Ask(Wanted, frozen=True):
    """A frame of the client."""

    type: str = ""


def parse_channel(wanted: Wanted, scopes: frozenset[str]) -> Channel:
    """What the client means, if its token may listen to it.

    Raises:
        Malformed: there is no such stream, or it needs a tag or a list.
        NotFound: the list's id is no id.
        Forbidden: the scope is missing.
    """
    name, *rest = wanted.stream.split(":")
    channel = _channel(name, tuple(rest), wanted)
    if not has_scope(scopes, ("read:notifications",) if channel.kind == "notifications" else ("read:statuses",)):
        raise Forbidden("scope.missing")
    return channel


def _channel(name: str, rest: tuple[str, ...], wanted: Wanted) -> Channel:
    stream = wanted.stream
    match name, rest:
        case "user", ():
            return Channel(kind="home", label=(stream,))
        case "user", ("notification",):
            return Channel(kind="notifications", label=(stream,))
        case "direct", ():
            return Channel(kind="conversations", label=(stream,))
        case "public", (() | ("media",) | ("local" | "remote",) | ("local" | "remote", "media")):
            return _public(rest, wanted)
        case "hashtag", (() | ("local",)):
            return _tagged(wanted, local=bool(rest))
        case "list", ():
            return _listed(wanted)
        case _:
            raise Malformed("stream.unknown_type")


def _public(rest: tuple[str, ...], wanted: Wanted) -> Channel:
    only_media = wanted.only_media or "media" in rest
    if "local" in rest:
        return Channel(kind="public", label=(wanted.stream,), place="here", only_media=only_media)
    if "remote" in rest:
        return Channel(kind="public", label=(wanted.stream,), place="elsewhere", only_media=only_media)
    return Channel(kind="public", label=(wanted.stream,), only_media=only_media)


def _tagged(wanted: Wanted, *, local: bool) -> Channel:
    key = tag_key(wanted.tag.strip().removeprefix("#"))
    if not key or len(wanted.tag) > MAX_TAG:
        raise Malformed("stream.tag_missing")
    label, only_media = (wanted.stream, wanted.tag), wanted.only_media
    return Channel(kind="tag", label=label, tag=key, place="here" if local else "anywhere", only_media=only_media)


def _listed(wanted: Wanted) -> Channel:
    if wanted.list == "":
        raise Malformed("stream.list_missing")
    list_id = parse_id(str(wanted.list))
    if list_id is None:
        raise NotFound("record.absent")
    return Channel(kind="list", label=(wanted.stream, str(wanted.list)), list_id=list_id)


def socket_frame(delivery: Delivery) -> str:
    """One frame; made once for all who are told the same under the same name."""
    body, news = delivery.body, delivery.news
    key = (news, *delivery.label)
    frame = body.frames.get(key)
    if frame is not None:
        return frame
    if news == "answer":
        frame = body.content.decode()
    else:
        payload = b"" if news in _BARE else b',"payload":' + _quoted(body)
        frame = (b'{"stream":%b,"event":"%b"%b}' % (_encode(delivery.label), _EVENTS[news].encode(), payload)).decode()
    body.frames[key] = frame
    return frame


def _quoted(body: Body) -> bytes:
    """The payload as a JSON string that holds JSON."""
    quoted = body.frames.get(())
    if quoted is None:
        quoted = body.frames[()] = _encode(body.content.decode()).decode()
    return quoted.encode()


def event_lines(delivery: Delivery) -> bytes:
    """The same for an event stream."""
    content = b"undefined" if delivery.news in _BARE else delivery.body.content
    return b"event: %b\ndata: %b\n\n" % (_EVENTS[delivery.news].encode(), content)


def error_frame(error: WeftError) -> Body:
    return Body(_encode({"error": sentence_of(error), "status": status_of(error)}))
