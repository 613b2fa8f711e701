"""The documented keys of the client API's entities with their types, written down apart from the server's own.

`str|null` may be null; a key that begins with `?` may be left out; `date` is RFC 3339 with milliseconds; `id` is
digits.
"""

from __future__ import annotations

import re
from typing import Any

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")

_TEXT = (
    "Account: id=id username acct url uri display_name note avatar avatar_static avatar_description header"
    " header_static header_description locked=bool fields=[Field] emojis=[CustomEmoji] bot=bool group=bool"
    " discoverable=bool indexable=bool noindex=bool created_at=date last_status_at=day|null statuses_count=int"
    " followers_count=int following_count=int hide_collections=bool show_media=bool show_media_replies=bool"
    " show_featured=bool roles=list feature_approval=FeatureApproval",
    "FeatureApproval: automatic=list manual=list current_user",
    "Field: name value verified_at=date|null",
    "CustomEmoji: shortcode url static_url visible_in_picker=bool category=str|null",
    "CredentialAccount: +Account source=Source role=Role",
    "Source: note fields=[Field] privacy sensitive=bool language=str|null follow_requests_count=int"
    " hide_collections=bool discoverable=bool indexable=bool attribution_domains=list quote_policy",
    "Role: id name permissions=id color highlighted=bool collection_limit=int",
    "MutedAccount: +Account mute_expires_at=date|null",
    "Status: id=id created_at=date in_reply_to_id=id|null in_reply_to_account_id=id|null sensitive=bool spoiler_text"
    " visibility language=str|null uri url=str|null replies_count=int reblogs_count=int favourites_count=int"
    " quotes_count=int edited_at=date|null content reblog=Status|null ?application=Application|null account=Account"
    " media_attachments=[MediaAttachment] mentions=[Mention] tags=[StatusTag] emojis=[CustomEmoji] card=null"
    " poll=Poll|null quote=Quote|null quote_approval=QuoteApproval tagged_collections=list favourited=bool"
    " reblogged=bool muted=bool bookmarked=bool ?pinned=bool filtered=[FilterResult]",
    "DeletedStatus: +Status text",
    "Application: name website=str|null",
    "Mention: id=id username url acct",
    "StatusTag: name url",
    "Quote: state ?quoted_status=Status|null ?quoted_status_id=id|null",
    "QuoteApproval: automatic=list manual=list current_user",
    "MediaAttachment: id=id type url=str|null preview_url=str|null remote_url=str|null meta=dict description=str|null"
    " blurhash=str|null",
    "Poll: id=id expires_at=date|null expired=bool multiple=bool votes_count=int voters_count=int|null"
    " options=[PollOption] emojis=[CustomEmoji] voted=bool own_votes=list",
    "PollOption: title votes_count=int|null",
    "Filter: id=id title context=list expires_at=date|null filter_action keywords=[FilterKeyword]"
    " statuses=[FilterStatus]",
    "FilterKeyword: id=id keyword whole_word=bool",
    "FilterStatus: id=id status_id=id",
    "BareFilter: id=id title context=list expires_at=date|null filter_action",
    "FilterResult: filter=BareFilter keyword_matches=list|null status_matches=list|null",
    "OldFilter: id=id phrase context=list whole_word=bool expires_at=date|null irreversible=bool",
    "Notification: id=id type group_key created_at=date account=Account ?status=Status",
    "Groups: accounts=[Account] statuses=[Status] notification_groups=[Group]",
    "Group: group_key notifications_count=int type most_recent_notification_id=id page_min_id=id page_max_id=id"
    " latest_page_notification_at=date sample_account_ids=list ?status_id=id",
    "Relationship: id=id following=bool showing_reblogs=bool notifying=bool languages=list|null followed_by=bool"
    " blocking=bool blocked_by=bool muting=bool muting_notifications=bool muting_expires_at=date|null requested=bool"
    " requested_by=bool domain_blocking=bool endorsed=bool note",
    "CredentialApplication: id name website=str|null scopes=list redirect_uris=list redirect_uri vapid_key client_id"
    " client_secret client_secret_expires_at=int",
    "Token: access_token token_type scope created_at=int",
    "Context: ancestors=[Status] descendants=[Status]",
    "StatusSource: id=id text spoiler_text",
    "StatusEdit: content spoiler_text sensitive=bool created_at=date account=Account poll=dict|null"
    " media_attachments=[MediaAttachment] emojis=[CustomEmoji] quote=dict|null",
    "ScheduledStatus: id=id scheduled_at=date params=Params media_attachments=[MediaAttachment]",
    "Params: text poll=dict|null media_ids=list|null sensitive=bool|null spoiler_text=str|null visibility"
    " in_reply_to_id=any language=str|null application_id=any scheduled_at=null idempotency=str|null"
    " with_rate_limit=bool",
    "Search: accounts=[Account] statuses=[Status] hashtags=[Tag]",
    "Tag: id name url history=[TagDay] ?following=bool ?featuring=bool",
    "TagDay: day=id uses=id accounts=id",
    "FeaturedTag: id=id name url statuses_count=id last_status_at=day|null",
    "List: id=id title replies_policy exclusive=bool",
    "Marker: last_read_id=id version=int updated_at=date",
    "Conversation: id=id unread=bool accounts=[Account] last_status=Status|null",
    "Suggestion: source sources=list account=Account",
    "NotificationPolicy: for_not_following for_not_followers for_new_accounts for_private_mentions"
    " for_limited_accounts summary=Summary",
    "Summary: pending_requests_count=int pending_notifications_count=int",
    "NotificationRequest: id=id created_at=date updated_at=date account=Account notifications_count=id"
    " last_status=Status|null",
    "WebPushSubscription: id=any endpoint standard=bool alerts=dict policy server_key",
    "FamiliarFollowers: id=id accounts=[Account]",
    "Instance: domain title version source_url description usage=dict thumbnail=dict icon=list languages=list"
    " configuration=Configuration registrations=Registrations api_versions=dict contact=dict rules=list",
    "Registrations: enabled=bool approval_required=bool reason_required=bool|null message=str|null min_age=int|null"
    " url=str|null",
    "Configuration: urls=dict vapid=dict accounts=dict statuses=dict media_attachments=dict polls=dict"
    " translation=dict timelines_access=dict limited_federation=bool",
    "OldInstance: uri title short_description description email version urls=dict stats=dict thumbnail=str|null"
    " languages=list registrations=bool approval_required=bool invites_enabled=bool configuration=dict"
    " contact_account=any rules=list",
)


