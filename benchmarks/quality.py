"""How well coders learn from the demonstration corpus, by nested cross-validation.

Outer folds hold out whole writing styles, and with them every reprint of their reports; settings are chosen inside the
rest. So a coder is scored on styles that nothing of it has seen. Every fold of every arm is written when it is done,
and kept: the same command again goes on from there.

    python benchmarks/quality.py                 all arms
    python benchmarks/quality.py --arms frozen   some

The corpus is synthetic: these figures compare methods. They say nothing of how well a coder does on real reports.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from weijing.configs.codebook import Codebook, Value
from weijing.configs.load import codebook_hash, load_codebook
from weijing.configs.settings import TrainingSettings, read_settings
from weijing.data.artifacts import sha256_file, text_hash
from weijing.data.demo.corpus import demo_hashes, read_demo
from weijing.data.passages import PASSAGES
from weijing.data.sentences import sentence_spans
from weijing.evaluation.bootstrap import ClusterBootstrap
from weijing.evaluation.calibration import calibration_error
from weijing.evaluation.compare import compare
from weijing.evaluation.estimate import Estimate
from weijing.evaluation.ratings import cluster_vector
from weijing.models.coding import EVIDENCE_LEAST, Coder, Coding
from weijing.models.encoders import ADAPTED, EMBEDDED, load_encoder
from weijing.models.heads import Slots
from weijing.training.baseline import NAME as BASELINE
from weijing.training.baseline import baseline_codes
from weijing.training.passages import passage_examples
from weijing.training.targets import Example, build_examples
from weijing.training.train import Trained, train

FOLDS = 5
SEED = 20251123
INNER: tuple[dict[str, Any], ...] = ({}, {"dropout": 0.3})
"""What is chosen among, inside each outer fold, for frozen coders."""
BASELINES = {BASELINE: False, f"{BASELINE}, with passages": True}
"""Whether a baseline learns from the passages too."""
ARMS: dict[str, dict[str, Any]] = {
    **{name: {} for name in BASELINES},
    "frozen": {},
    "finetune": {"regime": "finetune", "epochs": 3},
    "frozen, no passages": {"passages": 0.0},
    "frozen, plain encoder": {"encoder": {"name": EMBEDDED}},
    "frozen, neither": {"passages": 0.0, "encoder": {"name": EMBEDDED}},
    "frozen, last layer only": {"encoder": {"layers": [-1]}},
    "frozen, no altered copies": {"augment": 0.0},
    "frozen, no evidence": {"evidence_weight": 0.0},
}
"""An arm's settings, over those chosen inside; those after ``finetune`` take a lever away.

