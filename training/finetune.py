"""The finetune regime: encoder and heads together, by the Hugging Face Trainer; an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from ..configs.codebook import Codebook
from ..configs.settings import TrainingSettings
from ..models.adapters import Adapters
from ..models.batch import collate
from ..models.network import CoderNetwork
from ..models.quiet import no_library_words
from ..models.scoring import encode
from ..models.windows import Reader, ReadReport, Window
from .augment import Versions
from .losses import code_loss, evidence_loss
from .targets import Example, evidence_targets, priors, stack_targets

STANDARD_REPORTS = 64

Evaluate = Callable[[CoderNetwork], dict[str, float]]


def finetune(
    network: CoderNetwork,
    reader: Reader,
    codebook: Codebook,
    versions: Versions,
    settings: TrainingSettings,
    folder: Path,
    evaluate: Evaluate | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, float]]:
    """Train in place; checkpoints in ``folder``, from which the same call goes on after an interruption.

    With ``evaluate`` (called after every epoch; its "score" is the larger the better) the weights of the best epoch
    are kept, else those of the last. Returns what was logged after each epoch.
    """
    set_seed(settings.seed)
    examples = versions.examples
    read = reader.read([e.text for e in examples])
    network.heads.start_from(dict(priors(examples, codebook)))
    network.heads.standardise(encode(network, read[:STANDARD_REPORTS], reader.tokenizer.pad_token_id))
    _choose_trained(network, settings)
    dataset = _as_dataset(read)
    trainer = _CoderTrainer(
        model=network,
        args=TrainingArguments(
            output_dir=str(folder.resolve()),
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_reports,
            gradient_accumulation_steps=settings.accumulate,
            warmup_steps=settings.warmup,
            lr_scheduler_type="linear",
            max_grad_norm=1.0,
            bf16=not torch.cuda.is_available() or torch.cuda.is_bf16_supported(),
            use_cpu=not torch.cuda.is_available(),
            eval_strategy="epoch" if evaluate else "no",
            save_strategy="epoch",
            save_total_limit=2,
            load_best_model_at_end=evaluate is not None,
            metric_for_best_model="eval_score" if evaluate else None,
            greater_is_better=True if evaluate else None,
            logging_steps=50,
            logging_nan_inf_filter=False,
            report_to=[],
            remove_unused_columns=False,
            disable_tqdm=True,
            seed=settings.seed,
            data_seed=settings.seed,
        ),
        train_dataset=dataset,
        eval_dataset=dataset if evaluate else None,  # asked for, though evaluate() has its own
        data_collator=_Collator(reader, codebook, examples, network.heads.slots.width),
        optimizers=(_optimizer(network, settings), None),
    )
    trainer.prepare(settings, versions, evaluate)
    # It prints every log entry, into the output of whoever called us.
    trainer.remove_callback(PrinterCallback)
    if progress:
        trainer.add_callback(_Progress(progress))
    # The state is what a checkpoint gets last: one without it was being written when the run was killed.
    complete = [state.parent for state in folder.glob("checkpoint-*/trainer_state.json")]
    last = max(complete, key=lambda checkpoint: int(checkpoint.name.split("-")[1]), default=None)
    with no_library_words():
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    network.absorb_adapters()
    network.eval()
    return [entry for entry in trainer.state.log_history if "eval_score" in entry]


def _as_dataset(read: Sequence[ReadReport]) -> Dataset:
    """The windows of all examples as a Hugging Face dataset; ``row`` is the example's position."""
    return Dataset.from_dict(
        {
            "row": list(range(len(read))),
            "length": [r.n_tokens for r in read],
            "token_ids": [[w.token_ids for w in r.windows] for r in read],
            "sentence_of": [[w.sentence_of for w in r.windows] for r in read],
            "sentences": [[list(s) for s in r.sentences] for r in read],
        }
    )


class _Collator:
    """Rows of the dataset -> the network's inputs, with targets under ``labels``."""

    def __init__(self, reader: Reader, codebook: Codebook, examples: Sequence[Example], width: int) -> None:
        self.pad_id = reader.tokenizer.pad_token_id
        self.examples = examples
        self.width = width
        self.targets, self.masks = stack_targets(examples, codebook)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        read = [
            ReadReport(
                [Window(t, s) for t, s in zip(row["token_ids"], row["sentence_of"], strict=True)],
                [(start, end) for start, end in row["sentences"]],
                0,
                "",
            )
            for row in rows
        ]
        chosen = torch.tensor([row["row"] for row in rows])
        batch = collate(read, self.pad_id)
        spans = [
            evidence_targets(self.examples[row["row"]], r.sentences, self.width)
            for row, r in zip(rows, read, strict=True)
        ]
        return {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "sentence_ids": batch.sentence_ids,
            "sentence_report": batch.sentence_report,
            "n_reports": batch.n_reports,
            "labels": {
                "targets": {k: v[chosen] for k, v in self.targets.items()},
                "masks": {k: v[chosen] for k, v in self.masks.items()},
                "evidence": torch.cat([target for target, _ in spans]),
                "evidence_mask": torch.cat([mask for _, mask in spans]),
            },
        }


