"""The embedded encoder's tokenizer: SentencePiece Unigram as a Hugging Face fast tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

BOS, PAD, EOS, UNK = 0, 1, 2, 3
UNLEARNED = "unlearned_hanzi"
"""Entry of the tokenizer's config: characters that have a token but mean no more than ``<unk>``."""

_TO_SPACE = "[\\u0009\\u000a\\u000c\\u000d\\u1680\\u200b-\\u200f\\u2028\\u2029\\u2581\\ufeff\\ufffd]"
_DELETED = "[\\u0000-\\u0008\\u000b\\u000e-\\u001f\\u007f\\u0080-\\u009f]"
# NFKC would turn the wave dash of ranges (5～10) into "~"; SentencePiece keeps it. A private-use
# character stands in for it meanwhile.
_WAVE_DASH, _STAND_IN = "～", "\U0010fffd"


def build_tokenizer(pieces: Sequence[str], scores: Sequence[float], model_max_length: int) -> PreTrainedTokenizerFast:
    """A fast tokenizer over the given pieces; id = position, the first four are <s> <pad> </s> <unk>."""
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_TO_SPACE), " "),
            normalizers.Replace(Regex(_DELETED), ""),
            normalizers.Replace(_WAVE_DASH, _STAND_IN),
            normalizers.NFKC(),
            normalizers.Replace(_STAND_IN, _WAVE_DASH),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=True, right=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", BOS), ("</s>", EOS)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=model_max_length,
        padding_side="right",
    )
