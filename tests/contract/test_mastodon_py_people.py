"""Mastodon.py and other people: profiles, follows, blocks, lists, filters, notifications, conversations, push."""

from __future__ import annotations

import io

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

from tests.contract.client import app_of, eventually, picture
from tests.support.server import LiveServer

Two = tuple[Mastodon, Mastodon]


@pytest.fixture
def two(server: LiveServer) -> Two:
    """Two strangers, new for each test."""
    return app_of(server, server.person()), app_of(server, server.person())


def test_a_profile_is_written_and_its_plain_words_come_back(two: Two) -> None:
    ann, bob = two
    mine = ann.account_update_credentials(
        display_name="Ann ✨",
        note="Hi #weft\nsecond",
        avatar=picture(200, 200),
        avatar_mime_type="image/png",
        header=picture(300, 100),
        header_mime_type="image/png",
        fields=[("Site", "https://example.com"), ("Place", "Huế")],
        bot=True,
        discoverable=True,
        indexable=True,
        hide_collections=True,
        attribution_domains=["example.com"],
        default_privacy="unlisted",
        default_sensitive=True,
        default_language="vi",
        avatar_description="a square",
    )
    assert mine.source.note == "Hi #weft\nsecond"
    assert [(field.name, field.value) for field in mine.source.fields][1] == ("Place", "Huế")
    assert (mine.source.privacy, mine.source.sensitive, mine.source.language) == ("unlisted", True, "vi")
    assert mine.source.attribution_domains == ["example.com"]
    seen = bob.account(mine.id)
    assert (seen.display_name, seen.bot, seen.discoverable, seen.avatar_description) == (
        "Ann ✨",
        True,
        True,
        "a square",
    )
    assert seen.note.startswith("<p>Hi <a") and seen.source is None
    assert 'rel="' in seen.fields[0].value and not seen.avatar.endswith("missing.png")
    for url in (seen.avatar, seen.avatar_static, seen.header, seen.header_static):
        assert bob.session.get(url).status_code == 200
    preferences = ann.preferences()
    assert preferences["posting:default:visibility"] == "unlisted"
    assert preferences["posting:default:sensitive"] is True
    assert ann.status_post("as I like it").visibility == "unlisted"
    assert ann.account_update_credentials(display_name="").display_name == ""
    assert ann.account_delete_avatar().avatar.endswith("missing.png")


def test_a_locked_account_lets_people_in_one_by_one(two: Two, server: LiveServer) -> None:
    ann, bob = two
    eve = app_of(server, server.person())
    ann.account_update_credentials(locked=True)
    me = ann.me().id
    for each in (bob, eve):
        asked = each.account_follow(me)
        assert (asked.following, asked.requested) == (False, True)
    wanting = eventually(ann.follow_requests, lambda found: len(found) == 2)
    assert {account.id for account in wanting} == {bob.me().id, eve.me().id}
    assert ann.me().source.follow_requests_count == 2
    assert ann.follow_request_authorize(bob.me().id).followed_by
    ann.follow_request_reject(eve.me().id)
    assert ann.follow_requests() == []
    assert bob.account_relationships(me)[0].following
    refused = eve.account_relationships(me)[0]
    assert (refused.following, refused.requested) == (False, False)
    assert [account.id for account in ann.account_followers(me)] == [bob.me().id]
    post = ann.status_post("for followers", visibility="private")
    assert bob.status(post.id).id == post.id
    with pytest.raises(MastodonNotFoundError):
        eve.status(post.id)


def test_a_follow_has_options_and_an_end(two: Two) -> None:
    ann, bob = two
    me = ann.me().id
    found = bob.account_follow(me, reblogs=False, notify=True)
    assert (found.following, found.showing_reblogs, found.notifying) == (True, False, True)
    assert ann.account_relationships([bob.me().id])[0].followed_by
    assert not ann.account_remove_from_followers(bob.me().id).followed_by
    assert not bob.account_relationships(me)[0].following
    bob.account_follow(me)
    assert not bob.account_unfollow(me).following
    assert ann.account_note_set(bob.me().id, "a friend").note == "a friend"


def test_a_block_cuts_both_ways(two: Two) -> None:
    ann, bob = two
    bob.account_follow(ann.me().id)
    post = ann.status_post("before")
    assert ann.account_block(bob.me().id).blocking
    assert [account.id for account in ann.blocks()] == [bob.me().id]
    with pytest.raises(MastodonNotFoundError):
        bob.status(post.id)
    found = bob.account_relationships(ann.me().id)[0]
    assert (found.following, found.blocked_by) == (False, True)
    assert bob.account_statuses(ann.me().id) == []
    with pytest.raises(MastodonAPIError):
        bob.account_follow(ann.me().id)
    assert not ann.account_unblock(bob.me().id).blocking
    assert bob.status(post.id).id == post.id


