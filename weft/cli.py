"""The command `weft`. Each command imports what it needs when it runs, so that `weft up` starts fast.

What commands do lies in `weft/operations`; here are their names, options, words and exit statuses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from weft import __version__
from weft.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from weft.infra.db import Db

app = App(
    name="weft",
    help="A community's own social network, on a machine it owns.",
    version=__version__,
    help_format="plaintext",
)
account = App(name="account", help="Make and look after accounts.")
invite = App(name="invite", help="Invite people to sign up.")
token = App(name="token", help="Let programs act for accounts.")
emoji = App(name="emoji", help="Look after the server's own emojis.")
app.command(account)
app.command(invite)
app.command(token)
app.command(emoji)
app.command("weft.operations.hub_commands:hub", name="hub")
app.command("weft.operations.model_commands:model", name="model")
app.command("weft.operations.moderation_commands:moderation", name="moderation")
app.command("weft.operations.ledger_commands:budget", name="budget")
app.command("weft.operations.ledger_commands:price", name="price")
app.command("weft.operations.ledger_commands:ledger", name="ledger")

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object.")]
Switch = Parameter(negative="")


@Parameter(name="*")
@dataclass(frozen=True)
class Place:
    """Which community is meant."""

    data: str | None = None
    "Folder of the community's data (default ./data)."
    database: str | None = None
    "URL of a PostgreSQL >= 15 instead of the embedded one."

    def settings(self, **more: object) -> Settings:
        return load_settings({"data": self.data, "database": self.database, **more})[0]


def main() -> None:
    """Run the command of this process's arguments."""
    try:
        app()
    except SettingsError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever read has gone; nothing is left to flush
        sys.exit(1)
    except _refusals() as error:
        _fail(_words_of(error), 1)
    except KeyboardInterrupt:
        _fail("Stopped.", 130)


def _fail(words: str, status: int) -> None:
    print(words, file=sys.stderr)
    sys.exit(status)


def _refusals() -> tuple[type[BaseException], ...]:
    """What may go wrong without being a fault of the program; imported only once something did."""
    if isinstance(sys.exception(), SystemExit):
        return ()
    import asyncpg

    from weft.infra.db.migrate import MigrationFailed
    from weft.infra.postgres import PostgresFailed
    from weft.kernel.errors import WeftError
    from weft.operations.reach import CommandFailed

    return CommandFailed, PostgresFailed, MigrationFailed, WeftError, OSError, asyncpg.PostgresError


def _words_of(error: BaseException) -> str:
    from weft.infra.routing.catalogue import sentence_of
    from weft.kernel.errors import WeftError

    return sentence_of(error) if isinstance(error, WeftError) else str(error) or type(error).__name__


