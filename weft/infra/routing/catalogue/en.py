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
    "body.too_slow": "The request body came too slowly",
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
}

ACCESS = {
    "login.disabled": "Your login is currently disabled",
    "login.pending": "Your login is currently pending approval",
    "login.unconfirmed": "Your login is missing a confirmed e-mail address",
    "scope.missing": "This action is outside the authorized scopes",
    "session.changed": "Another account is signed in by now",
    "session.needed": "This is only possible in the browser, signed in",
    "token.invalid": "The access token is invalid",
    "token.no_user": "This method requires an authenticated user",
}

ACCOUNTS = {
    "oidc.provider": "The other account's provider could not be reached or gave no usable answer",
    "account.absent": "Record not found",
    "app.name_blank": "Validation failed: Name can't be blank",
    "app.name_too_long": "Validation failed: Name is too long (maximum is {limit} characters)",
    "app.redirect_uri": "Validation failed: Redirect URI must be an absolute URI",
    "app.scopes": "Validation failed: Scopes hold one that does not exist",
    "app.website": "Validation failed: Website is not a web address",
    "email.confirmed": "This method is only available while the e-mail is awaiting confirmation",
    "email.taken": "Validation failed: E-mail has already been taken",
    "invite.invalid": "This invitation does not exist, or it was used up",
    "invite.staff": "Here only moderators can invite people",
    "invite.too_many": "You have {limit} open invitations. Take some back first",
    "invite.needed": "An invitation is needed to sign up here",
    "link.expired": "This link was used already, or it is too old",
    "mail.address": "Validation failed: E-mail is invalid",
    "mail.failed": "The mail could not be sent now",
    "mail.refused": "Validation failed: E-mail takes no mail from here",
    "oidc.failed": "Signing in with the other account did not work",
    "oidc.taken": "That account belongs to somebody here already",
    "password.wrong": "This is not your present password",
    "password.breached": "Validation failed: Password has appeared in a data breach and is not safe to use",
    "password.too_long": "Validation failed: Password is too long (maximum is {limit} bytes)",
    "password.too_short": "Validation failed: Password is too short (minimum is {limit} characters)",
    "profile.too_long": "Validation failed: {field} is too long (maximum is {limit} characters)",
    "profile.too_many_fields": "Validation failed: There can be at most {limit} fields",
    "role.unknown": "Validation failed: Role is not included in the list",
    "sign_up.closed": "Sign-ups are closed",
    "sign_up.refused": "Validation failed: {summary}",
    "username.invalid": "Validation failed: Username must contain only letters, numbers and underscores",
    "username.taken": "Validation failed: Username has already been taken",
}

OAUTH = {
    "oauth.invalid_client": "Client authentication failed: the client is unknown or its secret is wrong.",
    "oauth.invalid_grant": "The code or grant is invalid, expired, revoked, used up, or another client's.",
    "oauth.invalid_request": "The request lacks a parameter, or holds one that cannot be read.",
    "oauth.invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "oauth.redirect_uri": "The redirect URI is not one the client registered.",
    "oauth.unauthorized_client": "The client is not allowed to do this.",
    "oauth.unsupported_grant_type": "The authorization grant type is not supported.",
}

POSTS = {
    "scheduled.too_many_a_day": "Validation failed: You have exceeded the limit of scheduled posts for that day",
    "scheduled.too_many": "Validation failed: You have exceeded the limit of scheduled posts",
    "scheduled.unreadable": "Validation failed: Scheduled at is not a date",
    "scheduled.too_soon": "Validation failed: The scheduled date must be in the future",
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
    "post.too_many_ids": "Validation failed: At most {limit} posts can be asked for at once",
    "post.too_many_media": "Cannot attach more than {limit} files.",
    "post.unexpected_mentions": "Validation failed: The text mentions accounts that were not expected",
}

MODELS = {
    "model.away": "The model does not answer, please try again later",
    "model.busy": "The assistant is busy, please try again in {retry_after} seconds",
    "model.broken": "The model's answer could not be used",
    "model.full": "The model is busy, please try again later",
    "model.off": "This community has no model for that",
    "model.slow": "The model took too long, please try again later",
    "model.too_long": "The text is too long for the model",
}

NOTES = {
    "note.empty": "Validation failed: A note needs at least one visible character",
    "note.own": "Validation failed: This note is your own",
    "note.too_long": "Validation failed: A note has at most {limit} characters",
}

