"""Golden values for the classifiers, from PyTorch and torchvision.

Run with the versions of requirements.txt:

    python tests/reference/classifier.py

Writes tests/golden/cnn.safetensors (weights, inputs and everything that one training step computes)
and tests/golden/densenet121.safetensors (inputs and results; eight million weights are too many to
store, so they are drawn by a formula that the test repeats). In double precision.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from safetensors.numpy import save_file

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
FINDINGS = 3
LABELS = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 0, 0]]
# Sides of the input of DenseNet-121; at the second one a side is odd where it is halved.
SIDE, ODD_SIDE = 64, 72
RATE = 0.001


def uniform(stream, count):
    """Numbers in -1..1, exact in single precision: splitmix64 of `stream << 32 | index`."""
    with np.errstate(over="ignore"):
        x = (np.uint64(stream) << np.uint64(32)) + np.arange(count, dtype=np.uint64)
        x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return ((x >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0).astype(np.float32)


def kind(name, shape):
    """Scale and offset of a tensor's numbers: He's for kernels, near one for norms."""
    if name.endswith("running_var"):
        return 0.5, 1.0
    if len(shape) > 1:
        return math.sqrt(6.0 / math.prod(shape[1:])), 0.0
    if name.endswith("norm.weight") or ".norm" in name and name.endswith(".weight"):
        return 0.3, 1.0
    return 0.1, 0.0


def fill(model):
    """Draws every tensor, each from a stream of its own; gives what a test needs to do the same."""
    recipe = []
    tensors = {n: v for n, v in model.state_dict().items() if not n.endswith("batches_tracked")}
    for stream, (name, value) in enumerate(tensors.items(), start=1000):
        scale, offset = (float(np.float32(number)) for number in kind(name, value.shape))
        numbers = uniform(stream, value.numel()) * np.float32(scale) + np.float32(offset)
        value.copy_(torch.from_numpy(numbers.astype(np.float64)).reshape(value.shape))
        recipe.append([name, list(value.shape), stream, scale, offset])
    return recipe


def smooth_bytes(stream, count, side):
    """Images as bytes: coarse shapes under noise."""
    coarse = torch.from_numpy(uniform(stream, count * 16)).reshape(count, 1, 4, 4)
    shapes = F.interpolate(coarse, size=side, mode="bilinear").numpy()
    noise = uniform(stream + 1, shapes.size).reshape(shapes.shape)
    return np.clip(128 + 90 * shapes + 30 * noise, 0, 255).astype(np.uint8)[:, 0]


class Cnn(nn.Module):
    """Blocks of convolution, norm, rectifier and 2x2 average, then an average of what is left."""

    def __init__(self, widths):
        super().__init__()
        self.depth = len(widths)
        for position, (inputs, outputs) in enumerate(zip([1] + widths, widths)):
            block = nn.Module()
            block.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            block.norm = nn.BatchNorm2d(outputs)
            setattr(self, f"block{position}", block)
        self.classifier = nn.Linear(widths[-1], FINDINGS)

    def forward(self, x):
        for position in range(self.depth):
            block = getattr(self, f"block{position}")
            x = F.avg_pool2d(F.relu(block.norm(block.conv(x))), 2)
        return self.classifier(x.mean(dim=(2, 3)))


def weighted_loss(logits, labels):
    """Each finding's cases weighted by the share of the other kind among all labels."""
    positive_share = labels.mean(dim=0)
    weight = labels * (1 - positive_share) + (1 - labels) * positive_share
    return F.binary_cross_entropy_with_logits(logits, labels, weight=weight)


def imagenet(images):
    """Grey bytes as torchvision's networks want them."""
    x = torch.from_numpy(images).double().unsqueeze(1).expand(-1, 3, -1, -1) / 255
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    return torchvision.transforms.functional.normalize(x, mean, deviation)


def trained(model, x, labels):
    """One training step: its logits, loss, gradients, and what it leaves behind."""
    model.train()
    model.zero_grad()
    logits = model(x)
    loss = weighted_loss(logits, labels)
    loss.backward()
    gradients = {name: value.grad.clone() for name, value in model.named_parameters()}
    torch.optim.Adam(model.parameters(), lr=RATE).step()
    return {"train_logits": logits, "loss": loss.reshape(1)}, gradients, model.state_dict()


def save(name, golden, metadata):
    arrays = {}
    for key, value in golden.items():
        value = value.detach().numpy() if torch.is_tensor(value) else value
        value = value if value.dtype == np.uint8 else value.astype(np.float32)
        arrays[key] = np.ascontiguousarray(value)
    versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    metadata = {"made_by": f"tests/reference/classifier.py with {versions}"} | metadata
    save_file(arrays, GOLDEN / f"{name}.safetensors", metadata)


@torch.no_grad()
def evaluated(model, x):
    model.eval()
    return model(x)


def write_cnn():
    model = Cnn([4, 6]).double()
    fill(model)
    images = smooth_bytes(1, len(LABELS), 8)
    labels = torch.tensor(LABELS, dtype=torch.float64)
    x = torch.from_numpy(images).double().unsqueeze(1) / 127.5 - 1
    golden = {"images": images, "labels": np.array(LABELS, dtype=np.uint8)}
    golden |= {f"before/{name}": value.clone() for name, value in model.state_dict().items()}
    golden["eval_logits"] = evaluated(model, x)
    out, gradients, after = trained(model, x, labels)
    golden |= out | {f"gradient/{name}": value for name, value in gradients.items()}
    golden |= {f"after/{name}": value for name, value in after.items()}
    save("cnn", {k: v for k, v in golden.items() if not k.endswith("batches_tracked")}, {})


def write_densenet():
    model = torchvision.models.densenet121(weights=None, num_classes=FINDINGS).double()
    recipe = fill(model)
    images = smooth_bytes(3, len(LABELS), SIDE)
    odd = smooth_bytes(5, 2, ODD_SIDE)
    labels = torch.tensor(LABELS, dtype=torch.float64)
    golden = {"images": images, "labels": np.array(LABELS, dtype=np.uint8), "odd_images": odd}
    golden["eval_logits"] = evaluated(model, imagenet(images))
    golden["odd_logits"] = evaluated(model, imagenet(odd))
    out, gradients, after = trained(model, imagenet(images), labels)
    # One number a tensor: the length of its gradient, in the order of the recipe.
    names = [name for name, *_ in recipe if name in gradients]
    lengths = torch.stack([gradients[name].norm() for name in names])
    golden |= out | {"gradient_lengths": lengths}
    for norm in ["norm0", "denseblock1.denselayer6.norm2", "transition2.norm", "norm5"]:
        for part in ["running_mean", "running_var"]:
            name = f"features.{norm}.{part}"
            golden[f"after/{name}"] = after[name]
    save("densenet121", golden, {"recipe": json.dumps(recipe, separators=(",", ":"))})


if __name__ == "__main__":
    write_cnn()
    write_densenet()
