"""What this server is: the two instance documents, rules, and the texts around them."""

from __future__ import annotations

from typing import Any

import msgspec

from weft import __version__
from weft.accounts.model import MAX_BIO, MAX_DISPLAY_NAME, MAX_FIELD_NAME, MAX_FIELD_VALUE, MAX_FIELDS
from weft.accounts.service import find_owner
from weft.infra.admit import API
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, as_json
from weft.kernel.text.language import LANGUAGES
from weft.kernel.text.length import URL_LENGTH
from weft.kernel.text.render import render_bio
from weft.mastodon.context import Mastodon
from weft.mastodon.entities import Account, CustomEmoji
from weft.media.model import MAX_ATTACHMENTS, MAX_DESCRIPTION
from weft.media.service import LIMITS, accepted_types
from weft.posts.service import MAX_PINS, POLL_OPTION_LENGTH, POLL_OPTIONS, POLL_SECONDS
from weft.settings import Settings

API_VERSIONS = {"mastodon": 3, "weft": 1}
FEATURES: tuple[str, ...] = ("notes", "for_you")
"""What this server offers beyond the conversation, for the app's navigation."""
VERSION = f"4.5.0 (compatible; Weft {__version__})"


class Rule(msgspec.Struct):
    id: str
    text: str
    hint: str = ""
    translations: dict[str, dict[str, str]] = {}


class InstanceV2(msgspec.Struct, kw_only=True):
    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: dict[str, dict[str, int]]
    thumbnail: dict[str, Any]
    icon: list[dict[str, str]]
    languages: list[str]
    configuration: dict[str, Any]
    registrations: dict[str, Any]
    api_versions: dict[str, int]
    contact: dict[str, Any]
    rules: list[Rule]


class InstanceV1(msgspec.Struct, kw_only=True):
    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: dict[str, str]
    stats: dict[str, int]
    thumbnail: str | None
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: dict[str, Any]
    contact_account: Account | None
    rules: list[Rule]


class ExtendedDescription(msgspec.Struct):
    updated_at: str
    content: str


def rules(settings: Settings) -> list[Rule]:
    return [Rule(str(number), text) for number, text in enumerate(settings.rules, 1)]


def configuration(settings: Settings, *, films: bool) -> dict[str, Any]:
    """Limits that clients read before they let people type."""
    least, most = POLL_SECONDS
    return {
        "accounts": {
            "max_featured_tags": 10,
            "max_pinned_statuses": MAX_PINS,
            "max_note_length": MAX_BIO,
            "max_display_name_length": MAX_DISPLAY_NAME,
            "max_profile_fields": MAX_FIELDS,
            "profile_field_name_limit": MAX_FIELD_NAME,
            "profile_field_value_limit": MAX_FIELD_VALUE,
        },
        "statuses": {
            "max_characters": settings.max_characters,
            "max_media_attachments": MAX_ATTACHMENTS,
            "characters_reserved_per_url": URL_LENGTH,
            "supported_mime_types": ["text/plain"],
        },
        "media_attachments": {
            "supported_mime_types": list(accepted_types(films=films)),
            "description_limit": MAX_DESCRIPTION,
            "image_size_limit": LIMITS.image_bytes,
            "image_matrix_limit": LIMITS.image_pixels,
            "video_size_limit": LIMITS.video_bytes,
            "video_frame_rate_limit": LIMITS.frame_rate,
            "video_matrix_limit": LIMITS.video_pixels,
        },
        "polls": {
            "max_options": POLL_OPTIONS[1],
            "max_characters_per_option": POLL_OPTION_LENGTH,
            "min_expiration": least,
            "max_expiration": most,
        },
    }


def streaming_url(settings: Settings) -> str:
    return ("wss://" if settings.scheme == "https" else "ws://") + settings.domain


async def instance_v2(call: Call[Mastodon, None]) -> Response:
    app, settings = call.app, call.app.settings
    counts, base = await app.census.counts(), call.app.settings.url
    document = InstanceV2(
        domain=settings.domain,
        title=settings.title,
        version=VERSION,
        source_url=f"{base}/",
        description=settings.description,
        usage={"users": {"active_month": counts.active_month}},
        thumbnail={
            "url": f"{base}/assets/preview.png",
            "blurhash": None,
            "versions": {},
            "description": settings.title,
        },
        icon=[{"src": f"{base}/assets/icon-{size}.png", "size": f"{size}x{size}"} for size in (192, 512)],
        languages=list(settings.languages),
        configuration=await _configuration_v2(app),
        registrations=registrations(settings),
        api_versions=API_VERSIONS,
        contact={"email": settings.contact_email, "account": await contact_account(app)},
        rules=rules(settings),
    )
    return as_json(document, headers=_CACHE)


