from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from weijing.configs.codebook import Codebook
from weijing.models.batch import collate, sentence_states
from weijing.models.heads import ReportHeads, Slots, negative_log_likelihood, probabilities, segment_softmax
from weijing.models.scoring import encode, score, token_batches
from weijing.models.windows import Reader, ReadReport, Window

FEW = settings(max_examples=80, deadline=None)

REPORTS = st.lists(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=4), min_size=1, max_size=5
)  # reports of sentences of tokens


def as_read(report: list[list[int]]) -> ReadReport:
    """One window a sentence, each with a special token at both ends."""
    windows = [Window([0, *tokens, 2], [-1, *[s] * len(tokens), -1]) for s, tokens in enumerate(report)]
    return ReadReport(windows, [(s, s + 1) for s in range(len(report))], 0, "")


@FEW
@given(REPORTS)
def test_collate_and_pooling_against_a_slow_loop(reports: list[list[list[int]]]) -> None:
    batch = collate([as_read(r) for r in reports], pad_id=7)
    table = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    states = table[batch.input_ids.clamp(max=9)] + torch.arange(batch.input_ids.shape[1])[None, :, None]
    pooled = sentence_states(states, batch.sentence_ids, len(batch.sentence_report))
    row = 0
    for r, report in enumerate(reports):
        for tokens in report:
            mean = sum(table[t] + position + 1 for position, t in enumerate(tokens)) / len(tokens)
            torch.testing.assert_close(pooled[row], mean, rtol=1e-5, atol=1e-5)
            assert batch.sentence_report[row] == r
            row += 1
    assert row == len(pooled) == len(batch.sentence_report)
    assert batch.n_reports == len(reports)
    assert (batch.input_ids[batch.attention_mask == 0] == 7).all()
    assert (batch.sentence_ids[batch.attention_mask == 0] == -1).all()