class _ByLength(Sampler[list[int]]):
    """Batches of similar length: a version of each report, drawn and shuffled anew each epoch.

    Sorted within pools of fifty batches.
    """

    def __init__(self, lengths: Sequence[int], size: int, seed: int, versions: Versions, share: float) -> None:
        self.lengths = np.asarray(lengths)
        self.size = size
        self.seed = seed
        self.versions = versions
        self.share = share
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.versions.an_epoch // self.size)

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(self.versions.draw(self.share, rng))
        pool = self.size * 50
        batches = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            part = part[np.argsort(self.lengths[part], kind="stable")]
            batches += [part[i : i + self.size].tolist() for i in range(0, len(part), self.size)]
        for i in rng.permutation(len(batches)):
            yield batches[i]


class _Progress(TrainerCallback):
    def __init__(self, show: Callable[[str, int, int], None]) -> None:
        self.show = show

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self.show("finetune", state.global_step, state.max_steps)


class _CoderTrainer(Trainer):
    control: TrainerControl

    def prepare(self, settings: TrainingSettings, versions: Versions, evaluate: Evaluate | None) -> None:
        self._settings = settings
        self._versions = versions
        self._evaluate_network = evaluate

    def get_train_dataloader(self) -> DataLoader[Any]:
        lengths = self.train_dataset["length"]
        own = self._settings
        batches = _ByLength(lengths, own.batch_reports, own.seed, self._versions, own.augment)
        loader: DataLoader[Any] = DataLoader(self.train_dataset, batch_sampler=batches, collate_fn=self.data_collator)
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def compute_loss(self, model: CoderNetwork, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        inputs = dict(inputs)
        labels = inputs.pop("labels")
        out = model(**inputs)
        loss = code_loss(model.heads.slots.variables, out.logits, labels["targets"], labels["masks"])
        if self._settings.evidence_weight:
            loss = loss + self._settings.evidence_weight * evidence_loss(
                out.evidence, labels["evidence"], labels["evidence_mask"]
            )
        return (loss, out) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        if self._evaluate_network is None:
            return {}
        self.model.eval()
        metrics = {f"eval_{name}": value for name, value in self._evaluate_network(self.model).items()}
        self.model.train()
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def _layers(network: CoderNetwork) -> nn.ModuleList:
    """The encoder's stack of layers: its longest list of modules."""
    lists = [m for m in network.encoder.modules() if isinstance(m, nn.ModuleList)]
    if not lists:
        raise ValueError("the encoder has no list of layers to train")
    return max(lists, key=len)


def _choose_trained(network: CoderNetwork, settings: TrainingSettings) -> None:
    layers = _layers(network)
    chosen = layers[-settings.trained_layers :] if settings.trained_layers else layers
    every = settings.trained_layers is None and not settings.adapter_rank
    for parameter in network.encoder.parameters():
        parameter.requires_grad_(every)
    if settings.adapter_rank:
        own = {id(m) for layer in chosen for m in layer.modules() if isinstance(m, nn.Linear)}
        names = [name for name, module in network.encoder.named_modules() if id(module) in own]
        Adapters.attach(network.encoder, names, settings.adapter_rank)
    else:
        for layer in chosen:
            layer.requires_grad_(True)
    network.encoder.get_input_embeddings().requires_grad_(settings.train_embeddings)
    for module in network.encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = settings.encoder_dropout


def _optimizer(network: CoderNetwork, settings: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW; heads at ``learning_rate``, layers slower the deeper they lie, no decay of biases and norms."""
    layers = _layers(network)
    depth = {id(p): len(layers) - 1 - i for i, layer in enumerate(layers) for p in layer.parameters()}
    heads = {id(p) for p in network.heads.parameters()}
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for parameter in network.parameters():
        if not parameter.requires_grad:
            continue
        below = depth.get(id(parameter), len(layers))
        rate = (
            settings.learning_rate
            if id(parameter) in heads
            else settings.encoder_learning_rate * settings.layer_decay**below
        )
        decay = settings.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW([{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()])
