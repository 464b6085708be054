"""A real Label Studio: installed on first use into weijing's cache (a minute or two, 1 GB), then started once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from weijing.annotation.accounts import Account
    from weijing.annotation.client import Client, Connection
    from weijing.annotation.server import Server
    from weijing.data.report import Report
    from weijing.data.study import Study

CODERS = ("coder_a", "coder.b@example.org")
STRAY = {"HOST": "http://example.org", "PORT": "1", "DEBUG": "true", "CI": "true", "USERNAME": "x",
         "DJANGO_DB": "mysql", "LABEL_STUDIO_PORT": "2", "HEARTEX_DEBUG": "1",
         "http_proxy": "http://127.0.0.1:9"}  # fmt: skip


def make_study(root: Path, **annotation: Any) -> Study:
    """A study with these settings of annotation."""
    from weijing.data.study import Study

    Study.create(root)
    settings = root / "weijing.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("annotation: {}", f"annotation: {json.dumps(annotation)}"), "utf-8"
    )
    return Study.open(root)


@dataclass
class Running:
    study: Study
    server: Server
    accounts: dict[str, Account]

    @property
    def connection(self) -> Connection:
        from weijing.annotation.client import Connection

        return Connection.of_study(self.study)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pytest.importorskip("label_studio_sdk")
    from weijing.annotation.accounts import ensure_accounts
    from weijing.annotation.client import Connection
    from weijing.annotation.server import down, up

    study = make_study(tmp_path_factory.mktemp("live") / "study", coders=CODERS)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in STRAY.items():
            patch.setenv(name, value)
        server = up(study)
        accounts = ensure_accounts(study, Connection(server.url, server.token))
    yield Running(study, server, accounts)
    down(study)


@pytest.fixture
def client(live: Running) -> Client:
    from weijing.annotation.client import Client
    from weijing.annotation.server import up

    live.server = up(live.study)
    return Client(live.connection)


@pytest.fixture(scope="session")
def personal_token(live: Running) -> str:
    """The administrator's personal access token, of which Label Studio gives one at a time."""
    from weijing.annotation.client import Client

    return str(Client(live.connection)._sdk.tokens.create().token)


@dataclass
class There:
    """A study whose Label Studio is the live one, as if that were somebody else's, with a round 1 planned."""

    study: Study
    client: Client
    users: dict[str, int]
    """Coder → user number."""

    def project(self, coder: str, predictions: bool = False) -> int:
        from weijing.annotation.projects import Room, study_id

        found = self.client.find_project(Room(1, coder, predictions).marker(study_id(self.study)))
        assert found is not None
        return found


@pytest.fixture
def there(live: Running, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., There]:
    """Makes such a study of reports and assignments (coder → report ids, or (coder, blind) → them)."""
    from dataclasses import asdict

    from weijing.annotation.accounts import email_of, ensure_accounts
    from weijing.annotation.client import KEY
    from weijing.annotation.plan import PLAN, SCHEMA, Assignment
    from weijing.data.design import draw_design, write_design
    from weijing.data.report import write_corpus
    from weijing.data.tables import write_rows

    monkeypatch.setenv(KEY, live.server.token)

    def make(reports: Sequence[Report], assigned: Mapping[str, Sequence[str]], blind: bool = True) -> There:
        study = make_study(tmp_path / "study", url=live.server.url, coders=sorted(assigned))
        write_corpus(study.corpus_path, reports)
        write_design(study.design_path, draw_design({r.id: r.reprint_group or r.id for r in reports}, 1, 0.0))
        plan = [Assignment(1, r, coder, "train", blind) for coder, ids in assigned.items() for r in ids]
        write_rows(study.root / PLAN, [asdict(a) for a in plan], SCHEMA)
        ensure_accounts(study, live.connection)
        members = client.members()
        return There(study, client, {coder: members[email_of(coder)] for coder in assigned})

    return make