MEDIA = {
    "captions.language": "Validation failed: Language is not a known one",
    "captions.not_timed": "Validation failed: Only films and sounds can have captions",
    "captions.too_large": "Validation failed: File is too large (maximum is {limit} bytes)",
    "captions.too_many": "Validation failed: There can be captions in at most {limit} languages",
    "captions.unreadable": "Validation failed: File is not captions in the form WebVTT",
    "media.processing": "Cannot attach files that have not finished processing. Try again in a moment!",
    "media.description_too_long": "Validation failed: Description is too long (maximum is {limit} characters)",
    "media.in_use": "Validation failed: Media is attached to a post",
    "media.blank": "Validation failed: File can't be blank",
    "media.focus": "Validation failed: Focus must be two numbers between -1 and 1",
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
    "poll.choice_single": "Validation failed: This poll takes a single choice",
    "poll.own": "Validation failed: You cannot vote on your own poll",
    "poll.choice_absent": "The chosen vote option does not exist",
    "poll.duration": "Validation failed: The poll must last between {shortest} and {longest} seconds",
    "poll.option_blank": "Validation failed: Poll choices can't be blank",
    "poll.option_count": "Validation failed: A poll has between {least} and {most} choices",
    "poll.option_too_long": "Validation failed: Poll choices cannot be longer than {limit} characters each",
    "poll.option_twice": "Validation failed: Poll choices must differ from each other",
    "poll.ended": "Validation failed: The poll has already ended",
    "poll.voted": "Validation failed: You have already voted on this poll",
}

RELATIONSHIPS = {
    "host.invalid": "Validation failed: Domain is not a valid domain name",
    "endorsement.not_following": "Validation failed: You must be already following the person you want to endorse",
    "follow.languages": "Validation failed: Languages contains an unknown language",
    "comment.too_long": "Validation failed: Comment is too long (maximum is {limit} characters)",
}

TIMELINES = {
    "tag.follow_limit": "Validation failed: At most {limit} hashtags can be followed",
    "tag.feature_limit": "Validation failed: At most {limit} hashtags can be featured",
    "tag.invalid": "Validation failed: Tag is not a valid hashtag",
    "list.limit": "Validation failed: There can be at most {limit} of these",
    "list.title_long": "Validation failed: Title is too long (maximum is {limit} characters)",
    "list.title_blank": "Validation failed: Title can't be blank",
    "filter.limit": "Validation failed: There can be at most {limit} of these",
    "filter.keyword_long": "Validation failed: Keyword is too long (maximum is {limit} characters)",
    "filter.keyword_blank": "Validation failed: Keyword can't be blank",
    "filter.context_blank": "Validation failed: Context can't be blank",
    "filter.title_long": "Validation failed: Title is too long (maximum is {limit} characters)",
    "filter.title_blank": "Validation failed: Title can't be blank",
}

LEDGER = {
    "budget.held": "What is left of the budget is held for work under way, please try again in {retry_after} seconds",
    "budget.spent": "The budget for this is spent; it begins anew in {retry_after} seconds",
    "ledger.budget": "Validation failed: There is no such {scope} budget",
    "ledger.entry": "Validation failed: Entry {key} has unusable lines",
    "ledger.hold_ended": "What was reserved for this is no longer reserved",
    "ledger.key_reused": "This key was used for something else already",
    "ledger.meter": "Validation failed: Meter {meter} is not a known one",
    "ledger.price": "Validation failed: Price of {meter} is out of bounds",
    "ledger.price_later": "Another price of {meter} begins at that time or later",
    "ledger.price_time": "Validation failed: A price of {meter} can begin at a whole minute, two minutes ahead",
    "ledger.too_large": "Validation failed: That is more than the books can count",
    "ledger.unbalanced": "Validation failed: Entry {key} is not balanced",
    "ledger.usage": "Validation failed: Usage {key} is out of bounds",
}

NOTIFICATIONS = {
    "announcement.reaction": "Validation failed: Name is not a recognized emoji",
    "announcement.reactions": "Validation failed: Limit of different reactions reached",
    "push.endpoint": "Validation failed: Endpoint is not a valid URL",
    "push.keys": "Validation failed: Key is invalid",
}

MODERATION = {
    "reply.not_yours_to_hide": "Only who wrote what it answers, or began the thread, can hide a reply",
    "report.comment_too_long": "Validation failed: Comment is too long (maximum is {limit} characters)",
    "report.note_blank": "Validation failed: Note can't be blank",
    "report.note_too_long": "Validation failed: Note is too long (maximum is {limit} characters)",
    "report.open_already": "A newer report about the same account by the same person is open",
    "report.own": "Validation failed: You cannot report yourself",
    "report.rule_unknown": "Validation failed: Rule ids hold one that does not exist",
    "report.too_many_posts": "Validation failed: At most {limit} posts can be reported at once",
    "staff.only": "Only the staff of this server may do this",
}

