"""Runs the comparisons and prints their tables; every figure comes from one run, the sites taking turns."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import typer
from sqlalchemy import create_engine
from tqdm import tqdm

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.ops.migrate import migrate
from tests.benchmarks.data import COMPANIES, fill
from tests.benchmarks.databases import postgresql
from tests.benchmarks.editing import FORMS, filled, opened, statements_of_a_save
from tests.benchmarks.paths import NAMES, PAGES, paths_of
from tests.benchmarks.servers import PASSWORD, Client, Served, served
from tests.benchmarks.sign_in import identity_costs, people, rush
from tests.factories import make_user

SLOW = 0.5  # seconds: a page that takes longer is asked for five times only

FILTERING = {
    f"the filter by one of {COMPANIES:,} companies": "/admin/person/filters?%3Afield=company",
    "the list filtered by one": "/admin/person/list?company=7",
}
"""Pages about a relation to many records, of which none may show them all."""

Times = Mapping[tuple[str, str], Sequence[float]]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def lists(
    people: list[int] = typer.Option([10_000, 1_000_000], help="How many rows; repeat it for several."),
    rounds: int = typer.Option(25, help="How often each page is asked for."),
    peers: bool = typer.Option(True, help="Ask the other admins too."),
) -> None:
    """Compare the pages of a list: 100 rows x 8 columns with one related name."""
    for number in people:
        with _database(number) as (url, has_trigrams), ExitStack() as stack:
            names = [name for name in NAMES if peers or name in ("floor", "ours")]
            sites = [stack.enter_context(served(name, url)) for name in names]
            _print_lists(number, has_trigrams, sites, _times(sites, number, rounds))


@app.command()
def throughput(
    people: int = 10_000, seconds: float = typer.Option(4.0, help="How long each site is asked, three times.")
) -> None:
    """Compare the requests per second of one process: four people who ask for the list all the time."""
    with _database(people) as (url, _), ExitStack() as stack:
        sites = [stack.enter_context(served(name, url)) for name in NAMES]
        rates: dict[str, list[float]] = {site.name: [] for site in sites}
        for site in sites * 3:
            rates[site.name].append(_rate(site, paths_of(site.name, people)["list"], seconds))
        medians = {name: statistics.median(each) for name, each in rates.items()}
        for name, rate in medians.items():
            beside = rate / medians["sqladmin_site"]
            typer.echo(f"{NAMES[name]:<16} {rate:7.1f} requests/s {beside:7.2f} x SQLAdmin")


@app.command()
def export(people: int = 1_000_000) -> None:
    """Compare the export of a table with a server-side cursor and csv.writer written by hand."""
    with _database(people) as (url, _), served("floor", url) as floor, served("ours", url) as ours:
        ours.client.get(paths_of("ours", people)["list"])
        before = ours.peak_memory
        with _waits(ours) as waits:
            taken = ours.client.get("/admin/person/export/csv")
        grown = ours.peak_memory - before
        hand = floor.client.get("/people.csv")
        for answer in (taken, hand):
            assert answer.body.count(b"\n") >= people, answer.body[:500]
        typer.echo(f"{people:,} rows x 8 columns as CSV")
        typer.echo(f"by hand        {people / hand.seconds:10,.0f} rows/s")
        typer.echo(f"this admin     {people / taken.seconds:10,.0f} rows/s")
        typer.echo(f"               {hand.seconds / taken.seconds:10.2f} x the speed by hand")
        typer.echo(f"first byte     {taken.first:10.3f} s")
        typer.echo(f"memory grew    {grown / 2**20:10.1f} MB")
        typer.echo(f"others waited  {statistics.median(waits) * 1000:10.1f} ms (median)")
        typer.echo(f"               {max(waits) * 1000:10.1f} ms (longest)")


@app.command()
def editing(
    targets: int = typer.Option(1_000_000, help="Rows of the table that a relation leads to."),
    children: int = typer.Option(100_000, help="Records that belong to the one that is edited."),
    rounds: int = typer.Option(50, help="How often each form is asked for."),
) -> None:
    """Compare forms beside large tables with the same forms on an empty database."""
    with ExitStack() as stack:
        urls = [stack.enter_context(filled(targets, children)), stack.enter_context(filled(1, 0))]
        sites = [stack.enter_context(served("editing", url)) for url in urls]
        found = opened(sites, rounds)
        statements = statements_of_a_save(urls[0])
    typer.echo(f"{'form of a record with':<32}{'kilobytes':>11}{'ms':>8}{'empty: ms':>12}{'ratio':>8}")
    for name, path in FORMS.items():
        (seconds, size), (empty, _) = found[0, path], found[1, path]
        label, ratio = name.format(targets=targets, children=children), seconds / empty
        times = f"{seconds * 1000:>8.1f}{empty * 1000:>12.1f}{ratio:>8.2f}"
        typer.echo(f"{label:<32}{size / 1000:>11.1f}{times}")
    typer.echo(f"a save of one changed field, with its history: {len(statements)} statements")


@app.command(name="sign-in")
def sign_in(
    number: int = typer.Option(50, help="How many sign in at once."),
    rounds: int = typer.Option(200, help="How often it is asked who somebody is."),
) -> None:
    """Measure a rush at the entrance with real hashes, and the cost of knowing who asks."""
    with people(number) as url:
        with served("ours", url) as site:
            result = rush(site, number)
        costs = identity_costs(url, rounds)
    let_in = result.statuses.count(303)
    typer.echo(f"{let_in} of {number} signed in at once, in {result.seconds:.1f} s")
    longest = max(result.health) * 1000
    typer.echo(f"/healthz meanwhile: {result.p95 * 1000:.1f} ms (95 of 100), {longest:.1f} ms (longest)")
    for who, milliseconds in costs.items():
        typer.echo(f"{who:<48}{milliseconds:>8.2f} ms")


@contextmanager
def _database(people: int) -> Iterator[tuple[str, bool]]:
    """Yield the URL of a filled database, and whether its searched columns have trigram indexes."""
    with postgresql() as url:
        settings = Settings(_env_file=None, database_url=url)
        migrate(settings)
        with Database(url) as database, database.session() as session:
            make_user(session, user_name="ada", password=PASSWORD, is_superuser=True)
        engine = create_engine(settings.sqlalchemy_url)
        has_trigrams = fill(engine, people)
        engine.dispose()
        yield url, has_trigrams


def _times(sites: Sequence[Served], people: int, rounds: int) -> Times:
    """Return the seconds of each page of each site; within a round the sites take turns."""
    found: dict[tuple[str, str], list[float]] = {}
    asked = [(site, page, path) for site in sites for page, path in paths_of(site.name, people).items()]
    for number in tqdm(range(rounds + 1), unit="round", leave=False):
        for site, page, path in asked:
            taken = found.setdefault((site.name, page), [])
            if len(taken) >= 5 and statistics.median(taken) > SLOW:
                continue
            answer = site.client.get(path)
            assert answer.status == 200, (site.name, path, answer.status, answer.body[:2000])
            if number:  # the first round warms up
                taken.append(answer.seconds)
    return found


def _rate(site: Served, path: str, seconds: float) -> float:
    end = time.perf_counter() + seconds
    counts: list[int] = []

    def ask() -> None:
        client, count = Client(site.client.port, dict(site.client.cookies)), 0
        while time.perf_counter() < end:
            client.get(path)
            count += 1
        counts.append(count)

    threads = [Thread(target=ask) for _ in range(4)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


@contextmanager
def _waits(site: Served) -> Iterator[list[float]]:
    """Ask for a small page all the while, and yield how much longer it took than it takes alone."""
    client = Client(site.client.port, dict(site.client.cookies))
    path = "/admin/company/details/1"
    alone = statistics.median(client.get(path).seconds for _ in range(20))
    stop, waits = Event(), []

    def ask() -> None:
        while not stop.is_set():
            waits.append(client.get(path).seconds - alone)
            time.sleep(0.02)

    thread = Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _print_lists(people: int, has_trigrams: bool, sites: Sequence[Served], times: Times) -> None:
    floor = statistics.median(times["floor", "list"])
    indexes = "with trigram indexes" if has_trigrams else "without trigram indexes: no pg_trgm here"
    typer.echo(f"\n{people:,} rows, {indexes}; the page by hand took {floor * 1000:.2f} ms")
    others = [site for site in sites if site.name != "floor"]
    typer.echo(f"{'x by hand':<16}" + "".join(f"{NAMES[site.name]:>17}" for site in others))
    for page in PAGES:
        ratios = (statistics.median(times[site.name, page]) / floor for site in others)
        typer.echo(f"{page:<16}" + "".join(f"{ratio:>17.1f}" for ratio in ratios))
    sizes = (len(site.client.get(paths_of(site.name, people)["list"]).body) / 1000 for site in others)
    typer.echo(f"{'kilobytes':<16}" + "".join(f"{size:>17.1f}" for size in sizes))
    ours = next(site for site in sites if site.name == "ours")
    for what, path in FILTERING.items():
        typer.echo(f"{what}: {len(ours.client.get(path).body) / 1000:.1f} kilobytes")


if __name__ == "__main__":
    app()