async def _configuration_v2(app: Mastodon) -> dict[str, Any]:
    settings, base = app.settings, app.settings.url
    feeds = {"local": "public", "remote": "public"}
    return {
        "urls": {
            "streaming": streaming_url(settings),
            "status": None,
            "about": f"{base}/",
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": app.vapid_key},
        **configuration(settings, films=await app.workshop.takes_films()),
        "translation": {"enabled": bool(directions_of(app))},
        "timelines_access": {"live_feeds": feeds, "hashtag_feeds": feeds, "trending_link_feeds": feeds},
        "limited_federation": False,
    }


def directions_of(app: Mastodon) -> dict[str, list[str]]:
    """Into which languages posts of each language are translated here."""
    return app.assistant.translator.directions() if app.assistant is not None else {}


async def translation_languages(call: Call[Mastodon, None]) -> Response:
    return as_json(directions_of(call.app))


def registrations(settings: Settings) -> dict[str, Any]:
    """Whether and how people may sign up."""
    return {
        "enabled": settings.signup != "closed",
        "approval_required": settings.signup == "approval",
        "reason_required": settings.signup == "approval",
        "message": None,
        "min_age": settings.min_age or None,
        "url": f"{settings.url}/auth/sign_up" if settings.signup != "closed" else None,
    }


_CACHE = [(b"cache-control", b"public, max-age=60")]


async def contact_account(app: Mastodon) -> Account | None:
    """The owner, whom people can write to."""
    async with app.db.read() as reader:
        owner = await find_owner(reader)
    if owner is None:
        return None
    entries = await app.presenter.load_accounts((owner,))
    return app.presenter.shaper.account(entries[0]) if entries else None


async def instance_v1(call: Call[Mastodon, None]) -> Response:
    app, settings = call.app, call.app.settings
    counts = await app.census.counts()
    return as_json(
        InstanceV1(
            uri=settings.domain,
            title=settings.title,
            short_description=settings.description,
            description=settings.description,
            email=settings.contact_email,
            version=VERSION,
            urls={"streaming_api": streaming_url(settings)},
            stats={"user_count": counts.users, "status_count": counts.posts, "domain_count": 0},
            thumbnail=f"{settings.url}/assets/preview.png",
            languages=list(settings.languages),
            registrations=settings.signup != "closed",
            approval_required=settings.signup == "approval",
            invites_enabled=settings.signup == "invite",
            configuration=configuration(settings, films=await app.workshop.takes_films()),
            contact_account=await contact_account(app),
            rules=rules(settings),
        ),
        headers=_CACHE,
    )


async def show_rules(call: Call[Mastodon, None]) -> Response:
    return as_json(rules(call.app.settings))


async def extended_description(call: Call[Mastodon, None]) -> Response:
    return _text(call, call.app.settings.description)


def _text(call: Call[Mastodon, None], text: str) -> Response:
    tag_base = call.app.presenter.addresses.tag_base
    return as_json(ExtendedDescription(_EPOCH, render_bio(text, mentions={}, tag_base=tag_base)))


_EPOCH = "2026-01-01T00:00:00.000Z"


async def privacy_policy(call: Call[Mastodon, None]) -> Response:
    text = (
        "This server keeps what you post, whom you follow and how you sign in, on a machine its community owns. "
        "It has no trackers and sells nothing. Addresses of connections are not stored with accounts. "
        "You may delete your account at any time; what you wrote goes with it."
    )
    return _text(call, text)


async def no_document(call: Call[Mastodon, None]) -> Response:
    """Documents that this server does not have."""
    return as_json({"error": "Record not found"}, status=404)


async def empty_list(call: Call[Mastodon, None]) -> Response:
    return as_json([])


async def empty_object(call: Call[Mastodon, None]) -> Response:
    return as_json({})


async def languages(call: Call[Mastodon, None]) -> Response:
    return as_json([{"code": code, "name": name} for code, (name, _) in LANGUAGES.items()], headers=_CACHE)


async def custom_emojis(call: Call[Mastodon, None]) -> Response:
    return as_json(list(call.app.presenter.emojis), headers=_CACHE)


async def activity(call: Call[Mastodon, None]) -> Response:
    """Posts, sign-ins and sign-ups of the last twelve weeks, newest first; every number is a string."""
    week_ms = 7 * 86_400_000
    monday = call.app.clock.now_ms() // week_ms * week_ms - 3 * 86_400_000  # the epoch was a Thursday
    weeks = [monday - number * week_ms for number in range(12)]
    async with call.app.db.read() as reader:
        rows = [
            await reader.row(ACTIVITY, start << 16, (start + week_ms) << 16, start, start + week_ms) for start in weeks
        ]
    return as_json(
        [
            {"week": str(start // 1000), "statuses": str(row[0]), "logins": str(row[1]), "registrations": str(row[2])}
            for start, row in zip(weeks, rows, strict=True)
            if row is not None
        ]
    )


ACTIVITY = """
SELECT (SELECT count(*) FROM public_posts WHERE post_id >= $1 AND post_id < $2),
       (SELECT count(*) FROM users WHERE seen_day >= $3::bigint / 86400000 AND seen_day < $4::bigint / 86400000),
       (SELECT count(*) FROM users WHERE created_ms >= $3::bigint AND created_ms < $4::bigint)  -- all buckets
"""


def _open(path: str, handler: Any, returns: Any = None) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=API,
        body=0,
        returns=returns,
        tag="instance",
    )


ROUTES = (
    _open("/api/v2/instance", instance_v2, InstanceV2),
    _open("/api/v1/instance", instance_v1, InstanceV1),
    _open("/api/v1/instance/rules", show_rules, list[Rule]),
    _open("/api/v1/instance/extended_description", extended_description, ExtendedDescription),
    _open("/api/v1/instance/privacy_policy", privacy_policy, ExtendedDescription),
    _open("/api/v1/instance/terms_of_service", no_document),
    _open("/api/v1/instance/terms_of_service/:date", no_document),
    _open("/api/v1/instance/translation_languages", translation_languages, dict[str, list[str]]),
    _open("/api/v1/instance/languages", languages),
    _open("/api/v1/instance/peers", empty_list, list[str]),
    _open("/api/v1/instance/domain_blocks", empty_list),
    _open("/api/v1/instance/activity", activity),
    _open("/api/v1/peers/search", empty_list, list[str]),
    _open("/api/v1/custom_emojis", custom_emojis, list[CustomEmoji]),
)