``finetune`` goes over an encoder that has learned from the passages already: half of its usual epochs."""
PROBED = 30
"""Reports of a fold whose evidence is taken out and put back."""


def main() -> None:
    """Run what is missing, print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("build/quality"))
    arguments.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS), metavar="ARM")
    arguments.add_argument("--folds", nargs="*", type=int, default=list(range(FOLDS)))
    arguments.add_argument("--table", action="store_true", help="only print what is there")
    given = arguments.parse_args()
    if any(arm.startswith("frozen,") for arm in given.arms) and "frozen" not in given.arms:
        given.arms = ["frozen", *given.arms]  # whose choice of settings the others take over

    codebook = load_codebook()
    corpus = read_demo(codebook)
    examples = build_examples(corpus.reports, corpus.gold, corpus.codes, codebook)
    fold_of = style_folds(corpus.styles, [e.report_id for e in examples])
    print(f"{len(examples)} reports; styles held out together:")
    for fold in range(FOLDS):
        own = [s for s, f in fold_of.items() if f == fold]
        print(f"  fold {fold}: {sum(corpus.styles[e.report_id] in own for e in examples):3d} reports, {', '.join(own)}")
    learned_by_all = [demo_hashes(), codebook_hash(codebook), sha256_file(PASSAGES), load_encoder(ADAPTED).content_hash]
    made_from = text_hash(json.dumps([*learned_by_all, FOLDS, SEED, INNER, EVIDENCE_LEAST]))

    def place(fold: int, arm: str) -> Path:
        # By all settings, those that nobody changed too: a result of other defaults is none of this run.
        settings = "" if arm in BASELINES else _settings(ARMS[arm]).model_dump_json()
        return given.out / f"{made_from}-{fold}-{text_hash(arm + settings)}.json"

    for fold in () if given.table else given.folds:
        for arm in given.arms:
            if place(fold, arm).exists():
                continue
            started = time.perf_counter()
            # An arm with a lever less has the settings chosen with all of them.
            with_all = place(fold, "frozen")
            chosen = json.loads(with_all.read_text(encoding="utf-8"))["chosen"] if with_all.exists() else None
            # Checkpoints by all that the result is kept by: those of other settings are no beginning of this run.
            work = place(fold, arm).with_suffix("")
            found = run(arm, fold, examples, fold_of, corpus.styles, codebook, given.out, chosen, work)
            found["seconds"] = round(time.perf_counter() - started)
            given.out.mkdir(parents=True, exist_ok=True)
            place(fold, arm).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
            print(f"  fold {fold}, {arm}: {found['seconds']} s {found.get('chosen', '')}", flush=True)
    results = {}
    for arm in given.arms:
        done = [place(fold, arm) for fold in range(FOLDS) if place(fold, arm).exists()]
        results[arm] = [json.loads(path.read_text(encoding="utf-8")) for path in done]
    tables(codebook, examples, {arm: own for arm, own in results.items() if own})


def style_folds(styles: Mapping[str, str], ids: Sequence[str]) -> dict[str, int]:
    """Outer fold of each style: the largest first, each to the fold that holds fewest reports so far."""
    sizes = Counter(styles[report] for report in ids)
    fill = [0] * FOLDS
    folds = {}
    for style in sorted(sizes, key=lambda s: (-sizes[s], s)):
        folds[style] = fill.index(min(fill))
        fill[folds[style]] += sizes[style]
    return folds


def run(
    arm: str,
    fold: int,
    examples: Sequence[Example],
    fold_of: Mapping[str, int],
    styles: Mapping[str, str],
    codebook: Codebook,
    out: Path,
    chosen: dict[str, Any] | None = None,
    work: Path | None = None,
) -> dict[str, Any]:
    """Train an arm without one outer fold, code that fold.

    ``chosen``: settings that were chosen inside already; ``work``: checkpoints of an interrupted finetuning.
    """
    test = [e for e in examples if fold_of[styles[e.report_id]] == fold]
    held = {e.group for e in test}
    learn = [e for e in examples if fold_of[styles[e.report_id]] != fold and e.group not in held]
    texts = [e.text for e in test]
    changes = ARMS[arm]
    if arm in BASELINES:
        values = baseline_codes(codebook, [*learn, *(passage_examples(codebook) if BASELINES[arm] else ())], texts)
        return {"reports": [{"id": e.report_id, "values": v} for e, v in zip(test, values, strict=True)]}

    def trained_with(tried: dict[str, Any]) -> Trained:
        return train(codebook, learn, _settings({**tried, **changes}), cache=out / "cache", workdir=work)

    if changes.get("regime") == "finetune":
        chosen = {}
    if chosen is None:
        inner = [trained_with(tried) for tried in INNER]
        best = int(np.argmax([likelihood(codebook, learn, found.unseen) for found in inner]))
        chosen, trained = INNER[best], inner[best]
    else:
        trained = trained_with(chosen)
    codings = trained.coder.code(texts)
    probes = probe(trained.coder, test, codings) if arm in ("frozen", "finetune") else []
    return {
        "chosen": chosen,
        "reports": [{"id": e.report_id, **asdict(c)} for e, c in zip(test, codings, strict=True)],
        "probes": probes,
    }


def _settings(changes: dict[str, Any]) -> TrainingSettings:
    return read_settings({"seed": SEED, "folds": 3, **changes})


