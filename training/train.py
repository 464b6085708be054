"""Train a coder from examples: the regimes behind one function, with calibration and cross-fitted codings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from ..configs.codebook import Codebook
from ..configs.errors import UserError
from ..configs.settings import TrainingSettings
from ..models.calibration import Calibration, calibrate
from ..models.coding import Coder, Coding
from ..models.encoders import load_encoder
from ..models.network import CoderNetwork
from ..models.scoring import encode, reader_of, score
from .augment import Versions
from .finetune import finetune
from .frozen import train_heads
from .losses import code_loss
from .passages import passage_examples
from .splits import group_folds, hold_out
from .states import encoded
from .targets import Example, stack_targets, vector

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


def _silent(what: str, done: int, total: int) -> None:
    return None


@dataclass(frozen=True)
class Trained:
    """A trained coder, and for every example the coding of a coder that never saw its reprint group.

    In the ``finetune`` regime only the held-out examples have such a coding; ``unseen`` maps report ids to them.
    """

    coder: Coder
    unseen: dict[str, Coding]
    folds: dict[str, int]
    history: list[dict[str, float]]
    n_passages: int


def train(
    codebook: Codebook,
    examples: Sequence[Example],
    settings: TrainingSettings,
    *,
    cache: Path | None = None,
    workdir: Path | None = None,
    progress: Progress = _silent,
) -> Trained:
    """Train a coder. ``cache`` keeps sentence states, ``workdir`` the checkpoints of an interrupted finetuning.

    ``frozen``: the coder is trained on all examples; temperatures and thresholds are fitted on cross-fitted logits
    (each fold's from heads trained on the other folds). ``finetune``: on all but a calibration split by reprint group,
    which also chooses the number of epochs. With ``settings.passages`` the project's passages are learned from too, by
    every coder alike; nothing is calibrated or judged on them.
    """
    _check(codebook, examples)
    passages = passage_examples(codebook) if settings.passages else []
    network, tokenizer = untrained(codebook, settings)
    if settings.regime == "finetune":
        if workdir is None:
            raise ValueError("finetune needs a workdir for its checkpoints")
        return _finetune(network, tokenizer, codebook, examples, passages, settings, workdir, progress)
    return _frozen(network, tokenizer, codebook, examples, passages, settings, cache, progress)


def untrained(codebook: Codebook, settings: TrainingSettings) -> tuple[CoderNetwork, PreTrainedTokenizerFast]:
    """The network that training starts from, over the encoder of the settings, and its tokenizer."""
    encoder = load_encoder(settings.encoder.name, settings.encoder.prefix)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = CoderNetwork.start(
            encoder,
            codebook,
            hidden=settings.hidden,
            dropout=settings.dropout,
            max_tokens=settings.encoder.max_tokens,
            overlap=settings.encoder.overlap,
            max_windows=settings.encoder.max_windows,
            layers=settings.encoder.layers,
        )
    return network, encoder.tokenizer


def _check(codebook: Codebook, examples: Sequence[Example]) -> None:
    if not codebook.learned:
        raise UserError(f"codebook {codebook.name}: no variable says `model: true`, so there is nothing to learn")
    groups = {e.group for e in examples}
    if len(groups) < 10:
        raise UserError(
            f"{len(examples)} coded report(s) in {len(groups)} reprint group(s): training needs at least 10 groups; "
            "code more reports first"
        )


def strata(examples: Sequence[Example]) -> list[str]:
    """A stratum of each example that keeps folds alike: its gold codes of all single-valued variables."""
    return ["|".join(f"{k}={v}" for k, v in sorted(e.gold.items()) if not isinstance(v, list)) for e in examples]


def gold_targets(examples: Sequence[Example], codebook: Codebook) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Hard targets and masks of the settled codes, in the form of ``stack_targets``."""
    hard = [
        Example(
            e.report_id,
            e.group,
            "",
            e.gold,
            {name: vector(codebook.variable(name), value) for name, value in e.gold.items()},
            {},
            frozenset(),
        )
        for e in examples
    ]
    return stack_targets(hard, codebook)


def _frozen(
    network: CoderNetwork,
    tokenizer: PreTrainedTokenizerFast,
    codebook: Codebook,
    examples: Sequence[Example],
    passages: Sequence[Example],
    settings: TrainingSettings,
    cache: Path | None,
    progress: Progress,
) -> Trained:
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(False)
    reader = reader_of(network, tokenizer)
    versions = Versions.of(examples, settings.augment, settings.seed)
    texts = [e.text for e in (*versions.examples, *passages)]
    ready = 0

    def done(n: int) -> None:
        nonlocal ready
        ready += n
        progress("encode", ready, len(texts))

    known = encoded(network, reader, texts, cache, done)
    fold_of = group_folds(
        [e.group for e in examples],
        strata(examples),
        min(settings.folds, len({e.group for e in examples})),
        settings.seed,
    )
    n_folds = max(fold_of) + 1
    targets, masks = gold_targets(examples, codebook)
    unseen: dict[str, Tensor] = {}
    evidence: list[Tensor] = [torch.empty(0)] * len(examples)

    def fit(chosen: Sequence[int]) -> None:
        own, origin = versions.subset(chosen)
        own, origin = (
            own.with_beside(passages, settings.passages),
            [*origin, *range(len(versions.examples), len(texts))],
        )
        read, states = [known.read[i] for i in origin], [known.states[i] for i in origin]
        network.heads = train_heads(codebook, own, read, states, settings)

    for fold in range(n_folds):
        fit([i for i, f in enumerate(fold_of) if f != fold])
        held = [i for i, f in enumerate(fold_of) if f == fold]
        logits, scores = score(network, [known.states[i] for i in held])
        for name, own in logits.items():
            unseen.setdefault(name, own.new_zeros(len(examples), *own.shape[1:]))[held] = own
        for i, own in zip(held, scores, strict=True):
            evidence[i] = own
        progress("folds", fold + 1, n_folds + 1)
    fit(range(len(examples)))
    progress("folds", n_folds + 1, n_folds + 1)

    variables = network.heads.slots.variables

    def calibration_on(rows: Sequence[int]) -> Calibration:
        r = torch.tensor(list(rows), dtype=torch.long)
        return calibrate(
            variables,
            {k: v[r] for k, v in unseen.items()},
            {k: v[r] for k, v in targets.items()},
            {k: v[r] for k, v in masks.items()},
            settings.abstain_risk,
        )

    coder = Coder(network, tokenizer).calibrated(calibration_on(range(len(examples))))
    codings: dict[str, Coding] = {}
    for fold in range(n_folds):
        held = [i for i, f in enumerate(fold_of) if f == fold]
        decided = coder.decide(
            [texts[i] for i in held],
            [known.read[i] for i in held],
            {k: v[held] for k, v in unseen.items()},
            [evidence[i] for i in held],
            calibration_on([i for i, f in enumerate(fold_of) if f != fold]),
        )
        codings.update(zip((examples[i].report_id for i in held), decided, strict=True))
    return Trained(coder, codings, {e.report_id: f for e, f in zip(examples, fold_of, strict=True)}, [], len(passages))


def _finetune(
    network: CoderNetwork,
    tokenizer: PreTrainedTokenizerFast,
    codebook: Codebook,
    examples: Sequence[Example],
    passages: Sequence[Example],
    settings: TrainingSettings,
    workdir: Path,
    progress: Progress,
) -> Trained:
    reader = reader_of(network, tokenizer)
    learn, held = hold_out([e.group for e in examples], strata(examples), settings.calibration_share, settings.seed)
    kept = [examples[i] for i in held]
    targets, masks = gold_targets(kept, codebook)
    read = reader.read([e.text for e in kept])
    pad = reader.tokenizer.pad_token_id

    def held_out(net: CoderNetwork) -> tuple[dict[str, Tensor], list[Tensor]]:
        return score(net, encode(net, read, pad))

    def evaluate(net: CoderNetwork) -> dict[str, float]:
        # The joint log-likelihood says more per report than F1, which jumps with few reports; taken after
        # calibration, since an overconfident epoch is mended by it.
        logits, _ = held_out(net)
        fitted = calibrate(net.heads.slots.variables, logits, targets, masks)
        scaled = {v.id: fitted.scaled(v, logits[v.id]) for v in codebook.learned}
        return {"score": -float(code_loss(net.heads.slots.variables, scaled, targets, masks))}

    versions = Versions.of([examples[i] for i in learn], settings.augment, settings.seed)
    versions = versions.with_beside(passages, settings.passages)
    history = finetune(network, reader, codebook, versions, settings, workdir, evaluate, progress)
    logits, evidence = held_out(network)
    fitted = calibrate(network.heads.slots.variables, logits, targets, masks, settings.abstain_risk)
    coder = Coder(network, tokenizer).calibrated(fitted)
    codings = coder.decide([e.text for e in kept], read, logits, evidence)
    unseen = dict(zip((e.report_id for e in kept), codings, strict=True))
    folds = {examples[i].report_id: -1 for i in learn} | {e.report_id: 0 for e in kept}
    return Trained(coder, unseen, folds, history, len(passages))
