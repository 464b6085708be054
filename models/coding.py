"""A trained coder: texts in, codes with probabilities and evidence out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from ..configs.codebook import Codebook, Value, Variable
from ..configs.errors import UserError
from ..data.artifacts import MANIFEST, manifest_path, read_manifest, sha256_file
from .calibration import ROUNDING, Calibration, read_calibration
from .checks import one_line
from .decoding import Decoder
from .encoders import OWN
from .encoders.embedded import embedded_folder
from .heads import Slots
from .network import CoderNetwork
from .quiet import no_library_words
from .scoring import encode, reader_of, score
from .windows import ReadReport

_LOG = logging.getLogger(__name__)

WEIGHTS = ("model.safetensors", "config.json", "tokenizer.json")
BESIDE = ("tokenizer_config.json",)
"""Read too, and checked by the manifest."""
EVIDENCE_LEAST = (0.2, 0.9)
"""How probable the best sentence must be as evidence to be shown, and the second: a doubtful one beside it misleads."""


@dataclass(frozen=True)
class Evidence:
    """A sentence that a code rests on; offsets count code points of the report's text.

    ``start``, ``end`` and ``text`` are None where the code rests on what the report does not say.
    """

    variable: str
    value: str
    start: int | None
    end: int | None
    text: str | None
    weight: float


@dataclass(frozen=True)
class Coding:
    """The coder's codes of one report.

    ``probs``: calibrated, before constraints: P(true) for binary variables, else one number a label; for a variable
    that is asked under a condition, given that the condition holds.
    """

    values: dict[str, Value]
    probs: dict[str, float | dict[str, float] | list[float]]
    abstain: list[str]
    evidence: list[Evidence]
    n_windows: int
    chars_unread: int
    unknown_chars: str = field(default="")


@dataclass(frozen=True)
class Scored:
    """Texts as read, logits by variable over all of them, evidence scores [sentences, slots] of each."""

    read: list[ReadReport]
    logits: dict[str, Tensor]
    evidence: list[Tensor]


def _check_files(folder: Path) -> None:
    """Raise ``UserError`` if a file that the coder is read from is not the one that was saved."""
    path = manifest_path(folder)
    try:
        if not (folder / "config.json").is_file():
            raise UserError(f"{folder}: is no model of weijing (it has no config.json); name another folder with -m")
        saved = read_manifest(path).outputs if path.is_file() else {}
        if not isinstance(saved, dict):
            raise UserError(f"{path}: is no manifest that can be read (outputs: {saved!r}); get the model anew")
        for name in (*WEIGHTS, *BESIDE):
            if name in saved and (not (folder / name).is_file() or sha256_file(folder / name) != saved[name]):
                raise UserError(f"{folder}: {name} is not the one that was saved (see {path.name}); get the model anew")
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be read ({error.strerror})") from None


class Coder:
    """A trained network with its tokenizer, codebook and calibration."""

    def __init__(self, network: CoderNetwork, tokenizer: PreTrainedTokenizerFast) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.reader = reader_of(network, tokenizer)
        self.codebook = Codebook.model_validate(network.config.codebook)
        self.calibration: Calibration = read_calibration(network.config.calibration)
        self.calibration.check_fit(self.codebook.learned)
        self.slots: Slots = network.heads.slots

    @classmethod
    def load(cls, folder: str | Path) -> Coder:
        """Load a model folder. Raises ``UserError`` if it is none."""
        if not Path(folder).is_dir():
            raise UserError(f"{folder}: there is no such model folder; name one with -m")
        _check_files(Path(folder))
        try:
            with no_library_words():
                network = CoderNetwork.from_pretrained(folder)
                source = Path(folder)
                if not (source / "tokenizer.json").is_file() and network.config.encoder_name in OWN:
                    source = embedded_folder()  # the default coder travels without one: the encoder's is the same
                tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, trust_remote_code=False)
                if tokenizer.pad_token_id is None:
                    raise ValueError("its tokenizer has no padding token; is tokenizer_config.json there?")
                coder = cls(network, tokenizer)
        except UserError:
            raise
        except Exception as error:  # whatever a damaged folder makes the libraries raise, the user needs one line
            raise UserError(f"{folder}: is no model of weijing that can be loaded ({one_line(error)})") from error
        if not manifest_path(folder).is_file():
            _LOG.warning("%s: has no %s, so it is not known whether its files are those saved", folder, MANIFEST)
        return coder

    def calibrated(self, calibration: Calibration) -> Coder:
        """The same coder with another calibration, which is stored in its config."""
        self.network.config.calibration = calibration.model_dump()
        return Coder(self.network, self.tokenizer)

    def read(self, texts: Sequence[str]) -> list[ReadReport]:
        """Divide texts into windows."""
        return self.reader.read(texts)

    def code(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> list[Coding]:
        """Code texts, in their order. ``done`` is called with the number of reports finished, batch by batch."""
        scored = self.score(texts, done)
        return self.decide(texts, scored.read, scored.logits, scored.evidence)

    def score(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Scored:
        """What the network says about texts; ``decide`` makes codes of it."""
        read = self.read(texts)
        states = encode(self.network, read, self.tokenizer.pad_token_id, done=done)
        return Scored(read, *score(self.network, states))

    def decide(
        self,
        texts: Sequence[str],
        read: Sequence[ReadReport],
        logits: Mapping[str, Tensor],
        evidence: Sequence[Tensor],
        calibration: Calibration | None = None,
    ) -> list[Coding]:
        """Codes from logits by variable over all reports and evidence scores [sentences, slots] of each."""
        calibration = calibration or self.calibration
        decoder = Decoder(self.codebook, calibration.thresholds)
        probs = {v.id: calibration.probabilities(v, logits[v.id]).tolist() for v in self.codebook.learned if len(texts)}
        return [
            self._coding(text, r, {name: own[i] for name, own in probs.items()}, evidence[i], decoder, calibration)
            for i, (text, r) in enumerate(zip(texts, read, strict=True))
        ]

    def _coding(
        self,
        text: str,
        read: ReadReport,
        probs: dict[str, Any],
        evidence: Tensor,
        decoder: Decoder,
        calibration: Calibration,
    ) -> Coding:
        values = decoder.decide(probs)
        shown: dict[str, float | dict[str, float] | list[float]] = {}
        for variable in self.codebook.learned:
            own = probs[variable.id]
            if variable.type in ("multi", "nominal"):
                shown[variable.id] = {label: round(p, 6) for label, p in zip(variable.label_ids, own, strict=True)}
            else:
                shown[variable.id] = round(own, 6) if variable.type == "binary" else [round(p, 6) for p in own]
        return Coding(
            values,
            shown,
            [v.id for v in self.codebook.learned if self._unsure(v, probs[v.id], values[v.id], calibration)],
            self._evidence(text, read, values, evidence.sigmoid()),
            len(read.windows),
            read.chars_unread,
            read.unknown_chars,
        )

    @staticmethod
    def _unsure(variable: Variable, probs: Any, value: Value, calibration: Calibration) -> bool:
        """Whether the conformal set of an asked single-valued variable is anything but the value decided on."""
        cut = calibration.conformal.get(variable.id)
        if cut is None or value is None:
            return False
        if variable.type == "binary":
            options: list[tuple[Value, float]] = [(True, probs), (False, 1 - probs)]
        elif variable.type == "ordinal":
            options = list(enumerate(probs))
        else:
            options = list(zip(variable.label_ids, probs, strict=True))
        return [v for v, p in options if 1 - p <= cut + ROUNDING] != [value]

    def _evidence(self, text: str, read: ReadReport, values: Mapping[str, Value], scores: Tensor) -> list[Evidence]:
        found: list[Evidence] = []
        for variable in self.codebook.learned:
            first = self.slots.of_variable(variable.id).start
            value = values[variable.id]
            if value is None:
                continue
            if value is False or value == []:
                own = scores[:, self.slots.of_variable(variable.id)]
                most = float(own.max()) if own.numel() else 0.0
                code = "false" if value is False else "[]"
                found.append(Evidence(variable.id, code, None, None, None, round(1 - most, 4)))
                continue
            if variable.type in ("multi", "nominal"):
                labels = value if isinstance(value, list) else [str(value)]
                wanted = [(label, first + variable.label_ids.index(label)) for label in labels]
            else:
                wanted = [(str(value).lower(), first)]
            for label, slot in wanted:
                found += self._sentences(text, read, variable.id, label, scores[:, slot])
        return found

    @staticmethod
    def _sentences(text: str, read: ReadReport, variable: str, value: str, scores: Tensor) -> list[Evidence]:
        """The best sentences, as probable as ``EVIDENCE_LEAST`` asks; else the code rests on absence."""
        if not len(scores):
            return [Evidence(variable, value, None, None, None, 0.0)]
        best = torch.topk(scores, min(len(EVIDENCE_LEAST), len(scores)))
        ranked = zip(best.indices.tolist(), best.values.tolist(), EVIDENCE_LEAST, strict=False)
        chosen: list[tuple[int, float]] = [(i, p) for i, p, least in ranked if p >= least]
        if not chosen:
            return [Evidence(variable, value, None, None, None, round(1 - float(best.values[0]), 4))]
        return [
            Evidence(variable, value, *read.sentences[i], text[slice(*read.sentences[i])], round(p, 4))
            for i, p in chosen
        ]