def likelihood(codebook: Codebook, examples: Sequence[Example], codings: Mapping[str, Coding]) -> float:
    """Mean log-probability of the settled codes."""
    total = 0.0
    for e in examples:
        probs = codings[e.report_id].probs
        for name, value in e.gold.items():
            for p in _of_truth(codebook, name, value, probs[name]):
                total += float(np.log(max(p, 1e-6)))
    return total / len(examples)


def _of_truth(codebook: Codebook, name: str, value: Value, probs: Any) -> Iterator[float]:
    if isinstance(value, list):
        yield from (p if label in value else 1 - p for label, p in probs.items())
    elif codebook.variable(name).type == "binary":
        yield probs if value else 1 - probs
    else:
        yield probs[value]


def probe(coder: Coder, test: Sequence[Example], codings: Sequence[Coding]) -> list[dict[str, Any]]:
    """What becomes of a function's probability without its evidence, without other sentences, with evidence alone.

    Comprehensiveness and sufficiency: DeYoung et al. 2020 (ERASER), section 4.2.
    """
    rng = np.random.default_rng(SEED)
    asked: list[tuple[str, str, float]] = []
    texts: list[str] = []
    shown = [(e, c) for e, c in zip(test, codings, strict=True) if c.values.get("functions")]
    for i in rng.permutation(len(shown))[:PROBED]:
        e, c = shown[i]
        spans = sentence_spans(e.text)
        for label in c.values["functions"] or ():  # type: ignore[union-attr]
            own = {(x.start, x.end) for x in c.evidence if x.variable == "functions" and x.value == label}
            evidence = [s for s in spans if any(x[0] is not None and x[0] < s[1] and s[0] < x[1] for x in own)]  # type: ignore[operator]
            others = [s for s in spans if s not in evidence]
            if not evidence or len(others) < len(evidence):
                continue
            gone = [others[j] for j in rng.choice(len(others), len(evidence), replace=False)]
            asked.append((e.report_id, str(label), c.probs["functions"][label]))  # type: ignore[index, call-overload]
            texts += [_without(e.text, spans, evidence), _without(e.text, spans, gone), _without(e.text, spans, others)]
    probs = [c.probs["functions"] for c in coder.code(texts)]
    return [
        {
            "id": report,
            "label": label,
            "full": full,
            "without_evidence": probs[3 * i][label],  # type: ignore[index, call-overload]
            "without_random": probs[3 * i + 1][label],  # type: ignore[index, call-overload]
            "evidence_alone": probs[3 * i + 2][label],  # type: ignore[index, call-overload]
        }
        for i, (report, label, full) in enumerate(asked)
    ]


def _without(text: str, spans: Sequence[tuple[int, int]], gone: Sequence[tuple[int, int]]) -> str:
    return "".join(text[a:b] for a, b in spans if (a, b) not in gone)


def tables(codebook: Codebook, examples: Sequence[Example], results: Mapping[str, list[dict[str, Any]]]) -> None:
    """Print quality, calibration and evidence of the arms, each on the folds it has."""
    bootstrap = ClusterBootstrap(1000)
    by_id = {e.report_id: e for e in examples}
    print(
        f"\n{'':30}{'n':>5} {'functions macro-F1':>22} {'where asked':>12} {'mean alpha':>20} {'depth alpha':>20}",
        end="",
    )
    print(f" {'recall':>20} {'specificity':>20}")
    for arm, folds in results.items():
        rows = {r["id"]: r["values"] for f in folds for r in f["reports"]}
        seen = {i: by_id[i] for i in rows}
        found = compare(
            codebook,
            {"gold": {i: e.gold for i, e in seen.items()}, "coder": rows},
            {i: e.group for i, e in seen.items()},
            reference="gold",
            bootstrap=bootstrap,
        )
        f1 = {r.scope: r.f1 for r in found.scores if r.variable == "functions" and r.average == "macro"}
        alpha = next(r.alpha for r in found.pairs if (r.variable, r.scope, r.label) == ("functions", "all", None))
        depth = next(r.alpha for r in found.pairs if r.variable == "depth")
        gate = next(r for r in found.scores if r.variable == "relevant")
        cells = [
            _shown(f1["all"]),
            f"{f1['asked'].value:.3f}",
            *map(_shown, (alpha, depth, gate.recall, gate.specificity)),
        ]
        widths = (22, 12, 20, 20, 20, 20)
        print(f"{arm:30}{len(rows):5d} " + " ".join(c.rjust(w) for c, w in zip(cells, widths, strict=True)))
    for arm in ("frozen", "finetune"):
        if arm in results:
            _labels(codebook, by_id, results[arm], arm, bootstrap)