PORTABILITY = {
    "export.recent": "An archive was asked for within the last day",
    "import.empty": "Validation failed: File holds nothing to import",
    "import.too_large": "Validation failed: File is too large (maximum is {limit} bytes)",
    "import.too_many": "Validation failed: There can be at most {limit} imports at once",
    "import.too_many_rows": "Validation failed: File has too many lines (maximum is {limit})",
    "import.unreadable": "Validation failed: File is not a sheet of comma-separated values",
}

HUB = {
    "hub.blank": "Validation failed: {field} can't be blank",
    "hub.country": "Validation failed: Country is not a code of two letters from ISO 3166-1",
    "hub.file.absent": "Validation failed: Nothing of {name} was uploaded",
    "hub.file.complex": "Validation failed: {name} takes too much memory or time to read",
    "hub.file.counts": "Validation failed: {name} claims more parts than a model has, or larger ones",
    "hub.file.empty": "Validation failed: {name} is empty",
    "hub.file.format": "Validation failed: {name} is not GGUF, safetensors, JSON or plain text with that ending",
    "hub.file.hash": "Validation failed: {name} does not have that SHA-256; upload it again",
    "hub.file.header": "Validation failed: The header of {name} cannot be read",
    "hub.file.large": "Validation failed: The header of {name} is too large",
    "hub.file.name": "Validation failed: {name} cannot be the name of a file: letters, digits and . _ + = - in between",
    "hub.file.nesting": "Validation failed: {name} is nested too deeply",
    "hub.file.offset": "The upload goes on at byte {size}",
    "hub.file.offsets": "Validation failed: {name} names places that overlap, leave holes or lie outside",
    "hub.file.pickle": "Validation failed: {name} is a pickle, which can run programs; use safetensors or GGUF",
    "hub.file.truncated": "Validation failed: {name} ends before what its header promises",
    "hub.full": "Too many requests for this model wait for a decision; please try again later",
    "hub.language": "Validation failed: Languages hold one that is no language code",
    "hub.licence_changed": "Validation failed: The licence is another one by now; please read it again",
    "hub.licence_not_accepted": "Validation failed: The licence must be accepted",
    "hub.link": "This link is too old, or not for this file. Ask for a new one on the page of your request",
    "hub.name": "Validation failed: Name is 1 to 63 small letters and digits, with . _ - in between",
    "hub.no_files": "Validation failed: There must be at least one file, and none twice",
    "hub.no_reader": "The file could not be read now, please try again later",
    "hub.no_room": "There is no room left for files",
    "hub.too_long": "Validation failed: {field} is too long (maximum is {limit} characters)",
    "hub.too_many": "Validation failed: {field} holds too many (maximum is {limit})",
}

ASSISTANT = {
    "assistant.off": "The assistant is off here",
    "assistant.opted_out": "You keep away from the assistant; let it come near in your settings first",
    "assistant.empty": "Validation failed: {field} can't be blank",
    "assistant.too_long": "Validation failed: {field} is too long (maximum is {limit} characters)",
    "assistant.too_many_chats": "There are too many chats (maximum is {limit}); forget some first",
    "assistant.no_article": "The article could not be read",
    "assistant.no_translation": "The post could not be translated",
}

TRAINING = {
    "training.diverged": "The training went astray at step {step}: try a lower rate",
    "training.plan": "Validation failed: {field} is out of its bounds",
    "training.too_little": "There is too little to learn from and to measure on: {samples} posts",
}

SEARCH: dict[str, str] = {}

STREAMING = {
    "stream.frame": "The frame could not be read",
    "stream.list_missing": "Missing list name parameter",
    "stream.tag_missing": "Missing tag name parameter",
    "stream.too_many": "Too many requests",
    "stream.unknown": "Unknown channel requested",
    "stream.unknown_type": "Unknown stream type",
}

WEB = {
    "form.expired": "This form was open too long; please send it again",
}

SENTENCES: dict[str, str] = {
    **EDGE,
    **ACCESS,
    **ACCOUNTS,
    **OAUTH,
    **POSTS,
    **MODELS,
    **NOTES,
    **MEDIA,
    **POLLS,
    **RELATIONSHIPS,
    **TIMELINES,
    **LEDGER,
    **NOTIFICATIONS,
    **MODERATION,
    **PORTABILITY,
    **HUB,
    **ASSISTANT,
    **TRAINING,
    **SEARCH,
    **STREAMING,
    **WEB,
}