def _on(settings: Settings, work: Callable[[Db], Awaitable[dict[str, object]]]) -> dict[str, object]:
    from weft.operations.reach import run_on

    return run_on(settings, work)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a line per value."""
    if as_json:
        import msgspec

        print(msgspec.json.encode(answer).decode())
        return
    for name, value in answer.items():
        print(f"{name.replace('_', ' ')}: {value}")


# ------------------------------------------------------------------------------------------------- the server


@app.command
def up(
    *,
    place: Place = Place(),
    host: str | None = None,
    port: int | None = None,
    base_url: str | None = None,
    workers: int | None = None,
    redis: str | None = None,
    metrics_port: int | None = None,
    demo: Annotated[bool, Switch] = False,
) -> int:
    """Start the server, and serve until told to stop.

    Parameters
    ----------
    host
        Address to listen on (default: both loopback addresses).
    port
        Port to listen on (default 8000).
    base_url
        Scheme, host and port that people use (default http://localhost:PORT).
    workers
        Processes that answer (default 1).
    redis
        Not built yet.
    metrics_port
        Port for /metrics (default: off).
    demo
        Fill an empty community with people and posts to look at.
    """
    settings = place.settings(
        host=host, port=port, base_url=base_url, workers=workers, redis=redis, metrics_port=metrics_port
    )
    from weft.operations.up import up as start

    return start(settings, demo=demo)


@app.command
def doctor(*, place: Place = Place(), as_json: AsJson = False) -> int:
    """Check the machine, the settings and the database, and say what is wrong."""
    given = {"data": place.data, "database": place.database}
    from weft.operations.doctor import examine, print_findings

    return print_findings(examine(*load_settings(given)), as_json=as_json)


@app.command
def config(*, place: Place = Place(), as_json: AsJson = False) -> None:
    """Print every setting, its value and where it came from; secrets are not shown."""
    from weft.operations.show import print_config

    print_config(*load_settings({"data": place.data, "database": place.database}), as_json=as_json)


@app.command
def events(*, as_json: AsJson = False) -> None:
    """Print which event calls which handlers."""
    from weft.operations.show import print_events

    print_events(as_json=as_json)


@app.command
def bench(
    *names: str,
    url: str | None = None,
    token: str | None = None,
    pid: int | None = None,
    seconds: float = 60.0,
    as_json: AsJson = False,
) -> int:
    """Measure what requests cost.

    Parameters
    ----------
    names
        What to measure; everything when left out.
    url
        A server with the Mastodon API; without it one is started, seeded and stopped.
    token
        A token of an account there.
    pid
        The first process of that server, for its CPU.
    seconds
        How long the sustained rate is tried.
    """
    from weft.operations.show import run_bench

    return run_bench(list(names), url, token, pid=pid, seconds=seconds, as_json=as_json)


# ------------------------------------------------------------------------------------------------- the data


@app.command
def seed(
    *,
    accounts: int,
    posts: int,
    follows_mean: float | None = None,
    seed: int = 1,
    end: str = "2026-01-01T00:00:00Z",
    append: Annotated[bool, Switch] = False,
    wait: Annotated[bool, Switch] = False,
    place: Place = Place(),
    as_json: AsJson = False,
) -> None:
    """Fill a community with made-up people and posts, in bulk. The same arguments give the same rows.

    Parameters
    ----------
    accounts
        How many accounts to make.
    posts
        How many posts, replies and reposts they wrote.
    follows_mean
        How many others an account follows on average (default 20, or everybody where there are fewer).
    seed
        The number that everything is drawn from.
    end
        When the newest post was written.
    append
        Add to a community that has accounts already.
    wait
        Return only when the search index is built as well.
    """
    from weft.operations.seeding import SeedPlan, read_end, seed_community

    if follows_mean is None:
        follows_mean = min(20.0, max(accounts - 1.0, 0.0))
    plan = SeedPlan(
        accounts=accounts, posts=posts, follows_mean=follows_mean, seed=seed, end_ms=read_end(end), append=append
    )
    _show(seed_community(place.settings(), plan, wait=wait), as_json=as_json)


@app.command
def backup(file: str, *, key_file: str | None = None, place: Place = Place(), as_json: AsJson = False) -> None:
    """Write the database, the media and the settings to one file.

    Parameters
    ----------
    file
        Where to; it must not exist.
    key_file
        File with a secret of at least 16 bytes; the backup is encrypted with it.
    """
    from weft.operations.backup import back_up

    _show(back_up(place.settings(), file, key_file), as_json=as_json)


@app.command
def restore(file: str, *, key_file: str | None = None, place: Place = Place(), as_json: AsJson = False) -> None:
    """Make a community from a backup, in a data folder that does not exist or is empty.

    Parameters
    ----------
    file
        The backup.
    key_file
        The file with the secret that it was encrypted with.
    """
    from weft.operations.backup import restore_backup

    _show(restore_backup(place.settings(), file, key_file), as_json=as_json)


# ------------------------------------------------------------------------------------------------- accounts


@account.command(name="create")
def account_create(
    name: str,
    *,
    email: str = "",
    role: str = "member",
    locked: Annotated[bool, Switch] = False,
    password_stdin: Annotated[bool, Switch] = False,
    place: Place = Place(),
    as_json: AsJson = False,
) -> None:
    """Make an account, confirmed and usable at once.

    Parameters
    ----------
    name
        The user name.
    email
        Its address, for mail and for signing in.
    role
        owner, admin, moderator, member or advertiser.
    locked
        Whether it approves its followers.
    password_stdin
        Read the password from standard input; otherwise one is drawn and printed once.
    """
    from weft.operations import accounts
    from weft.operations.reach import CommandFailed

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    if password_stdin and not password:
        raise CommandFailed("No password came on standard input.")
    wanted = accounts.Wanted(name=name, email=email, role=role, locked=locked, password=password)
    _show(_on(place.settings(), lambda db: accounts.create(db, wanted)), as_json=as_json)


@account.command(name="list")
def account_list(*, place: Place = Place(), as_json: AsJson = False) -> None:
    """List the accounts of this server, newest first."""
    from weft.operations import accounts

    answer = _on(place.settings(), accounts.list_all)
    if as_json:
        _show(answer, as_json=True)
    else:
        accounts.print_list(answer)


@account.command(name="show")
def account_show(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Show an account and its login."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.show(db, name)), as_json=as_json)


@account.command(name="set-role")
def account_set_role(name: str, role: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Give an account a role; it is signed out everywhere."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.set_role(db, name, role)), as_json=as_json)


@account.command(name="suspend")
def account_suspend(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Hide an account from everybody, and sign it out."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.suspend(db, name)), as_json=as_json)


@account.command(name="unsuspend")
def account_unsuspend(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Show a suspended account again."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.unsuspend(db, name)), as_json=as_json)


@account.command(name="delete")
def account_delete(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """End an account and everything it wrote, for good."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.delete(db, name)), as_json=as_json)


@account.command(name="approve")
def account_approve(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Let somebody in who waits for approval."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.approve(db, name)), as_json=as_json)


@account.command(name="reject")
def account_reject(name: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Turn somebody away who waits for approval."""
    from weft.operations import accounts

    _show(_on(place.settings(), lambda db: accounts.reject(db, name)), as_json=as_json)


@invite.command(name="create")
def invite_create(
    *, by: str = "", uses: int = 1, days: int = 7, place: Place = Place(), as_json: AsJson = False
) -> None:
    """Make a code by which people may sign up.

    Parameters
    ----------
    by
        Who invites (default: the owner).
    uses
        How many people may use it; 0 for any number.
    days
        How long it works; 0 for ever.
    """
    from weft.operations import accounts

    settings = place.settings()
    answer = _on(settings, lambda db: accounts.invite(db, by, uses, days))
    _show({**answer, "url": f"{settings.url}/auth/sign_up?invite={answer['code']}"}, as_json=as_json)


@token.command(name="create")
def token_create(
    *names: str,
    scopes: str = "read write follow push",
    place: Place = Place(),
    as_json: AsJson = False,
) -> None:
    """Make a token by which a program may act for an account; it is printed once.

    Parameters
    ----------
    names
        The account, or several.
    scopes
        What the program may do.
    """
    from weft.operations import accounts

    answer = _on(place.settings(), lambda db: accounts.create_tokens(db, list(names), scopes))
    _show(answer, as_json=as_json)


# ------------------------------------------------------------------------------------------------- emojis


@emoji.command(name="add")
def emoji_add(
    shortcode: str, file: str, *, category: str = "", place: Place = Place(), as_json: AsJson = False
) -> None:
    """Add an emoji.

    Parameters
    ----------
    shortcode
        What people write between two colons.
    file
        The picture; it may move.
    category
        The heading it stands under in apps.
    """
    from weft.operations import emojis

    settings = place.settings()
    _show(_on(settings, lambda db: emojis.add(db, settings, shortcode, file, category)), as_json=as_json)


@emoji.command(name="list")
def emoji_list(*, place: Place = Place(), as_json: AsJson = False) -> None:
    """List the server's own emojis."""
    from weft.operations import emojis

    answer = _on(place.settings(), emojis.list_all)
    if as_json:
        _show(answer, as_json=True)
    else:
        emojis.print_list(answer)


@emoji.command(name="remove")
def emoji_remove(shortcode: str, *, place: Place = Place(), as_json: AsJson = False) -> None:
    """Remove an emoji and its picture."""
    from weft.operations import emojis

    settings = place.settings()
    _show(_on(settings, lambda db: emojis.remove(db, settings, shortcode)), as_json=as_json)


if __name__ == "__main__":
    main()
