from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from weijing.configs.codebook import Codebook
from weijing.models.calibration import Calibration, calibrate
from weijing.models.coding import Coder
from weijing.models.heads import probabilities


def drawn(codebook: Codebook, n: int, scale: float, seed: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Logits whose truths are drawn from them; the logits given out are ``scale`` times too large."""
    generator = torch.Generator().manual_seed(seed)
    logits, targets, masks = {}, {}, {}
    for v in codebook.learned:
        size = {"binary": 1, "ordinal": len(v.labels) - 1}.get(v.type, len(v.labels))
        own = 1.5 * torch.randn(n, size, generator=generator)
        if v.type in ("binary", "multi"):
            truth = (torch.rand(n, size, generator=generator) < own.sigmoid()).float()
        else:
            picked = torch.multinomial(probabilities(v, own), 1, generator=generator)[:, 0]
            if v.type == "nominal":
                truth = torch.nn.functional.one_hot(picked, size).float()
            else:
                truth = (picked[:, None] > torch.arange(size)).float()
        logits[v.id] = scale * (own[:, 0] if v.type == "binary" else own)
        targets[v.id] = truth[:, 0] if v.type == "binary" else truth
        masks[v.id] = torch.ones(n)
    return logits, targets, masks


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 3.0])
def test_temperature_recovers_the_scale(scale: float, strikes: Codebook) -> None:
    fitted = calibrate(tuple(strikes.learned), *drawn(strikes, 6000, scale, 1))
    for variable in strikes.learned:
        assert fitted.temperature[variable.id] == pytest.approx(scale, rel=0.15)
    assert fitted.n == 6000


@pytest.mark.parametrize("shift", [-1.5, 0.0, 1.5])
def test_offsets_recover_a_shift_of_the_log_odds(shift: float, strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 6000, 1.0, 1)
    fitted = calibrate(tuple(strikes.learned), {k: v + shift for k, v in logits.items()}, targets, masks)
    for variable in strikes.learned:
        wanted = 0.0 if variable.type == "nominal" else -shift
        assert fitted.offsets[variable.id] == pytest.approx([wanted] * len(fitted.offsets[variable.id]), abs=0.25)


def test_few_reports_move_offsets_little(strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 6, 1.0, 1)
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks)
    assert all(abs(b) < 2 for own in fitted.offsets.values() for b in own)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [5, 12, 60, 400])
def test_thresholds_are_never_extreme(n: int, seed: int, strikes: Codebook) -> None:
    fitted = calibrate(tuple(strikes.learned), *drawn(strikes, n, 4.0, seed))
    for name, cuts in fitted.thresholds.items():
        assert all(0.05 <= t <= 0.95 for t in cuts)
        assert len(cuts) == (len(strikes.variable(name).labels) or 1)


def test_thresholds_separate_what_can_be_separated(strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 200, 1, 0)
    truth = torch.arange(200) < 60
    logits["is_protest"] = torch.where(truth, -1.0, -4.0) + 0.01 * torch.randn(200)
    targets["is_protest"] = truth.float()
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks)
    probs = fitted.probabilities(strikes.variable("is_protest"), logits["is_protest"])
    cut = fitted.thresholds["is_protest"][0]
    assert ((probs > cut) == truth).all()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_gate_is_cut_at_its_share_and_at_a_half_where_the_share_is_told(share: float, strikes: Codebook) -> None:
    n = 4_000
    logits, targets, masks = drawn(strikes, n, 1, 0)
    own = torch.logit(torch.tensor(share)) + 1.5 * torch.randn(n, generator=torch.Generator().manual_seed(1))
    truth = torch.rand(n, generator=torch.Generator().manual_seed(2)) < own.sigmoid()
    logits["is_protest"], targets["is_protest"] = own, truth.float()
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks)
    cut = fitted.thresholds["is_protest"][0]
    assert cut == pytest.approx(float(truth.float().mean()), abs=1e-4)
    assert fitted.at({"is_protest": 0.1}).thresholds["is_protest"] == [0.5]
    probs = fitted.probabilities(strikes.variable("is_protest"), logits["is_protest"])

    def both(c: float) -> float:
        return float((probs[truth] > c).float().mean() + (probs[~truth] <= c).float().mean())

    # Recall plus specificity is greatest there, but for chance.
    assert both(cut) > max(both(c) for c in torch.linspace(0.05, 0.95, 19).tolist()) - 0.02


def test_a_clean_separation_leaves_nothing_to_people(strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 30, 1, 0)
    truth = torch.arange(30) % 2 == 0
    logits["is_protest"], targets["is_protest"] = torch.where(truth, 6.0, -6.0), truth.float()
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks)
    variable = strikes.variable("is_protest")
    for p, value in zip(fitted.probabilities(variable, logits["is_protest"]).tolist(), truth.tolist(), strict=True):
        assert not Coder._unsure(variable, p, value, fitted)


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.2])
def test_conformal_sets_hold_the_truth_as_often_as_promised(risk: float, strikes: Codebook) -> None:
    held: dict[str, list[float]] = {}
    for seed in range(40):
        logits, targets, masks = drawn(strikes, 260, 2.0, seed)
        fit = {k: v[:60] for k, v in logits.items()}
        fitted = calibrate(
            tuple(strikes.learned),
            fit,
            {k: v[:60] for k, v in targets.items()},
            {k: v[:60] for k, v in masks.items()},
            risk,
        )
        for v in strikes.learned:
            if v.type == "multi":
                continue
            probs = fitted.probabilities(v, logits[v.id][60:])
            target = targets[v.id][60:]
            if v.type == "binary":
                of_truth = torch.where(target > 0.5, probs, 1 - probs)
            else:
                true = target.argmax(-1) if v.type == "nominal" else target.sum(-1).long()
                of_truth = probs.gather(1, true[:, None])[:, 0]
            held.setdefault(v.id, []).append(float((1 - of_truth <= fitted.conformal[v.id] + 1e-7).float().mean()))
    assert set(held) == {"is_protest", "sector", "intensity"}
    for name, shares in held.items():
        assert np.mean(shares) >= 1 - risk - 0.03, name


@pytest.mark.parametrize("n", [0, 1, 4, 8])
def test_with_too_few_reports_every_value_stays_in_the_set(n: int, strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 40, 1.0, 0)
    masks = {k: (torch.arange(40) < n).float() for k in masks}
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks, risk=0.1)
    for name in ("is_protest", "sector", "intensity"):
        assert fitted.conformal[name] == 1.0
    # ... so a person decides, however sure the model is.
    assert Coder._unsure(strikes.variable("is_protest"), 0.9999, True, fitted)
    assert Coder._unsure(strikes.variable("sector"), [0.99, 0.005, 0.005], "building", fitted)
    assert not Coder._unsure(strikes.variable("sector"), [0.99, 0.005, 0.005], None, fitted)


def test_unasked_reports_do_not_count(strikes: Codebook) -> None:
    logits, targets, masks = drawn(strikes, 300, 2.0, 3)
    masks = {k: (torch.arange(300) < 200).float() for k in masks}
    spoiled = {
        k: torch.where(torch.arange(300).reshape(-1, *[1] * (v.dim() - 1)) < 200, v, 1 - v) for k, v in targets.items()
    }
    fitted = calibrate(tuple(strikes.learned), logits, targets, masks)
    assert fitted == calibrate(tuple(strikes.learned), logits, spoiled, masks)


def test_calibration_survives_storing(strikes: Codebook) -> None:
    fitted = calibrate(tuple(strikes.learned), *drawn(strikes, 50, 1.0, 1))
    assert Calibration.model_validate(fitted.model_dump()) == fitted


@pytest.mark.parametrize("share", [1e-12, 1e-5, 0.2, 0.99999])
@pytest.mark.parametrize("learned", [0.4, 0.0004])
def test_a_share_is_taken_as_it_is_given(share: float, learned: float) -> None:
    shift = Calibration(n=100_000, prevalence={"gate": learned}).at({"gate": share}).log_odds["gate"]
    odds = share / (1 - share) / (learned / (1 - learned))
    assert math.exp(shift) == pytest.approx(odds, rel=1e-6)


@pytest.mark.parametrize("learned", [0.0, 1.0])
def test_a_share_of_none_or_all_can_be_left(learned: float) -> None:
    shift = Calibration(n=50, prevalence={"gate": learned}).at({"gate": 0.5}).log_odds["gate"]
    assert math.isfinite(shift)
    assert (shift > 0) == (learned == 0)
