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
}

ACCESS = {
    "login.disabled": "Your login is currently disabled",
    "login.pending": "Your login is currently pending approval",
    "login.unconfirmed": "Your login is missing a confirmed e-mail address",
    "scope.missing": "This action is outside the authorized scopes",
    "token.invalid": "The access token is invalid",
    "token.no_user": "This method requires an authenticated user",
}

ACCOUNTS: dict[str, str] = {}

POSTS = {
    "post.empty": "Validation failed: Text can't be blank",
    "post.too_long": "Validation failed: Text character limit of {limit} exceeded",
}

MEDIA = {
    "media.too_many": "Cannot attach more than 4 files.",
}

POLLS = {
    "poll.choice_absent": "The chosen vote option does not exist",
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