@FEW
@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.floats(0.1, 200))
def test_segment_softmax_sums_to_one_whatever_the_scale(sizes: list[int], scale: float) -> None:
    segment = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    scores = scale * torch.randn(len(segment), 4, generator=torch.Generator().manual_seed(1))
    weights = segment_softmax(scores, segment, len(sizes))
    assert torch.isfinite(weights).all()
    for s, (first, last) in enumerate(
        zip([0, *torch.tensor(sizes).cumsum(0).tolist()], torch.tensor(sizes).cumsum(0).tolist(), strict=False)
    ):
        torch.testing.assert_close(weights[first:last].sum(0), torch.ones(4), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(weights[first:last], scores[first:last].softmax(0), rtol=1e-4, atol=1e-6)
        assert (segment[first:last] == s).all()


@FEW
@given(st.integers(0, 10_000), st.floats(0.25, 4))
def test_probabilities_are_probabilities(seed: int, temperature: float) -> None:
    from weijing.configs.load import load_codebook

    codebook = load_codebook()
    heads = ReportHeads(codebook, 8, 8)
    generator = torch.Generator().manual_seed(seed)
    for parameter in heads.parameters():
        parameter.data.copy_(3 * torch.randn(parameter.shape, generator=generator))
    heads.eval()
    logits, _ = heads(torch.randn(7, 8, generator=generator), torch.tensor([0, 0, 0, 1, 1, 3, 3]), 4)
    for variable in codebook.learned:
        own = logits[variable.id]
        probs = probabilities(variable, own / temperature)
        assert ((probs >= 0) & (probs <= 1)).all()
        if variable.type in ("nominal", "ordinal"):
            torch.testing.assert_close(probs.sum(1), torch.ones(4))
        if variable.type == "ordinal":
            above = 1 - probs.cumsum(1)[:, :-1]
            assert (above[:, :-1] >= above[:, 1:] - 1e-6).all(), "P(y > k) must fall with k"
            # The logits are those of P(y > k | y >= k).
            passed = (own / temperature).sigmoid().cumprod(1)
            torch.testing.assert_close(above, passed, rtol=1e-4, atol=1e-5)


def test_likelihood_against_hand_computation(bundled: Codebook) -> None:
    depth = bundled.variable("depth")
    logits = torch.tensor([[0.3, -1.0, 2.0, 0.5]])
    probs = probabilities(depth, logits)[0]
    for code in range(5):
        target = torch.tensor([[float(code > k) for k in range(4)]])
        found = negative_log_likelihood(depth, logits, target)
        assert found.item() == pytest.approx(-probs[code].log().item(), abs=1e-5)
    half = torch.tensor([[1.0, 0.5, 0.0, 0.0]])  # half a 1, half a 2
    assert negative_log_likelihood(depth, logits, half).item() == pytest.approx(
        -(probs[1].log() + probs[2].log()).item() / 2, abs=1e-5
    )


def test_slots_lie_side_by_side(bundled: Codebook, strikes: Codebook) -> None:
    for codebook in (bundled, strikes):
        slots = Slots.of(codebook)
        found = [slots.of_variable(v.id) for v in slots.variables]
        assert [i for s in found for i in range(s.start, s.stop)] == list(range(slots.width))
        for variable, own in zip(slots.variables, found, strict=True):
            many = variable.type in ("multi", "nominal")
            assert own.stop - own.start == (len(variable.labels) if many else 1)


def test_start_from_gives_the_priors(strikes: Codebook) -> None:
    heads = ReportHeads(strikes, 8, 8).eval()
    priors = {
        "is_protest": torch.tensor([0.7]),
        "claims": torch.tensor([0.1, 0.5, 0.3, 0.8]),
        "sector": torch.tensor([0.2, 0.3, 0.5]),
        "intensity": torch.tensor([0.6, 0.25]),
    }
    heads.start_from(priors)
    # A report without sentences has the zero state.
    logits, _ = heads(torch.zeros(0, 8), torch.zeros(0, dtype=torch.long), 1)
    assert logits["is_protest"].sigmoid().tolist() == pytest.approx([0.7], abs=1e-5)
    assert logits["claims"][0].sigmoid().tolist() == pytest.approx([0.1, 0.5, 0.3, 0.8], abs=1e-5)
    assert logits["sector"][0].softmax(-1).tolist() == pytest.approx([0.2, 0.3, 0.5], abs=1e-5)
    assert probabilities(strikes.variable("intensity"), logits["intensity"])[0].tolist() == pytest.approx(
        [0.4, 0.35, 0.25], abs=1e-5
    )


def test_start_from_survives_priors_of_zero_and_one(strikes: Codebook) -> None:
    heads = ReportHeads(strikes, 8, 8).eval()
    heads.start_from({v.id: torch.zeros(len(v.labels) or 1) for v in strikes.learned} | {"intensity": torch.zeros(2)})
    heads.start_from({v.id: torch.ones(len(v.labels) or 1) for v in strikes.learned} | {"intensity": torch.ones(2)})
    logits, _ = heads(torch.zeros(0, 8), torch.zeros(0, dtype=torch.long), 1)
    assert all(torch.isfinite(v).all() for v in logits.values())
    assert probabilities(strikes.variable("intensity"), logits["intensity"])[0].argmax() == 2


@pytest.mark.parametrize("name", ["type", "values", "train", "keys", "copy", "half"])
def test_an_ordinal_variable_may_have_any_id(name: str, strikes: Codebook) -> None:
    data = strikes.model_dump(mode="json", exclude_defaults=True)
    data["constraints"] = []
    data["variables"][3]["id"] = name
    heads = ReportHeads(Codebook.model_validate(data), 8, 8)
    logits, _ = heads(torch.zeros(1, 8), torch.zeros(1, dtype=torch.long), 1)
    assert logits[name].shape == (1, 2)


@FEW
@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 60))
def test_token_batches_take_every_report_once(sizes: list[int], budget: int) -> None:
    reports = [as_read([[1] * (1 + (i * s) % 7)] * s) for i, s in enumerate(sizes)]
    batches = list(token_batches(reports, budget))
    assert sorted(i for b in batches for i in b) == list(range(len(reports)))
    for batch in batches:
        rows = sum(len(reports[i].windows) for i in batch)
        width = max((len(w.token_ids) for i in batch for w in reports[i].windows), default=0)
        assert rows * width <= budget or len(batch) == 1


def test_a_reports_logits_do_not_depend_on_its_batch(toy_trained: Any, toy: Any, tiny: Any) -> None:
    network = toy_trained.coder.network
    reader = Reader(tiny.tokenizer, "", 48, 8)
    texts = [r.text * (1 + i % 4) for i, r in enumerate(toy.reports[:12])] + ["", "工人。", "\x00"]
    read = reader.read(texts)
    together, scores = score(network, encode(network, read, tiny.tokenizer.pad_token_id, budget=100_000))
    seen: list[int] = []
    for i, one in enumerate(read):
        alone, own = score(network, encode(network, [one], tiny.tokenizer.pad_token_id, done=seen.append))
        for name in together:
            torch.testing.assert_close(alone[name][0], together[name][i], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(own[0], scores[i], rtol=1e-5, atol=1e-5)
    assert sum(seen) == len(read)
    small, _ = score(network, encode(network, read, tiny.tokenizer.pad_token_id, budget=1), batch=2)
    for name in together:
        torch.testing.assert_close(small[name], together[name], rtol=1e-5, atol=1e-5)
