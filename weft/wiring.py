"""Puts a worker together: ports, slices, edges. The only place that knows everyone.

``HANDLERS`` says which event starts what; ``weft events`` prints it. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from weft import __version__
from weft.accounts import jobs as accounts_jobs
from weft.accounts.events import AccountStateChanged, AvatarOffered, InvitationWanted, MailWanted, PicturesDropped
from weft.accounts.service import Authenticator, OidcClient, Passwords, SessionAuthenticator, load_seal, owner_link
from weft.admin import routes as admin_routes
from weft.admin.moderating import open_judging
from weft.assistant import jobs as assistant_jobs
from weft.assistant import routes as assistant_routes
from weft.assistant.events import AnswerWanted, QuotedChanged
from weft.assistant.service import (
    Context,
    Finder,
    Mentions,
    Mind,
    Nearness,
    OwnAccount,
    Tools,
    open_assistant,
)
from weft.hub import jobs as hub_jobs
from weft.hub import routes as hub_routes
from weft.hub.events import RequestDecided
from weft.hub.service import Letters as HubLetters
from weft.hub.service import Shelf, open_hub
from weft.infra.admit import Admit
from weft.infra.blobs import Blobs
from weft.infra.cells import FILE_NAME as CELLS
from weft.infra.cells import Cells
from weft.infra.db import Db, Reader, open_db
from weft.infra.engine.client import Models
from weft.infra.engine.places import Endpoints, model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.infra.errands import Errands, Run
from weft.infra.events import Event, EventCodec
from weft.infra.http import Fetcher
from weft.infra.mail import Mailer, default_sender
from weft.infra.metrics import Metrics
from weft.infra.outbox import Dispatcher, Handler, range_of
from weft.infra.periodic import Job, Periodic
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.table import Route
from weft.infra.signals import Signals
from weft.infra.webpush import Signer
from weft.kernel.clock import Clock
from weft.kernel.errors import WeftError
from weft.kernel.ids import MAX_ID, AccountId, ListId
from weft.ledger import jobs as ledger_jobs
from weft.ledger import routes as ledger_routes
from weft.ledger.events import BudgetReached
from weft.ledger.service import Ledger
from weft.ledger.service import Letters as BudgetLetters
from weft.mastodon import routes as mastodon_routes
from weft.mastodon.census import Census
from weft.mastodon.context import Mastodon
from weft.mastodon.conversations import conversation_body
from weft.mastodon.description import Document
from weft.mastodon.emojis import Emojis
from weft.mastodon.notifications import notification_body
from weft.mastodon.presenter import Presenter
from weft.mastodon.push_messages import Pusher
from weft.mastodon.streaming import sockets_of
from weft.mastodon.telling import Outlet
from weft.media import jobs as media_jobs
from weft.media.service import MediaPool, Workshop
from weft.moderation import jobs as moderation_jobs
from weft.moderation.service import record
from weft.notes import jobs as notes_jobs
from weft.notifications import jobs as notifications_jobs
from weft.notifications.events import PushWanted
from weft.notifications.service import PushSender, vapid_private_key, vapid_public_key
from weft.portability import jobs as portability_jobs
from weft.portability import routes as portability_routes
from weft.portability.events import ExportWanted, ImportWanted
from weft.portability.service import Places, Shelves, open_portability
from weft.posts import jobs as posts_jobs
from weft.posts.service import Limits
from weft.previews import jobs as previews_jobs
from weft.previews.events import CardWanted
from weft.relationships import jobs as relationships_jobs
from weft.search import jobs as search_jobs
from weft.search.service import rank_posts
from weft.settings import Settings, SettingsError
from weft.timelines import jobs as timelines_jobs
from weft.timelines.model import List
from weft.timelines.service import (
    ListEdit,
    Streams,
    Timelines,
    Viewers,
    add_members,
    create_list,
    delete_list,
    load_filters,
    load_lists,
    load_markers,
    load_members,
    remove_members,
)
from weft.web import media_files, pictures
from weft.web import routes as web_routes
from weft.web.build import Build
from weft.web.context import Web
from weft.web.pages import Pages

POOL_SIZE = 10
ADMIT_FILE = "admit.map"
EXPORTS = "exports"
HUB = "hub"
NOTE_USE_S = 300.0
OUTSIDE: tuple[type[Event], ...] = (
    *(MailWanted, InvitationWanted, AvatarOffered),
    *(PicturesDropped, AccountStateChanged, PushWanted, CardWanted),
    *(ExportWanted, ImportWanted, AnswerWanted, QuotedChanged),
    *(RequestDecided, BudgetReached),
)
"""Events whose effects lie outside the database, or need many transactions."""

Handlers = Mapping[type[Event], Sequence[Handler]]


def all_handlers() -> dict[type[Event], list[Handler]]:
    """Event -> what it starts, from every slice. Notifications come first: they ask who had reposted what is gone."""
    together: dict[type[Event], list[Handler]] = {}
    first = (notifications_jobs, posts_jobs, notes_jobs, timelines_jobs)
    for jobs in (*first, search_jobs, previews_jobs, ledger_jobs, assistant_jobs, moderation_jobs):
        for kind, name, handle in jobs.HANDLERS:
            together.setdefault(kind, []).append((name, handle))
    return together


def all_jobs(settings: Settings, ports: Ports) -> list[Job]:
    """Jobs that no event starts."""
    return [
        *accounts_jobs.JOBS,
        *relationships_jobs.JOBS,
        *ledger_jobs.JOBS,
        *posts_jobs.jobs(Limits(settings.max_characters, settings.domain)),
        *notes_jobs.JOBS,
        *search_jobs.JOBS,
        *notifications_jobs.JOBS,
        *previews_jobs.jobs(ports.blobs),
        *media_jobs.jobs(ports.workshop, ports.blobs),
        *portability_jobs.jobs(ports.portability, ports.works),
        *hub_jobs.jobs(ports.shelf, settings.hub_keep_days),
        *assistant_jobs.index_jobs(assistant_jobs.Indexing(ports.mind.meaning)),
        *assistant_jobs.chat_jobs(settings.ai_keep_days),
        *assistant_jobs.judge_jobs(ports.judging),
    ]


def event_kinds() -> list[type[Event]]:
    """Every event there is, without their bases: each slice's module of events is imported by now."""
    kinds: list[type[Event]] = []
    waiting: list[type[Event]] = [Event]
    while waiting:
        below = waiting.pop().__subclasses__()
        kinds += below
        waiting += below
    return sorted((kind for kind in kinds if not kind.__subclasses__()), key=lambda kind: kind.__name__)