def test_a_mute_hides_for_a_while(two: Two) -> None:
    ann, bob = two
    ann.account_follow(bob.me().id)
    muted = ann.account_mute(bob.me().id, notifications=False, duration=3600)
    assert (muted.muting, muted.muting_notifications) == (True, False)
    bob.status_post("unheard")
    assert ann.timeline_home() == []
    (listed,) = ann.mutes()
    assert listed.id == bob.me().id and listed.mute_expires_at is not None
    assert not ann.account_unmute(bob.me().id).muting


def test_a_domain_is_blocked_and_let_back(two: Two) -> None:
    ann, _ = two
    ann.domain_block("example.org")
    assert list(ann.domain_blocks()) == ["example.org"]
    ann.domain_unblock("example.org")
    assert list(ann.domain_blocks()) == []


def test_a_list_shows_its_members_only(two: Two) -> None:
    ann, bob = two
    made = ann.list_create("Friends", replies_policy="none", exclusive=True)
    assert (made.title, made.replies_policy, made.exclusive) == ("Friends", "none", True)
    with pytest.raises(MastodonNotFoundError):
        ann.list_accounts_add(made.id, [bob.me().id])
    ann.account_follow(bob.me().id)
    ann.list_accounts_add(made.id, [bob.me().id])
    post = bob.status_post("listed")
    own = ann.status_post("not listed")
    assert [one.id for one in ann.timeline_list(made.id)] == [post.id]
    assert [one.id for one in ann.timeline_home()] == [own.id]
    assert [one.id for one in ann.list_accounts(made.id)] == [bob.me().id]
    assert [one.id for one in ann.account_lists(bob.me().id)] == [made.id]
    assert ann.list_update(made.id, "People").title == "People"
    ann.list_accounts_delete(made.id, [bob.me().id])
    assert ann.timeline_list(made.id) == []
    ann.list_delete(made.id)
    assert ann.lists() == []


def test_a_filter_marks_what_it_finds_and_hides_what_it_must(two: Two) -> None:
    ann, bob = two
    ann.account_follow(bob.me().id)
    words = [{"keyword": "spoiler", "whole_word": True}]
    made = ann.create_filter_v2("Films", ["home", "public", "thread"], "warn", keywords_attributes=words)
    assert [(word.keyword, word.whole_word) for word in made.keywords] == [("spoiler", True)]
    post = bob.status_post("a spoiler here")
    other = bob.status_post("spoilers are other words")
    found = ann.status(post.id)
    assert found.filtered[0].filter.title == "Films" and found.filtered[0].keyword_matches == ["spoiler"]
    assert ann.status(other.id).filtered == []
    assert [one.id for one in ann.timeline_home()] == [other.id, post.id]
    word = ann.add_filter_keyword_v2(made.id, "other words")
    assert len(ann.filter_keywords_v2(made.id)) == 2
    ann.delete_filter_keyword_v2(word.id)
    kept = ann.add_filter_status_v2(made.id, other.id)
    assert [entry.status_id for entry in ann.filter_statuses_v2(made.id)] == [other.id]
    assert ann.status(other.id).filtered[0].status_matches == [str(other.id)]
    ann.delete_filter_status_v2(kept.id)
    assert ann.update_filter_v2(made.id, filter_action="hide").filter_action == "hide"
    assert [one.id for one in ann.timeline_home()] == [other.id]
    assert ann.filter_v2(made.id).title == "Films"
    ann.delete_filter_v2(made.id)
    assert ann.filters_v2() == []


def test_the_older_filters_are_the_same_filters(two: Two) -> None:
    ann, _ = two
    made = ann.filter_create("banana", ["home"], irreversible=True, expires_in=3600)
    assert (made.phrase, made.irreversible, made.whole_word) == ("banana", True, True)
    assert ann.filter_update(made.id, phrase="mango", context=["public"]).phrase == "mango"
    assert [each.keywords[0].keyword for each in ann.filters_v2()] == ["mango"]
    ann.filter_delete(made.id)
    assert ann.filters() == []


def test_notifications_come_one_by_one_and_in_groups(two: Two, server: LiveServer) -> None:
    ann, bob = two
    eve = app_of(server, server.person())
    post = ann.status_post("notify me")
    bob.account_follow(ann.me().id)
    for each in (bob, eve):
        each.status_favourite(post.id)
    bob.status_reblog(post.id)
    reply = bob.status_reply(post, "hello")
    found = eventually(ann.notifications, lambda all_: len(all_) == 5)
    assert [each.type for each in found] == ["mention", "reblog", "favourite", "favourite", "follow"]
    assert found[0].status.id == reply.id and found[0].account.id == bob.me().id
    assert [each.type for each in ann.notifications(types=["mention"])] == ["mention"]
    assert "mention" not in [each.type for each in ann.notifications(exclude_types=["mention"])]
    assert [each.type for each in ann.notifications(account_id=eve.me().id)] == ["favourite"]
    grouped = ann.grouped_notifications(expand_accounts="full")
    likes = next(group for group in grouped.notification_groups if group.type == "favourite")
    assert likes.notifications_count == 2 and likes.sample_account_ids == [str(eve.me().id), str(bob.me().id)]
    assert likes.status_id == str(post.id) and post.id in [one.id for one in grouped.statuses]
    assert ann.unread_grouped_notifications_count() == 4
    assert ann.notifications_unread_count().count == 5
    assert len(ann.grouped_notification_accounts(likes.group_key)) == 2
    assert ann.grouped_notification(likes.group_key).notification_groups[0].group_key == likes.group_key
    ann.dismiss_grouped_notification(likes.group_key)
    ann.notifications_dismiss(found[0].id)
    assert [each.type for each in ann.notifications()] == ["reblog", "follow"]
    assert ann.notifications(id=found[1].id).type == "reblog"
    ann.notifications_clear()
    assert ann.notifications() == []


