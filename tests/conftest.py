"""A random encoder small enough for tests, and a toy study of the second codebook that it can learn."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test may reach for the hub: what is not here is an error at once.
os.environ["HF_HUB_OFFLINE"] = "1"

STRIKES = Path(__file__).parent / "codebooks" / "strikes.yaml"

FILLER = (
    "今天下午天气晴朗。", "市里召开了一次会议。", "公园里的花已经开了。", "记者在现场看到很多人。",
    "当地气温有所下降。", "图书馆新到了一批书。", "这条路正在修整。", "晚上有一场足球比赛。",
)  # fmt: skip
PROTEST = "工人集体拉起横幅抗议。"
CLAIMS = {
    "wage_arrears": "他们讨要拖欠的血汗钱。",
    "pay_rise": "大家盼望提高月薪标准。",
    "layoff_terms": "遣散补偿方案谈不拢。",
    "plant_occupation": "众人守住车间接管机器。",
}
SECTORS = {"building": "事发建筑工地塔吊旁。", "factory": "事发电子制造厂。", "services": "事发外卖配送站点。"}
INTENSITY = ("代表递交了请愿书。", "生产线全面停摆。", "双方爆发肢体冲突。")


@dataclass(frozen=True)
class Toy:
    """Reports and codes in which every code follows from one sentence."""

    reports: list[Any]
    codes: list[Any]
    decisive: dict[tuple[str, str], str]
    """The sentence that a report's variable rests on."""


@pytest.fixture(scope="session")
def strikes_path() -> Path:
    return STRIKES


@pytest.fixture(scope="session")
def strikes() -> Any:
    from weijing.configs.load import load_codebook

    return load_codebook(STRIKES)


@pytest.fixture(scope="session")
def bundled() -> Any:
    from weijing.configs.load import load_codebook

    return load_codebook()


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random BERT of two layers and a WordPiece tokenizer of single characters."""
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-encoder")
    text = "".join((*FILLER, PROTEST, *CLAIMS.values(), *SECTORS.values(), *INTENSITY))
    chars = sorted({*text, *"abcdefghijklmnopqrstuvwxyz0123456789。，！？；：“”（）.,!?;:()警方通过微信公安局派出所"})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars, *(f"##{c}" for c in chars)]
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=128,
    )  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=128, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    with torch.no_grad():
        # States are then close to what their tokens are, so that sentences differ and heads can learn.
        model.embeddings.word_embeddings.weight.normal_()
        model.embeddings.position_embeddings.weight.mul_(0.1)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def make_toy(n: int = 90, seed: int = 3) -> Toy:
    from weijing.data.codes import Code, Span
    from weijing.data.report import Report

    rng = random.Random(seed)
    reports, codes, decisive = [], [], {}
    for i in range(n):
        report_id = f"r{i:03d}"
        sentences = rng.sample(FILLER, 3)
        coded: list[tuple[str, Any, list[tuple[str, str | None]]]] = []
        protest = i % 3 != 0
        if protest:
            claims = [c for c in CLAIMS if rng.random() < 0.4] or [rng.choice(list(CLAIMS))]
            level = rng.randrange(3)
            if "plant_occupation" in claims:
                level = 2
            elif "pay_rise" in claims:
                level = max(level, 1)
            sector = rng.choice(list(SECTORS))
            coded = [
                ("is_protest", True, [(PROTEST, None)]),
                ("claims", claims, [(CLAIMS[c], c) for c in claims]),
                ("sector", sector, [(SECTORS[sector], None)]),
                ("intensity", level, [(INTENSITY[level], None)]),
            ]
            sentences += [s for _, _, spans in coded for s, _ in spans]
        else:
            coded = [("is_protest", False, [])]
        rng.shuffle(sentences)
        text = f"第{i}号。" + "".join(sentences)
        reports.append(Report(report_id, text, reprint_group=f"g{i:03d}"))
        for variable, value, spans in coded:
            found = tuple(Span(text.index(s), text.index(s) + len(s), s, label) for s, label in spans)
            codes.append(
                Code(report_id, "toy", variable, value, found, absence=not found, coder_kind="synthetic", round=1)
            )
            if len(spans) == 1:
                decisive[report_id, variable] = spans[0][0]
    return Toy(reports, codes, decisive)


@pytest.fixture(scope="session")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="session")
def toy_settings(tiny_encoder: Path) -> Any:
    from weijing.configs.settings import read_settings

    return read_settings(
        {
            "encoder": {"name": str(tiny_encoder), "max_tokens": 96, "overlap": 16},
            "hidden": 64,
            "dropout": 0.1,
            "epochs": 80,
            "learning_rate": 5e-3,
            "folds": 3,
        }
    )


@pytest.fixture(scope="session")
def toy_examples(toy: Toy, strikes: Any) -> Any:
    from weijing.data.gold import settle
    from weijing.training.targets import build_examples

    return build_examples(toy.reports, settle(toy.codes, strikes), toy.codes, strikes)


@pytest.fixture(scope="session")
def toy_trained(strikes: Any, toy_examples: Any, toy_settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A coder of the toy, frozen regime."""
    from weijing.training.train import train

    return train(strikes, toy_examples, toy_settings, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def toy_model(toy_trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a saved coder of the toy."""
    from weijing.data.artifacts import make_manifest
    from weijing.models.checkpoint import TrainingFacts, save_model

    folder = tmp_path_factory.mktemp("models") / "toy"
    facts = TrainingFacts(90, 90, {"toy": "synthetic"})
    return save_model(
        toy_trained.coder,
        folder,
        facts=facts,
        settings={"regime": "frozen", "seed": 1},
        manifest=make_manifest("train"),
    )


@pytest.fixture(scope="session")
def bundled_model(bundled: Any, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained coder of the bundled codebook."""
    import torch
    from weijing.data.artifacts import make_manifest
    from weijing.models.checkpoint import TrainingFacts, save_model
    from weijing.models.coding import Coder
    from weijing.models.encoders import load_encoder
    from weijing.models.network import CoderNetwork

    torch.manual_seed(5)
    encoder = load_encoder(str(tiny_encoder))
    network = CoderNetwork.start(encoder, bundled, hidden=16, max_tokens=64, overlap=8)
    folder = tmp_path_factory.mktemp("models") / "bundled"
    return save_model(
        Coder(network, encoder.tokenizer),
        folder,
        facts=TrainingFacts(10, 10, {"a": "human"}),
        settings={"regime": "frozen", "seed": 1},
        manifest=make_manifest("train"),
    )
