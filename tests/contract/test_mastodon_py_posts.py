"""Mastodon.py writes: posts of every kind, their threads, edits, ends, pictures, polls and appointments."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

from tests.contract.client import app_of, eventually, picture
from tests.support.server import LiveServer, Person


@pytest.fixture(scope="module")
def people(server: LiveServer) -> tuple[Person, Person]:
    return server.person(), server.person()


@pytest.fixture(scope="module")
def ann(server: LiveServer, people: tuple[Person, Person]) -> Mastodon:
    return app_of(server, people[0])


@pytest.fixture(scope="module")
def bob(server: LiveServer, people: tuple[Person, Person]) -> Mastodon:
    return app_of(server, people[1])


def test_a_post_is_read_back_as_it_was_written(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("Hello & <world>\nline\n\nnext", spoiler_text="cw", visibility="unlisted", language="vi")
    found = bob.status(post.id)
    assert found.content == "<p>Hello &amp; &lt;world&gt;<br />line</p><p>next</p>"
    assert (found.spoiler_text, found.sensitive, found.visibility, found.language) == ("cw", True, "unlisted", "vi")
    assert found.application is not None and found.application.name == "Tests"
    assert bob.statuses([post.id])[0].id == post.id


def test_the_same_key_makes_one_post(ann: Mastodon) -> None:
    first = ann.status_post("once", idempotency_key="k-1")
    assert ann.status_post("once", idempotency_key="k-1").id == first.id


def test_replies_stand_in_their_thread(ann: Mastodon, bob: Mastodon, people: tuple[Person, Person]) -> None:
    root = ann.status_post("root")
    reply = bob.status_reply(root, "reply")
    assert reply.in_reply_to_id == root.id and reply.in_reply_to_account_id == root.account.id
    assert [mention.id for mention in reply.mentions] == [people[0].id]
    answer = ann.status_reply(reply, "answer")
    side = ann.status_post("side", in_reply_to_id=root.id)
    whole = bob.status_context(root.id)
    assert [post.id for post in whole.descendants] == [reply.id, answer.id, side.id]
    above = bob.status_context(answer.id)
    assert [post.id for post in above.ancestors] == [root.id, reply.id]
    assert eventually(lambda: bob.status(root.id), lambda post: post.replies_count == 2)


def test_an_edit_shows_and_the_old_text_stays_in_the_history(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("first words")
    assert len(bob.status_history(post.id)) == 1
    edited = ann.status_update(post.id, "second words", spoiler_text="now with a warning")
    assert edited.edited_at is not None
    assert "second words" in bob.status(post.id).content
    assert [entry.content for entry in bob.status_history(post.id)] == ["<p>first words</p>", "<p>second words</p>"]
    source = ann.status_source(post.id)
    assert (source.text, source.spoiler_text) == ("second words", "now with a warning")


def test_a_deleted_post_is_gone_and_its_text_comes_back(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("to be redrafted #tag")
    gone = ann.status_delete(post.id)
    assert gone.text == "to be redrafted #tag"
    with pytest.raises(MastodonNotFoundError):
        bob.status(post.id)
    with pytest.raises(MastodonNotFoundError):
        ann.status(post.id)


def test_a_picture_goes_with_its_words_and_its_focus(ann: Mastodon, bob: Mastodon) -> None:
    media = ann.media_post(io.BytesIO(picture()), "image/png", description="A teal wall", focus=(0.5, -0.25))
    media = eventually(lambda: ann.media(media.id), lambda found: found.url)
    changed = ann.media_update(media.id, description="A wall in teal", focus=(0.1, 0.2))
    assert changed.description == "A wall in teal"
    post = ann.status_post("look", media_ids=[media.id])
    (shown,) = bob.status(post.id).media_attachments
    assert (shown.type, shown.description) == ("image", "A wall in teal")
    assert (shown.meta.focus.x, shown.meta.focus.y) == (0.1, 0.2)
    assert (shown.meta.original.width, shown.meta.original.height) == (64, 48)
    assert shown.meta.original.size == "64x48" and abs(shown.meta.original.aspect - 64 / 48) < 0.001
    assert re.fullmatch(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,}", shown.blurhash)
    for url in (shown.url, shown.preview_url):
        assert bob.session.get(url).headers["content-type"].startswith("image/")


def test_a_picture_alone_makes_a_post(ann: Mastodon) -> None:
    media = ann.media_post(io.BytesIO(picture(colour="red")), "image/png", synchronous=True)
    post = ann.status_post("", media_ids=[media])
    assert post.content == "" and len(post.media_attachments) == 1
    attributes = [ann.generate_media_edit_attributes(media.id, description="Red")]
    edited = ann.status_update(post.id, "with words", media_attributes=attributes)
    assert edited.media_attachments[0].description == "Red"


def test_a_poll_is_voted_on_once(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("which?", poll=ann.make_poll(["one", "two", "three"], 3600, multiple=True))
    assert post.poll is not None and post.poll.voted and post.poll.own_votes == []
    poll = bob.poll_vote(post.poll.id, [0, 2])
    assert poll.voted and sorted(poll.own_votes) == [0, 2]
    assert [option.votes_count for option in poll.options] == [1, 0, 1]
    assert (poll.votes_count, poll.voters_count) == (2, 1)
    with pytest.raises(MastodonAPIError, match="You have already voted on this poll"):
        bob.poll_vote(post.poll.id, [0])
    with pytest.raises(MastodonAPIError, match="The chosen vote option does not exist"):
        bob.poll_vote(post.poll.id, [3])
    with pytest.raises(MastodonAPIError):
        ann.poll_vote(post.poll.id, [1])
    assert ann.poll(post.poll.id).votes_count == 2


def test_totals_are_hidden_while_a_poll_runs_where_asked(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("secret", poll=ann.make_poll(["a", "b"], 3600, hide_totals=True))
    bob.poll_vote(post.poll, 1)
    assert [option.votes_count for option in bob.poll(post.poll.id).options] == [None, None]


def test_an_appointment_is_kept_moved_and_called_off(ann: Mastodon) -> None:
    when = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    planned = ann.status_post("later", scheduled_at=when, visibility="private")
    assert planned.params.text == "later" and planned.params.visibility == "private"
    assert abs((planned.scheduled_at - when).total_seconds()) < 1
    moved = ann.scheduled_status_update(planned.id, when + dt.timedelta(hours=1))
    assert moved.scheduled_at > planned.scheduled_at
    assert planned.id in [each.id for each in ann.scheduled_statuses()]
    assert ann.scheduled_status(planned.id).id == planned.id
    ann.scheduled_status_delete(planned.id)
    with pytest.raises(MastodonNotFoundError):
        ann.scheduled_status(planned.id)
    with pytest.raises(MastodonAPIError):
        ann.status_post("too soon", scheduled_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30))


def test_likes_bookmarks_and_reposts_are_counted_and_taken_back(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("react to me")
    assert bob.status_favourite(post.id).favourited
    assert bob.status_bookmark(post.id).bookmarked
    wrapper = bob.status_reblog(post.id)
    assert wrapper.id != post.id and wrapper.reblog is not None and wrapper.reblog.id == post.id
    assert bob.status_reblog(post.id).id == wrapper.id
    seen = eventually(lambda: ann.status(post.id), lambda one: (one.favourites_count, one.reblogs_count) == (1, 1))
    assert not seen.favourited and not seen.bookmarked
    assert [account.id for account in ann.status_favourited_by(post.id)] == [wrapper.account.id]
    assert [account.id for account in ann.status_reblogged_by(post.id)] == [wrapper.account.id]
    assert ann.status_favourite(wrapper.id).id == post.id
    assert not bob.status_unfavourite(post.id).favourited
    assert not bob.status_unbookmark(post.id).bookmarked
    assert bob.status_unreblog(post.id).id == post.id
    eventually(lambda: ann.status(post.id), lambda one: (one.favourites_count, one.reblogs_count) == (1, 0))


def test_a_post_is_pinned_to_the_profile(ann: Mastodon, bob: Mastodon, people: tuple[Person, Person]) -> None:
    post = ann.status_post("my best")
    assert ann.status_pin(post.id).pinned
    assert post.id in [one.id for one in bob.account_statuses(people[0].id, pinned=True)]
    with pytest.raises(MastodonAPIError, match="Someone else's post cannot be pinned"):
        bob.status_pin(post.id)
    assert not ann.status_unpin(post.id).pinned
    assert bob.account_statuses(people[0].id, pinned=True) == []


def test_a_conversation_is_muted(ann: Mastodon) -> None:
    post = ann.status_post("loud thread")
    assert ann.status_mute(post.id).muted
    assert not ann.status_unmute(post.id).muted


def test_a_quote_shows_what_it_quotes_until_it_is_revoked(ann: Mastodon, bob: Mastodon) -> None:
    post = ann.status_post("quotable")
    quoting = bob.status_post("so true", quoted_status_id=post.id)
    assert quoting.quote.state == "accepted" and quoting.quote.quoted_status.id == post.id
    assert re.match(r'<p class="quote-inline">RE: <a href="', quoting.content)
    eventually(lambda: [one.id for one in ann.status_quotes(post.id)], lambda ids: ids == [quoting.id])
    eventually(lambda: ann.status(post.id), lambda one: one.quotes_count == 1)
    assert ann.status_quote_revoke(post.id, quoting.id).quote.state == "revoked"
    closed = ann.status_update_quote_approval_policy(post.id, "nobody")
    assert closed.quote_approval.automatic == []
    with pytest.raises(MastodonAPIError):
        bob.status_post("again", quoted_status_id=post.id)


def test_words_become_the_markup_that_apps_read(
    server: LiveServer, ann: Mastodon, people: tuple[Person, Person]
) -> None:
    bob = people[1]
    link = "https://example.com/a/very/long/path/that/goes/on"
    post = ann.status_post(f"@{bob.name} #ViệtNam {link} https://example.com/a")
    (mention,), (tag,) = post.mentions, post.tags
    span = f'<a href="{mention.url}" class="u-url mention">@<span>{bob.name}</span></a>'
    assert f'<span class="h-card" translate="no">{span}</span>' in post.content
    assert tag.name == "việtnam"
    assert f'<a href="{tag.url}" class="mention hashtag" rel="tag">#<span>ViệtNam</span></a>' in post.content
    shown = '<span class="ellipsis">example.com/a/very/long/path/t</span><span class="invisible">hat/goes/on</span>'
    assert (
        f'<a href="{link}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">https://</span>{shown}</a>'
    ) in post.content
    short = '<span class="">example.com/a</span><span class="invisible"></span></a>'
    assert f'<span class="invisible">https://</span>{short}' in post.content
    assert ann.status_post("one line").content == "<p>one line</p>"