def test_strangers_wait_until_they_are_let_in(two: Two) -> None:
    ann, bob = two
    policy = ann.update_notifications_policy(for_not_following="filter")
    assert policy.for_not_following == "filter" and policy.summary.pending_requests_count == 0
    bob.status_post(f"@{ann.me().acct} hello")
    (request,) = eventually(ann.notification_requests)
    assert request.account.id == bob.me().id and request.notifications_count == "1"
    assert ann.notifications() == []
    assert ann.notification_request(request.id).last_status.account.id == bob.me().id
    ann.accept_notification_request(request.id)
    eventually(ann.notifications, lambda all_: len(all_) == 1)
    assert ann.notifications_merged()
    assert ann.notification_requests() == []


def test_private_words_make_a_conversation(two: Two) -> None:
    ann, bob = two
    post = ann.status_post(f"@{bob.me().acct} psst", visibility="direct")
    (found,) = eventually(bob.conversations)
    assert found.unread and found.last_status.id == post.id
    assert [account.id for account in found.accounts] == [ann.me().id]
    assert not bob.conversations_read(found.id).unread
    answer = bob.status_reply(post, "yes?", visibility="direct")
    (same,) = eventually(ann.conversations, lambda all_: all_ and all_[0].last_status.id == answer.id)
    assert same.unread


def test_markers_remember_where_one_was(two: Two) -> None:
    ann, _ = two
    post = ann.status_post("read until here")
    first = ann.markers_set(["home"], [post.id])
    assert first["home"].last_read_id == post.id
    version = first["home"].version
    again = ann.markers_set(["home", "notifications"], [post.id, post.id])
    assert again["home"].version == version + 1
    assert set(ann.markers_get(["home", "notifications"])) == {"home", "notifications"}


def test_push_is_subscribed_to_and_ended(two: Two) -> None:
    ann, _ = two
    with pytest.raises(MastodonNotFoundError):
        ann.push_subscription()
    _, public = ann.push_subscription_generate_keys()
    made = ann.push_subscription_set("https://push.example/abc", public, mention_events=True, policy="followed")
    assert made.endpoint == "https://push.example/abc" and made.alerts.mention and made.policy == "followed"
    assert not ann.push_subscription_update(mention_events=False).alerts.mention
    assert ann.push_subscription().endpoint == made.endpoint
    ann.push_subscription_delete()
    with pytest.raises(MastodonNotFoundError):
        ann.push_subscription()


def test_tags_are_followed_and_featured(two: Two) -> None:
    ann, bob = two
    tag = f"weft{ann.me().id}"
    assert ann.tag(tag).name == tag
    assert ann.tag_follow(tag).following
    assert [each.name for each in ann.followed_tags()] == [tag]
    post = bob.status_post(f"about #{tag}")
    assert [one.id for one in ann.timeline_home()] == [post.id]
    assert not ann.tag_unfollow(tag).following
    ann.status_post(f"my own #{tag}")
    made = ann.featured_tag_create(tag)
    assert made.name == tag
    assert [each.name for each in bob.account_featured_tags(ann.me().id)] == [tag]
    ann.featured_tag_delete(made.id)
    assert ann.featured_tags() == []
    assert tag in [each.name for each in ann.featured_tag_suggestions()]


def test_friends_are_endorsed(two: Two) -> None:
    ann, bob = two
    with pytest.raises(MastodonAPIError):
        ann.account_endorse(bob.me().id)
    ann.account_follow(bob.me().id)
    assert ann.account_endorse(bob.me().id).endorsed
    assert [account.id for account in ann.endorsements()] == [bob.me().id]
    assert not ann.account_unendorse(bob.me().id).endorsed


def test_followers_in_common_are_named(two: Two, server: LiveServer) -> None:
    ann, bob = two
    eve = app_of(server, server.person())
    ann.account_follow(eve.me().id)
    eve.account_follow(bob.me().id)
    (found,) = ann.account_familiar_followers([bob.me().id])
    assert found.id == bob.me().id and [account.id for account in found.accounts] == [eve.me().id]


def test_a_raw_picture_is_a_picture(two: Two) -> None:
    ann, _ = two
    media = ann.media_post(io.BytesIO(picture()), "image/png")
    assert media.id
