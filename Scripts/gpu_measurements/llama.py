"""A Llama-like decoder in plain PyTorch: RMSNorm, grouped-query attention with rotary embedding and a static cache, SwiGLU.

Weights are random: time does not depend on their values (power does a little; the power section says how much).
"""
import dataclasses
import torch
import torch.nn.functional as F


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    tied: bool = False

    @property
    def parameters(self):
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        layer = attention + 3 * self.hidden * self.inner + 2 * self.hidden
        return self.layers * layer + (1 if self.tied else 2) * self.vocabulary * self.hidden + self.hidden

    def cache_bytes(self, batch, length):
        return 2 * self.layers * batch * self.kv_heads * length * self.head_dim * 2


# Dimensions from the models' config.json, as in Workloads/models.
SHAPES = [
    Shape("Llama-3.2-1B", 16, 2048, 32, 8, 64, 8192, 128256, tied=True),
    Shape("Llama-3.2-3B", 28, 3072, 24, 8, 128, 8192, 128256, tied=True),
    Shape("Llama-3.1-8B", 32, 4096, 32, 8, 128, 14336, 128256),
    Shape("Llama-3.1-70B", 80, 8192, 64, 8, 128, 28672, 128256),
]
TINY = Shape("tiny", 2, 32, 4, 2, 8, 64, 97)


class Decoder:
    """`step(tokens, position)` gives the logits of the last token of each sequence and fills the cache.

    tokens: [batch, n] of token ids that stand at position … position + n − 1.
    """

    def __init__(self, shape, batch, length, device, dtype=torch.bfloat16):
        self.shape, self.length = shape, length

        def matrix(rows, columns):
            # In place, so that no more than the matrix itself is ever there.
            return torch.empty(rows, columns, dtype=dtype, device=device).normal_(0, columns ** -0.5)

        def norm():
            return torch.ones(shape.hidden, dtype=dtype, device=device)

        s, d = shape, shape.head_dim
        self.embedding = matrix(s.vocabulary, s.hidden)
        self.head = self.embedding if s.tied else matrix(s.vocabulary, s.hidden)
        self.layers = [{"n1": norm(), "qkv": matrix((s.heads + 2 * s.kv_heads) * d, s.hidden), "o": matrix(s.hidden, s.heads * d),
                        "n2": norm(), "up": matrix(2 * s.inner, s.hidden), "down": matrix(s.hidden, s.inner)} for _ in range(s.layers)]
        self.norm = norm()
        angles = torch.outer(torch.arange(length, device=device).float(), 500000.0 ** -(torch.arange(0, d, 2, device=device).float() / d))
        self.cos, self.sin = angles.cos().to(dtype), angles.sin().to(dtype)
        self.cache = [torch.zeros(2, batch, s.kv_heads, length, d, dtype=dtype, device=device) for _ in range(s.layers)]

    def step(self, tokens, position):
        s, (batch, n) = self.shape, tokens.shape
        end = position + n
        cos, sin = self.cos[position:end], self.sin[position:end]
        x = F.embedding(tokens, self.embedding)
        for layer, cache in zip(self.layers, self.cache):
            qkv = F.linear(F.rms_norm(x, (s.hidden,), layer["n1"], 1e-5), layer["qkv"]).view(batch, n, -1, s.head_dim).transpose(1, 2)
            q, k, v = qkv.split([s.heads, s.kv_heads, s.kv_heads], 1)
            cache[0, :, :, position:end] = rotate(k, cos, sin)
            cache[1, :, :, position:end] = v
            # A prompt at the start of the cache is causal; a single token sees all there is.
            a = F.scaled_dot_product_attention(rotate(q, cos, sin), cache[0, :, :, :end], cache[1, :, :, :end],
                                               is_causal=n > 1, enable_gqa=s.heads != s.kv_heads)
            x = x + F.linear(a.transpose(1, 2).reshape(batch, n, -1), layer["o"])
            gate, up = F.linear(F.rms_norm(x, (s.hidden,), layer["n2"], 1e-5), layer["up"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        return F.linear(F.rms_norm(x[:, -1], (s.hidden,), self.norm, 1e-5), self.head)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
