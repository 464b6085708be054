"""Two rounds of active learning against a real server: select, plan, push, code, pull, train, and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from weijing.annotation.accounts import email_of, ensure_accounts
from weijing.annotation.client import KEY, Client
from weijing.annotation.plan import plan_study
from weijing.annotation.projects import Room, study_id
from weijing.annotation.pull import pull
from weijing.annotation.push import push
from weijing.annotation.select import select
from weijing.annotation.tasks import result_of
from weijing.configs.codebook import Codebook
from weijing.data.codes import read_codes
from weijing.data.demo.corpus import read_demo
from weijing.data.design import draw_design, read_design, write_design
from weijing.data.report import write_corpus
from weijing.data.study import SETTINGS
from weijing.models.coding import Coder
from weijing.training.study import train_study

from .conftest import CODERS, Running, make_study

pytest.importorskip("label_studio_sdk")
pytestmark = pytest.mark.slow

ROUND = 40
POOL, KEPT = 160, 40


def test_two_rounds_of_active_learning(
    live: Running, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled: Codebook
) -> None:
    monkeypatch.setenv(KEY, live.server.token)
    demo = read_demo(bundled)
    drawn = [demo.reports[i] for i in np.random.default_rng(0).permutation(len(demo.reports))]
    pool = drawn[:POOL]
    kept = [r for r in drawn[POOL:] if r.reprint_group not in {p.reprint_group for p in pool}][:KEPT]
    study = make_study(tmp_path / "study", url=live.server.url, coders=CODERS)
    settings = yaml.safe_load((study.root / SETTINGS).read_text("utf-8"))
    settings["training"] = {"passages": 0.0, "epochs": 15, "folds": 3, "augment": 0.0}
    (study.root / SETTINGS).write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    study = type(study).open(study.root)
    write_corpus(study.corpus_path, pool)
    write_design(study.design_path, draw_design({r.id: r.reprint_group or r.id for r in pool}, 1, 0.1))
    ensure_accounts(study, live.connection)
    users = client.members()
    given = {(c.coder, c.report_id): [] for c in demo.codes}
    for code in demo.codes:
        given[code.coder, code.report_id].append(code)
    in_scope = {c.report_id: c.value for c in demo.gold if c.variable == "relevant"}

    offered: set[str] = set()
    curve = []
    for number in (1, 2):
        selection = select(study, ROUND)
        assert selection.round == number
        ids = {offer.report_id for offer in selection.offers}
        assert len(ids) == ROUND
        assert not ids & offered, "a report is offered once"
        strategies = {offer.strategy for offer in selection.offers}
        assert ("uncertainty" in strategies) == (number == 2), "only a trained model is unsure"
        assert all(offer.reason.zh and offer.reason.en for offer in selection.offers)
        offered |= ids

        assigned = plan_study(study, CODERS, number, overlap=0.25)
        pushed = push(study, number)
        assert sum(project.tasks for project in pushed.projects) == len(assigned) == ROUND * 5 // 4
        for coder in CODERS:
            project = client.find_project(Room(number, coder).marker(study_id(study)))
            assert project is not None
            for report_id, task in client.task_ids(project).items():
                # Two blind codings of the demonstration corpus stand for the two coders.
                codes = given["coder_a" if coder == CODERS[0] else "coder_b", report_id]
                client.annotate(task, result_of(codes, bundled), users[email_of(coder)])
        pulled = pull(study)
        assert pulled.to_mend == ()
        assert {c.report_id for c in read_codes(study.codes_path)} == offered

        trained = train_study(study)
        assert not trained.reused
        codings = Coder.load(study.model_path).code([r.text for r in kept])
        right = [c.values["relevant"] == in_scope[r.id] for r, c in zip(kept, codings, strict=True)]
        curve.append((len(offered), float(np.mean(right))))

    sealed = {row.reprint_group for row in read_design(study.design_path) if row.purpose == "sealed"}
    groups = [r.reprint_group or r.id for r in pool if r.id in offered]
    assert sealed
    assert not sealed & {*groups}
    assert len(groups) == len({*groups}), "one report of each reprint group"
    print(f"\nlearning curve, {len(kept)} other reports (synthetic):")
    for n, accuracy in curve:
        print(f"  {n:3d} reports coded: relevance right in {accuracy:.0%}")
    assert curve[-1][1] > 0.5