def _read() -> dict[str, dict[str, str]]:
    shapes: dict[str, dict[str, str]] = {}
    for line in _TEXT:
        name, _, keys = line.partition(": ")
        shapes[name] = {}
        for part in keys.split():
            if part.startswith("+"):
                shapes[name] |= shapes[part[1:]]
            else:
                key, _, kind = part.partition("=")
                shapes[name][key] = kind or "str"
    return shapes


SHAPES = _read()
_PLAIN: dict[str, type] = {"str": str, "bool": bool, "list": list, "dict": dict}


def faults(kind: str, value: Any, where: str = "") -> list[str]:
    """What of a value is not as documented: missing keys and wrong types, with the way to them."""
    where = where or kind
    bare, _, null = kind.partition("|")
    if value is None:
        return [] if null or bare in ("null", "any") else [f"{where} is null"]
    if bare.startswith("["):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [fault for n, each in enumerate(value) for fault in faults(bare[1:-1], each, f"{where}[{n}]")]
    if bare in SHAPES:
        return _inside(bare, value, where)
    return [] if _fits(bare, value) else [f"{where} is {value!r}, not {bare}"]


def _inside(name: str, value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} is no object"]
    found = []
    for key, kind in SHAPES[name].items():
        key, may_miss = key.removeprefix("?"), key.startswith("?")
        if key in value:
            found += faults(kind, value[key], f"{where}.{key}")
        elif not may_miss:
            found.append(f"{where}.{key} is missing")
    return found


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "any":
            return True
        case "null":
            return value is None
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "id":
            return isinstance(value, str) and value.isdigit()
        case "date":
            return isinstance(value, str) and DATE.fullmatch(value) is not None
        case "day":
            return isinstance(value, str) and DAY.fullmatch(value) is not None
        case _:
            return isinstance(value, _PLAIN[kind])
