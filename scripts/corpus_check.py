"""Count the demonstration corpus and hold it to what it promises. Prints every count; fails on any shortfall."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import combinations

import numpy as np
from opencc import OpenCC
from sklearn.feature_extraction.text import TfidfVectorizer
from weijing.configs.codebook import Codebook, Value
from weijing.configs.load import load_codebook
from weijing.data.codes import check_codes
from weijing.data.demo import CODES
from weijing.data.demo.corpus import DemoCorpus, demo_hashes, read_demo
from weijing.data.reprints import reprint_groups
from weijing.evaluation.compare import compare

MANIFEST = CODES.with_name("manifest.json")
SHINGLE = 12
NEAREST_ALLOWED = 0.35
"""Cosine of character 2- and 3-gram TF-IDF above which two reports that are no reprints are too alike."""

AT_LEAST = {
    "reports": 750,
    "in scope": 460,
    "near misses": 140,
    "ordinary": 150,
    "procurement documents": 70,
    "in Traditional characters": 50,
    "longer than 800 characters": 120,
    "reprint groups of two or more": 30,
    "writing styles": 8,
    "years from 2012 to 2025": 14,
    "provinces": 31,
}
FUNCTION_AT_LEAST, DEPTH_AT_LEAST = 45, 60

Gold = Mapping[str, Mapping[str, Value]]


def main() -> None:
    """Print counts, neighbours and agreement."""
    codebook = load_codebook()
    corpus = read_demo(codebook)
    gold: dict[str, dict[str, Value]] = defaultdict(dict)
    for code in corpus.gold:
        gold[code.report_id][code.variable] = code.value
    problems = _integrity(corpus, codebook, gold)
    print("counts, of the settled codes")
    for name, found in _counts(corpus, gold).items():
        problems += _hold(name, found, AT_LEAST[name])
    for variable, least in (("functions", FUNCTION_AT_LEAST), ("depth", DEPTH_AT_LEAST), ("near_miss_type", 1)):
        counted = Counter(x for g in gold.values() for x in _each(g.get(variable)))
        labels = codebook.variable(variable).label_ids
        for i, label in enumerate(labels):
            problems += _hold(f"{variable} {label}", counted[i if variable == "depth" else label], least)
    print("\nstyles:", ", ".join(f"{s} {n}" for s, n in Counter(corpus.styles.values()).most_common()))
    problems += _neighbours(corpus)
    _reprints(corpus)
    _agreement(corpus, codebook)
    for problem in problems:
        print("SHORT:", problem)
    print(f"\n{len(problems)} shortfall(s)")
    sys.exit(bool(problems))


def _hold(name: str, found: int, least: int) -> list[str]:
    print(f"  {found:5d}  (at least {least:3d})  {name}")
    return [] if found >= least else [f"{name}: {found}, needs {least}"]


def _each(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list) else [value]


def _integrity(corpus: DemoCorpus, codebook: Codebook, gold: Gold) -> list[str]:
    """The files are the ones of the manifest, the codes keep the codebook, every report is coded three times."""
    problems = [str(p) for p in check_codes(corpus.codes, corpus.reports, codebook)]
    stated = json.loads(MANIFEST.read_text(encoding="utf-8"))["sha256"]
    problems += [
        f"{name} is not the file of the manifest" for name, own in demo_hashes().items() if stated[name] != own
    ]
    coders: dict[str, set[str]] = defaultdict(set)
    for code in corpus.codes:
        if code.coder_kind != "synthetic":
            problems.append(f"code {code.code_id}: coder_kind is {code.coder_kind}")
        if code.purpose != "adjudication" and code.variable == "relevant":
            coders[code.report_id].add(code.coder)
    problems += [f"{r.id} has {len(coders[r.id])} codings, needs 3" for r in corpus.reports if len(coders[r.id]) < 3]
    problems += [f"{r.id} is not settled" for r in corpus.reports if gold[r.id].get("relevant") is None]
    return problems


def _counts(corpus: DemoCorpus, gold: Gold) -> dict[str, int]:
    types = [g.get("near_miss_type") for g in gold.values() if g["relevant"] is False]
    sizes = Counter(r.reprint_group for r in corpus.reports)
    return {
        "reports": len(corpus.reports),
        "in scope": sum(g["relevant"] is True for g in gold.values()),
        "near misses": sum(t not in (None, "none") for t in types),
        "ordinary": types.count("none"),
        "procurement documents": sum(r.doc_type == "procurement" for r in corpus.reports),
        "in Traditional characters": sum(is_traditional(r.text) for r in corpus.reports),
        "longer than 800 characters": sum(len(r.text) > 800 for r in corpus.reports),
        "reprint groups of two or more": sum(n > 1 for n in sizes.values()),
        "writing styles": len(set(corpus.styles.values())),
        "years from 2012 to 2025": len({(r.date or "")[:4] for r in corpus.reports} & set(map(str, range(2012, 2026)))),
        "provinces": len({r.province for r in corpus.reports if r.province} - {"香港", "澳门"}),
    }


def is_traditional(text: str) -> bool:
    """Whether more characters change on the way to Simplified than on the way to Traditional."""
    changed = [sum(a != b for a, b in zip(text, _way(way).convert(text), strict=False)) for way in ("t2s", "s2t")]
    return changed[0] > changed[1]


@cache
def _way(name: str) -> OpenCC:
    return OpenCC(name)


def _neighbours(corpus: DemoCorpus) -> list[str]:
    """Shared strings and nearest neighbours of reports that are no reprints of each other."""
    groups = [r.reprint_group for r in corpus.reports]
    ids = [r.id for r in corpus.reports]
    homes: dict[str, set[int]] = defaultdict(set)
    for i, r in enumerate(corpus.reports):
        text = "".join(r.text.split())
        for start in range(len(text) - SHINGLE + 1):
            homes[text[start : start + SHINGLE]].add(i)
    shared: dict[tuple[int, int], list[str]] = defaultdict(list)
    for string, own in homes.items():
        for a, b in combinations(sorted(own), 2):
            if groups[a] != groups[b]:
                shared[a, b].append(string)
    media = {p: s for p, s in shared.items() if all(corpus.reports[i].doc_type != "procurement" for i in p)}
    print(f"\npairs that share a string of {SHINGLE} characters: {len(shared)}; without procurement forms {len(media)}")
    for (a, b), strings in sorted(media.items(), key=lambda item: -len(item[1]))[:12]:
        print(f"  {ids[a]} {ids[b]}: {len(strings)}, such as {strings[0]!r}")
    matrix = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True).fit_transform(
        [r.text for r in corpus.reports]
    )
    alike = (matrix @ matrix.T).toarray()
    names = np.array(groups)
    alike[names[:, None] == names[None, :]] = 0
    nearest = alike.max(1)
    marks = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
    print("cosine to the nearest neighbour (character 2- and 3-grams, TF-IDF), by quantile")
    print("  " + "  ".join(f"{m:.0%} {q:.3f}" for m, q in zip(marks, np.quantile(nearest, marks), strict=True)))
    print("the nearest")
    for i in np.argsort(-nearest)[:12:2]:
        print(f"  {nearest[i]:.3f}  {ids[i]} {ids[int(alike[i].argmax())]}  {corpus.reports[i].title}")
    return [f"{ids[i]} is too near another ({nearest[i]:.2f})" for i in np.flatnonzero(nearest > NEAREST_ALLOWED)]


def _reprints(corpus: DemoCorpus) -> None:
    """How many of the copies that writers marked the program finds by itself."""
    found = reprint_groups({r.id: r.text for r in corpus.reports})
    marked = [(r.id, r.extra["reprint_of"]) for r in corpus.reports if "reprint_of" in r.extra]
    lost = [pair for pair in marked if found[pair[0]] != found[pair[1]]]
    print(f"\nmarked copies: {len(marked)}; found as reprints: {len(marked) - len(lost)}")
    for copy, original in lost:
        print(f"  not found: {copy} of {original}")


def _agreement(corpus: DemoCorpus, codebook: Codebook) -> None:
    """Alpha of each pair of codings, by variable and label. Synthetic: no evidence of reliability among people."""
    values: dict[str, dict[str, dict[str, Value]]] = defaultdict(lambda: defaultdict(dict))
    for code in corpus.codes:
        if code.purpose != "adjudication":
            values[code.coder][code.report_id][code.variable] = code.value
    clusters = {r.id: r.reprint_group or r.id for r in corpus.reports}
    found = compare(codebook, values, clusters, bootstrap=None)
    pairs = list(combinations(sorted(values), 2))
    print("\nalpha of the codings, pair by pair (one way of thinking: no evidence of human reliability)")
    print(f"  {'':38}" + "".join(f"{a} / {b}".rjust(22) for a, b in pairs))
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for row in found.pairs:
        if row.scope == "asked":
            alpha = "–" if row.alpha.value is None else f"{row.alpha.value:.3f}"
            a, b = sorted((row.coder_a, row.coder_b))
            rows[row.variable, row.label or ""][a, b] = f"{alpha} (n {row.n})"
    for (variable, label), own in rows.items():
        print(f"  {variable + ' ' + label:38}" + "".join(own.get(p, "").rjust(22) for p in pairs))


if __name__ == "__main__":
    main()