def _shown(found: Estimate | None) -> str:
    if found is None or found.value is None:
        return "–"
    return f"{found.value:.3f} [{found.low:.2f}, {found.high:.2f}]" if found.low is not None else f"{found.value:.3f}"


def _labels(
    codebook: Codebook,
    by_id: Mapping[str, Example],
    folds: Sequence[dict[str, Any]],
    arm: str,
    bootstrap: ClusterBootstrap,
) -> None:
    """Calibration error by label, and how far the evidence shown is that of the coders, and matters."""
    reports = [r for f in folds for r in f["reports"]]
    slots = Slots.of(codebook)
    print(f"\n{arm}: calibration error by label (ten bins of equal width), F1")
    for name, label, position in [
        ("relevant", "relevant", None),
        *(("functions", x, i) for i, x in enumerate(codebook.variable("functions").label_ids)),
        *(("depth", f"depth > {k}", k) for k in range(4)),
    ]:
        own = [r for r in reports if by_id[r["id"]].gold.get(name) is not None]
        groups = cluster_vector([r["id"] for r in own], {r["id"]: by_id[r["id"]].group for r in own})
        golds = [by_id[r["id"]].gold[name] for r in own]
        if name == "relevant":
            p, y = [r["probs"][name] for r in own], golds
        elif name == "functions":
            p, y = [r["probs"][name][label] for r in own], [label in g for g in golds]  # type: ignore[operator]
        else:
            p = [sum(r["probs"][name][position + 1 :]) for r in own]  # type: ignore[operator]
            y = [g > position for g in golds]  # type: ignore[operator]
        error = calibration_error(np.clip(np.array(p, dtype=float), 0, 1), np.array(y, dtype=bool), groups, bootstrap)
        print(f"  {label:26} n {len(own):4d}  {_shown(error)}")
    hits: dict[str, list[bool]] = defaultdict(list)
    for r in reports:
        e = by_id[r["id"]]
        for shown in r["evidence"]:
            name, value = shown["variable"], shown["value"]
            if shown["start"] is None:
                continue
            labels = codebook.variable(name).label_ids if codebook.variable(name).type == "multi" else []
            slot = slots.of_variable(name).start + (labels.index(value) if labels else 0)
            truth = e.gold.get(name)
            right = value in truth if isinstance(truth, list) else str(truth).lower() == value
            if right and slot in e.evidence:
                hits[name].append(any(a < shown["end"] and shown["start"] < b for a, b in e.evidence[slot]))
    print(f"{arm}: share of the sentences shown for right codes that overlap the coders' spans")
    for name, own in hits.items():
        print(f"  {name:12} {np.mean(own):.3f}  (n {len(own)})")
    probes = [p for f in folds for p in f["probes"]]
    if probes:
        full, gone, other, alone = (
            np.array([p[k] for p in probes]) for k in ("full", "without_evidence", "without_random", "evidence_alone")
        )
        print(f"{arm}: {len(probes)} codes of functions: probability {full.mean():.3f}")
        print(f"  comprehensiveness {np.mean(full - gone):.3f}; without random sentences {np.mean(full - other):.3f}")
        print(f"  sufficiency {np.mean(full - alone):.3f}")


if __name__ == "__main__":
    main()
