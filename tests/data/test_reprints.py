import random

import pytest
from weijing.data.hanzi import FREQUENT_SIMPLIFIED
from weijing.data.reprints import bare_text, extend_groups, reprint_groups, same_story, shingles_of

CHARS = sorted(FREQUENT_SIMPLIFIED)


def story(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(CHARS, k=length))


def edited(chance: random.Random, text: str, share: float) -> str:
    chars = list(text)
    for _ in range(int(share * len(chars))):
        place = chance.randrange(len(chars))
        chars[place : place + chance.choice((0, 1))] = chance.choices(CHARS, k=chance.choice((0, 1, 1)))
    return "".join(chars)


def brute_force(texts: dict[str, str], threshold: float) -> set[frozenset[str]]:
    bare = {i: bare_text(t) for i, t in texts.items()}
    grams = {i: {b[k : k + 5] for k in range(max(1, len(b) - 4))} if b else set() for i, b in bare.items()}
    group = {i: {i} for i in texts}
    for one in texts:
        for other in texts:
            a, b = grams[one], grams[other]
            shared, shorter = len(a & b), min(len(bare[one]), len(bare[other]))
            if not (a and b):
                continue
            jaccard, contained = shared / len(a | b), shared / min(len(a), len(b))
            if jaccard >= threshold or (shorter >= 60 and contained >= 0.85):
                merged = group[one] | group[other]
                for member in merged:
                    group[member] = merged
    return {frozenset(g) for g in group.values()}


@pytest.mark.parametrize("seed", range(6))
def test_as_brute_force_on_random_edits(seed: int) -> None:
    chance = random.Random(seed)
    formula = story(chance, 40)
    texts: dict[str, str] = {}
    for n in range(25):
        text = formula + story(chance, chance.randint(20, 500))
        texts[f"s{n:02}"] = text
        for k in range(chance.randint(0, 4)):
            cut = text[: chance.randint(30, len(text))] if chance.random() < 0.4 else text
            texts[f"{chance.randint(0, 99):02}-{n}-{k}"] = edited(chance, cut, chance.choice((0, 0.01, 0.03, 0.08)))
    found = reprint_groups(texts)
    classes: dict[str, set[str]] = {}
    for report_id, group in found.items():
        classes.setdefault(group, set()).add(report_id)
    assert {frozenset(c) for c in classes.values()} == brute_force(texts, 0.55)
    assert all(group == min(members) for group, members in classes.items())
    items = list(texts.items())
    chance.shuffle(items)
    assert reprint_groups(dict(items)) == found


def test_script_blanks_and_punctuation_do_not_matter() -> None:
    one = "派出所民警通过微信群发布防骗提醒，居民纷纷点赞。"
    other = "派出所民警通過微信群發布防騙提醒\n　　居民紛紛點贊"
    assert set(reprint_groups({"b": one, "a": other}).values()) == {"a"}


def test_short_and_empty_texts() -> None:
    assert reprint_groups({}) == {}
    assert reprint_groups({"a": "", "b": "……", "c": "微信", "d": "微信。"}) == {
        "a": "a",
        "b": "b",
        "c": "c",
        "d": "c",
    }
    chance = random.Random(1)
    text = story(chance, 300)
    assert len(set(reprint_groups({"long": text, "short": text[:50]}).values())) == 2
    assert len(set(reprint_groups({"long": text, "short": text[:70]}).values())) == 1


def test_the_exact_test_at_its_threshold() -> None:
    one, other = shingles_of("一二三四五六七八九十甲"), shingles_of("一二三四五六七八九十乙")
    assert same_story(one, other, 11, 6 / 8)
    assert not same_story(one, other, 11, 0.76)
    assert not same_story(one, shingles_of(""), 0)


def test_a_story_of_many_reprints_is_one_group() -> None:
    chance = random.Random(2)
    text = story(chance, 200)
    texts = {f"r{n:03}": edited(chance, text, 0.01) for n in range(150)}
    assert set(reprint_groups(texts).values()) == {"r000"}


def test_known_groups_stay() -> None:
    chance = random.Random(3)
    one, two = story(chance, 200), story(chance, 200)
    texts = {"m": one, "n": two}
    known = reprint_groups(texts)
    both = {**texts, "a": one, "b": one + two, "c": story(chance, 100)}
    groups, linked = extend_groups(both, known, rank={"n": 0, "m": 1})
    assert (groups["m"], groups["n"], groups["c"]) == ("m", "n", "c")
    assert groups["a"] == groups["b"] == "n", "linked by b; n has the lower rank"
    assert linked == [("n", "m")]
    assert extend_groups(texts, known) == (known, [])
