"""English sentences, grouped by slice: one line per code. ``{name}`` stands for a value the error carries.
Clients compare or show some of these texts, so those of Mastodon's API are word for word its own.
"""

from __future__ import annotations

from weft.kernel import errors
from weft.kernel.errors import WeftError

FAILURE = "Something went wrong on our side"

KINDS: dict[type[WeftError], str] = {
    errors.Malformed: "The request could not be read",
    errors.Unauthenticated: "The access token is invalid",
    errors.Forbidden: "This action is not allowed",
    errors.NotFound: "Record not found",
    errors.Conflict: "Conflict during update, please try again",
    errors.TooLarge: "The request is too large",
    errors.Invalid: "Validation failed",
    errors.Limited: "Too many requests",
    errors.Unavailable: "Temporarily unavailable, please try again later",
}

EDGE = {
    "action.forbidden": "This action is not allowed",
    "body.not_object": "The request body must be an object",
    "body.too_large": "The request is too large",
    "body.unreadable": "The request body could not be read",
    "origin.foreign": "This action must be started from this site",
    "overloaded": "Temporarily overloaded, please try again later",
    "param.missing": "Validation failed: {field} can't be blank",
    "param.type": "Validation failed: {field} is invalid",
    "param.unknown": "Validation failed: {field} is not a known parameter",
    "params.shape": "The parameters contradict each other",
    "params.too_deep": "The parameters are nested too deeply",
    "params.too_many": "There are too many parameters",
    "params.unreadable": "The parameters could not be read",
    "rate.limited": "Too many requests",
    "record.absent": "Record not found",
    "route.absent": "Record not found",
    "route.method": "This method is not allowed here",
    "update.conflict": "Conflict during update, please try again",
    "remote.unreachable": "Remote data could not be fetched",
    "database.away": "Temporarily unavailable, please try again later",
    "fetch.failed": "Remote data could not be fetched",
    "fetch.refused": "Remote data could not be fetched",
    "fetch.timeout": "Remote data could not be fetched",
    "fetch.too_large": "Remote data could not be fetched",
    "mail.address": "Validation failed: E-mail address is invalid",
    "mail.failed": "The e-mail could not be sent, please try again later",
    "mail.refused": "Validation failed: E-mail address does not take mail",
}

ACCESS = {
    "login.disabled": "Your login is currently disabled",
    "login.pending": "Your login is currently pending approval",
    "login.unconfirmed": "Your login is missing a confirmed e-mail address",
    "scope.missing": "This action is outside the authorized scopes",
    "token.invalid": "The access token is invalid",
    "token.no_user": "This method requires an authenticated user",
}

ACCOUNTS = {
    "account.absent": "Record not found",
    "password.breached": "Validation failed: Password has appeared in a data breach and is not safe to use",
    "password.too_long": "Validation failed: Password is too long (maximum is {limit} bytes)",
    "password.too_short": "Validation failed: Password is too short (minimum is {limit} characters)",
    "profile.too_long": "Validation failed: {field} is too long (maximum is {limit} characters)",
    "profile.too_many_fields": "Validation failed: There can be at most {limit} fields",
    "role.unknown": "Validation failed: Role is not included in the list",
    "username.invalid": "Validation failed: Username must contain only letters, numbers and underscores",
}

POSTS = {
    "post.empty": "Validation failed: Text can't be blank",
    "post.busy": "Conflict during update, please try again",
    "post.pin_foreign": "Validation failed: Someone else's post cannot be pinned",
    "post.pin_kind": "Validation failed: Posts of this kind cannot be pinned",
    "post.pin_limit": "Validation failed: You have already pinned the maximum number of posts",
    "post.poll_with_media": "Validation failed: A poll and media cannot be attached to the same post",
    "post.quote_direct": "Validation failed: A private mention cannot be quoted",
    "post.quote_unmentioned": "Validation failed: The quoted account must be mentioned",
    "post.quote_with_attachment": "Validation failed: A quote cannot have media or a poll",
    "post.too_long": "Validation failed: Text character limit of {limit} exceeded",
    "post.too_many_media": "Cannot attach more than {limit} files.",
    "post.unexpected_mentions": "Validation failed: The text mentions accounts that were not expected",
}

MEDIA = {
    "media.broken": "Validation failed: File could not be read",
    "media.busy": "Media processing is overloaded, please try again later",
    "media.dimensions": "Validation failed: File has too many pixels (maximum is {limit})",
    "media.no_ffmpeg": "Validation failed: File is video or audio, which this server does not take",
    "media.no_worker": "Media processing is not available, please try again later",
    "media.too_complex": "Validation failed: File is too complex to process",
    "media.too_large": "Validation failed: File is too large",
    "media.too_long": "Validation failed: File plays too long (maximum is {limit} seconds)",
    "media.too_many": "Cannot attach more than 4 files.",
    "media.type": "Validation failed: File content type is not supported",
    "media.unusable": "Validation failed: Media is not available or is attached already",
    "media.worker_lost": "Media processing is not available, please try again later",
}

POLLS = {
    "poll.choice_absent": "The chosen vote option does not exist",
    "poll.duration": "Validation failed: The poll must last between {shortest} and {longest} seconds",
    "poll.option_blank": "Validation failed: Poll choices can't be blank",
    "poll.option_count": "Validation failed: A poll has between {least} and {most} choices",
    "poll.option_too_long": "Validation failed: Poll choices cannot be longer than {limit} characters each",
    "poll.option_twice": "Validation failed: Poll choices must differ from each other",
    "poll.ended": "Validation failed: The poll has already ended",
    "poll.voted": "Validation failed: You have already voted on this poll",
}

RELATIONSHIPS: dict[str, str] = {}

TIMELINES: dict[str, str] = {}

NOTIFICATIONS: dict[str, str] = {}

SEARCH: dict[str, str] = {}

STREAMING: dict[str, str] = {}

WEB: dict[str, str] = {}

SENTENCES: dict[str, str] = {
    **EDGE,
    **ACCESS,
    **ACCOUNTS,
    **POSTS,
    **MEDIA,
    **POLLS,
    **RELATIONSHIPS,
    **TIMELINES,
    **NOTIFICATIONS,
    **SEARCH,
    **STREAMING,
    **WEB,
}