def all_routes() -> list[Route]:
    """The whole route table, for the OpenAPI document."""
    return [
        *mastodon_routes.ROUTES,
        *web_routes.ROUTES,
        *media_files.ROUTES,
        *pictures.ROUTES,
        *portability_routes.ROUTES,
        *hub_routes.ROUTES,
        *ledger_routes.ROUTES,
        *assistant_routes.ROUTES,
        *admin_routes.ROUTES,
    ]


def _shelves() -> Shelves:
    """Lists and filters as portability may use them: both stand on one rank and never import each other."""

    async def named_list(db: Db, account_id: AccountId, title: str) -> List:
        return await create_list(db, account_id, ListEdit(title=title))

    async def members(reader: Reader, list_id: int) -> Sequence[int]:
        return await load_members(reader, ListId(list_id))

    return Shelves(
        load_lists=load_lists,
        load_members=members,
        load_filters=load_filters,
        create_list=named_list,
        delete_list=delete_list,
        add_members=add_members,
        remove_members=remove_members,
    )


class Ports:
    """What reaches outside: made once per process, closed at its end."""

    def __init__(self, settings: Settings, clock: Clock, db: Db) -> None:
        folder = settings.folder
        self.settings = settings
        self.clock = clock
        self.db = db
        self.blobs = Blobs(folder / "media")
        self.admit = Admit(folder / ADMIT_FILE, clock, settings.limits)
        self.passwords = Passwords()
        self.pool = MediaPool(self.blobs.scratch)
        self.workshop = Workshop(db, self.blobs, self.pool)
        self.shelf = Shelf(folder / HUB)
        places = Places(settings.url, settings.domain)
        self.portability = open_portability(db, self.blobs, places, _shelves(), folder / EXPORTS)
        self.works = portability_jobs.Works(self.portability)
        try:
            self.fetcher = Fetcher(
                frozenset(settings.fetch_allow), settings.dns or None, f"Weft/{__version__} (+{settings.url})"
            )
            self.endpoints = Endpoints(settings, LocalEngines(folder, clock, settings.ai_idle_s))
            self.model_fetcher = model_fetcher(settings, f"Weft/{__version__}")
            self.mailer = Mailer(settings.smtp, settings.mail_from or default_sender(settings.domain), clock)
        except (ValueError, WeftError) as error:
            raise SettingsError(f"A setting of mail or outgoing requests cannot be used: {error}") from None
        self.models = Models(self.model_fetcher)
        self.nearness = Nearness(db)
        self.mind = Mind(db, clock, self.models, self.endpoints, folder)
        self.judging = open_judging(db, self.mind.meaning, on=settings.assistant)

    async def close(self) -> None:
        await self.works.close()
        await self.workshop.close()
        await self.pool.close()
        await self.mind.aclose()
        await self.fetcher.aclose()
        await self.models.aclose()
        await self.model_fetcher.aclose()
        await self.endpoints.engines.aclose()
        self.mailer.close()
        self.passwords.close()
        self.admit.close()


class HomeVisits:
    """What somebody has not read of their home: the assistant and the timelines never import each other."""

    def __init__(self, db: Db, timelines: Timelines, viewers: Viewers) -> None:
        self._db = db
        self._timelines = timelines
        self._viewers = viewers

    async def last_read(self, account_id: AccountId) -> int:
        async with self._db.read() as reader:
            markers = await load_markers(reader, account_id, ("home",))
        return markers["home"].last_read_id if "home" in markers else 0

    async def unread(self, account_id: AccountId, after: int, limit: int) -> Sequence[int]:
        home = self._timelines.home(await self._viewers.get(account_id))
        found = (await home.chunk(MAX_ID, after, limit, upwards=False)).found
        return [one.id for one in found if one.id > after][:limit]


class Worker:
    """One serving process: see ``weft.operations.worker.WorkerApp``."""

    def __init__(self, settings: Settings, url: str, index: int) -> None:
        self._settings = settings
        self._url = url
        self._index = index
        self._application: Application | None = None

    async def asgi(self, scope: object, receive: object, send: object) -> None:
        assert self._application is not None
        await self._application(scope, receive, send)  # type: ignore[arg-type]

    async def start(self) -> None:
        settings = self._settings
        clock = Clock(settings.clock_offset)
        self.db = db = await open_db(self._url, clock, size=POOL_SIZE)
        self.ports = ports = Ports(settings, clock, db)
        codec = EventCodec(event_kinds())
        cells = Cells(settings.folder / CELLS)
        self.signals = signals = Signals(self._url, codec, cells, index=self._index, peers=settings.workers > 1)
        db.publish = signals.publish
        db.unsure = signals.reset_all
        metrics = Metrics() if settings.metrics_port else None
        self.errands = self._errands(codec)
        handlers = all_handlers()
        for kind in OUTSIDE:
            handlers.setdefault(kind, []).append(("errands.store", self.errands.store))
        self.dispatcher = Dispatcher(
            db, codec, handlers, buckets=range_of(self._index, settings.workers), counts=metrics
        )
        for kind in handlers:
            signals.on(kind, self.dispatcher.wake)
        self.periodic = Periodic(db, all_jobs(settings, ports)) if self._index == 0 else None
        self._application = await self._make_application(metrics)
        await signals.start()
        await ports.mind.start()
        await self.dispatcher.start()
        await self.errands.start()
        if self.periodic is not None:
            await self.periodic.start()
        await self.emojis.load()
        self._tasks = [asyncio.create_task(self._note_use()), asyncio.create_task(self.emojis.keep())]
        if metrics is not None:
            self._tasks.append(asyncio.create_task(metrics.sample_for_ever(db)))

    async def _note_use(self) -> None:
        """Write down which tokens were used today, now and then."""
        while True:
            await asyncio.sleep(NOTE_USE_S)
            with contextlib.suppress(WeftError):
                await self.authenticator.note_use()
                await self.sessions.note_use()

    def _errands(self, codec: EventCodec) -> Errands:
        ports = self.ports
        mail = accounts_jobs.Post(ports.db, ports.mailer, ports.settings)
        pictures = media_jobs.Pictures(ports.db, ports.fetcher, ports.workshop)
        own = frozenset({urlsplit(ports.settings.url).netloc.lower(), ports.settings.domain.lower()})
        previews = previews_jobs.Previews(ports.db, ports.blobs, ports.fetcher, ports.workshop, own)
        leaving = relationships_jobs.Leaving(ports.db)
        runners: dict[type[Event], Run] = {
            MailWanted: mail.deliver,
            InvitationWanted: mail.invite,
            AvatarOffered: pictures.import_avatar,
            PicturesDropped: media_jobs.Dropped(ports.blobs).end,
            AccountStateChanged: leaving.end,
            ExportWanted: ports.works.begin_export,
            ImportWanted: ports.works.begin_import,
            CardWanted: previews.fetch,
            PushWanted: lambda event: self.pusher.deliver(event),
            AnswerWanted: lambda event: self.mentions.answer(event),
            QuotedChanged: lambda event: self.mentions.review(event),
            RequestDecided: lambda event: self.hub_letters.tell(event),
            BudgetReached: BudgetLetters(ports.db, ports.mailer, ports.settings).tell,
        }
        return Errands(ports.db, codec, runners)

    async def _make_application(self, metrics: Metrics | None) -> Application:
        ports, settings = self.ports, self._settings
        context, web = await self._client_api(), await self._pages()
        serving = Serving(
            authenticate=self.authenticator,
            authenticate_cookie=self.sessions.by_cookie,
            admit=ports.admit,
            clock=ports.clock,
            base_url=settings.url,
            trusted_proxies=tuple(ipaddress.ip_network(network) for network in settings.trusted_proxies),
            sockets=sockets_of(context),
            render_error=web.pages.error,
            on_done=metrics.request if metrics is not None else None,
        )
        others = [
            (web_routes.ROUTES, web),
            (media_files.ROUTES, media_files.Files(ports.blobs)),
            (pictures.ROUTES, pictures.Pictures()),
            (portability_routes.ROUTES, ports.portability),
            (hub_routes.ROUTES, web.hub),
            (ledger_routes.ROUTES, Ledger(ports.db, ports.clock)),
            (assistant_routes.ROUTES, self.assistant),
            (admin_routes.ROUTES, admin_routes.Admin(db=ports.db, capabilities=ports.mind.capabilities)),
        ]
        return Application(mastodon_routes.ROUTES, context, serving, others)

    async def _client_api(self) -> Mastodon:
        """The caches and their context; each listens to what makes it untrue."""
        ports, settings, signals = self.ports, self._settings, self.signals
        self.authenticator = Authenticator(ports.db)
        self.sessions = SessionAuthenticator(ports.db, settings.scheme)
        viewers, timelines = Viewers(ports.db, signals), Timelines(ports.db)
        presenter = Presenter(ports.db, settings, ports.clock)
        self.emojis = Emojis(ports.db, presenter)
        self.streams = Streams(ports.db, viewers, ports.clock, limited=settings.limits)
        caches = self.authenticator, self.sessions, viewers, timelines, presenter, self.streams, self.emojis
        for cache in (*caches, ports.nearness, ports.mind):
            cache.listen(signals)
        self._open_assistant(timelines, viewers)
        context = Mastodon(
            settings=settings,
            db=ports.db,
            clock=ports.clock,
            admit=ports.admit,
            signals=signals,
            dispatcher=self.dispatcher,
            blobs=ports.blobs,
            workshop=ports.workshop,
            mailer=ports.mailer,
            fetcher=ports.fetcher,
            passwords=ports.passwords,
            authenticator=self.authenticator,
            sessions=self.sessions,
            viewers=viewers,
            timelines=timelines,
            streams=self.streams,
            presenter=presenter,
            vapid_key=await vapid_public_key(ports.db),
            document=Document(all_routes(), settings),
            census=Census(ports.db, ports.clock),
            assistant=self.assistant if settings.assistant else None,
        )
        signer = Signer(await vapid_private_key(ports.db), settings.url)
        self.pusher = Pusher(context, PushSender(ports.db, ports.fetcher, signer))
        self.streams.start(Outlet(context, notification=notification_body, conversation=conversation_body))
        return context

    def _open_assistant(self, timelines: Timelines, viewers: Viewers) -> None:
        ports, settings = self.ports, self._settings
        own, mind = OwnAccount(ports.db), ports.mind
        tools = Tools(
            db=ports.db,
            context=Context(ports.db, settings.url, own),
            finder=Finder(rank_posts, ports.nearness, mind.meaning),
            abilities=mind.capabilities,
            visits=HomeVisits(ports.db, timelines, viewers),
            writer=mind.writer,
            specials=mind.specials,
            understanding=mind.meaning,
            workshop=ports.workshop,
        )
        on, days = settings.assistant, settings.ai_keep_days
        self.assistant = open_assistant(tools, own, ports.fetcher, on=on, left=mind.left, keep_days=days)
        limits = Limits(settings.max_characters, settings.domain)
        self.mentions = Mentions(self.assistant, ports.admit, limits, elsewhere=settings.ai_answer_elsewhere)

    async def _pages(self) -> Web:
        ports, settings = self.ports, self._settings
        seal = await load_seal(ports.db)
        hub = open_hub(ports.db, ports.shelf, seal, settings.url, record)
        self.hub_letters = HubLetters(ports.db, ports.mailer, hub.links, settings.title)
        return Web(
            settings=settings,
            db=ports.db,
            admit=ports.admit,
            passwords=ports.passwords,
            pages=Pages(settings),
            build=Build(settings.app),
            seal=seal,
            hub=hub,
            oidc=OidcClient(ports.fetcher, ports.clock, settings) if settings.oidc_issuer else None,
        )

    async def drain(self) -> None:
        """Let go of the streams; requests under way still finish."""
        await self.streams.close_all()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.periodic is not None:
            await self.periodic.stop()
        await self.streams.stop()
        await self.errands.stop()
        await self.dispatcher.stop()
        await self.signals.stop()
        await self.ports.close()
        await self.db.close()


def build_worker(settings: Settings, url: str, index: int) -> Worker:
    """What the supervisor runs in each worker process."""
    return Worker(settings, url, index)


def first_lines(settings: Settings, url: str) -> list[str]:
    """What a fresh server tells its operator: the link that makes the owner, until there is one."""

    async def ask() -> str | None:
        db = await open_db(url, Clock(settings.clock_offset), size=1)
        try:
            return await owner_link(db, settings.url)
        finally:
            await db.close()

    link = asyncio.run(ask())
    return [f"Create the owner's account here (this link works once): {link}"] if link else []
