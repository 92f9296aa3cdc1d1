"""Golden values of both GANs, from an implementation in PyTorch on the CPU.

    pip install -r tests/reference/requirements.txt
    python tests/reference/gan.py

writes tests/golden/{cpd,prog,prog_fading}/: the weights of both networks, a batch, and what comes
of them: images, verdicts, losses, the gradient penalty, all gradients, and the weights after one
step of Adam. The networks are written with PyTorch's own convolutions and resampling.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

GOLDEN = Path(__file__).parent.parent / "golden"
SIDE, FINDINGS, LATENT, WIDTHS, BATCH = 16, 3, 4, [6, 4, 4], 8
LEARNING_RATE, LAMBDA, DRIFT = 0.003, 10.0, 0.001


class Weights:
    """Named weights that are drawn when first asked for."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.values = {}

    def __call__(self, name, *shape):
        if name not in self.values:
            value = torch.randn(*shape, generator=self.generator)
            # Biases off zero, so that they show.
            if name.endswith("/bias"):
                value = 0.3 * value
            self.values[name] = value.requires_grad_()
        return self.values[name]


def leaky(x):
    return F.leaky_relu(x, 0.2)


def dense(w, name, x, outputs, gain):
    inputs = x.shape[1]
    weight = w(f"{name}/weight", inputs, outputs) * (gain / math.sqrt(inputs))
    return x @ weight + w(f"{name}/bias", outputs)


def kernel(w, name, inputs, outputs, size, gain):
    weight = w(f"{name}/weight", outputs, inputs, size, size)
    return weight * (gain / math.sqrt(inputs * size * size)), w(f"{name}/bias", outputs)


def conv(w, name, x, outputs, size=3, gain=math.sqrt(2), stride=1):
    weight, bias = kernel(w, name, x.shape[1], outputs, size, gain)
    return F.conv2d(x, weight, bias, stride=stride, padding=size // 2)


def down(w, name, x, outputs):
    """Convolve, then average 2x2 boxes."""
    weight, bias = kernel(w, name, x.shape[1], outputs, 3, math.sqrt(2))
    return F.avg_pool2d(F.conv2d(x, weight, bias, padding=1), 2)


def up(w, name, x, outputs):
    """Repeat pixels, then convolve with the mirrored kernel."""
    weight, bias = kernel(w, name, x.shape[1], outputs, 3, math.sqrt(2))
    return F.conv2d(F.interpolate(x, scale_factor=2), weight.flip(2, 3), bias, padding=1)


def norm(x):
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


def deviation(x):
    """Minibatch standard deviation in groups of four (one feature)."""
    batch, channels, side, _ = x.shape
    groups = x.reshape(4, batch // 4, channels, side, side)
    spread = (groups - groups.mean(0)).square().mean(0).add(1e-8).sqrt().mean((1, 2, 3))
    return torch.cat([x, spread.repeat(4).reshape(batch, 1, 1, 1).expand(batch, 1, side, side)], 1)


def conditional(w, name, x, condition):
    scale = dense(w, f"{name}/scale", condition, x.shape[1], 1.0)
    shift = dense(w, f"{name}/shift", condition, x.shape[1], 1.0)
    return norm(x) * scale[:, :, None, None] + shift[:, :, None, None]


class Cpd:
    name, level, fade = "cpd", 2, 1.0

    def generate(self, w, latents, labels):
        condition = norm(torch.cat([latents, labels], 1))
        x = leaky(dense(w, "first", condition, WIDTHS[0] * 16, math.sqrt(2) / 4))
        x = conditional(w, "first_norm", x.reshape(-1, WIDTHS[0], 4, 4), condition)
        image = None
        for level, width in enumerate(WIDTHS):
            name = f"level{level}"
            if level > 0:
                x = leaky(up(w, f"{name}/up", x, width))
                x = conditional(w, f"{name}/up_norm", x, condition)
                image = F.interpolate(image, scale_factor=2)
            x = conditional(w, f"{name}/norm", leaky(conv(w, f"{name}/conv", x, width)), condition)
            detail = conv(w, f"{name}/to_image", x, 1, size=1, gain=1.0)
            image = detail if image is None else image + detail
        return image

    def judge(self, w, images, labels):
        x = leaky(conv(w, "from_image", images, WIDTHS[-1], size=1))
        for level in range(len(WIDTHS) - 1, 0, -1):
            name, inputs, outputs = f"block{level}", WIDTHS[level], WIDTHS[level - 1]
            skip = conv(w, f"{name}/skip", x, outputs, size=1, gain=1.0, stride=2)
            x = leaky(down(w, f"{name}/down", leaky(conv(w, f"{name}/conv", x, inputs)), outputs))
            x = (x + skip) / math.sqrt(2)
        x = leaky(conv(w, "last_conv", deviation(x), WIDTHS[0]))
        x = leaky(dense(w, "dense", x.flatten(1), WIDTHS[0], math.sqrt(2)))
        return (dense(w, "score", x, FINDINGS, 1.0) * labels).sum(1), None


class Prog:
    def __init__(self, name, fade):
        self.name, self.level, self.fade = name, 2, fade

    def generate(self, w, latents, labels):
        x = norm(torch.cat([latents, labels], 1))
        x = leaky(dense(w, "first", x, WIDTHS[0] * 16, math.sqrt(2) / 4))
        x = norm(x.reshape(-1, WIDTHS[0], 4, 4))
        x = norm(leaky(conv(w, "first_conv", x, WIDTHS[0])))
        images = []
        for level in (1, 2):
            name, width = f"level{level}", WIDTHS[level]
            x = norm(leaky(up(w, f"{name}/up", x, width)))
            x = norm(leaky(conv(w, f"{name}/conv", x, width)))
            images.append(conv(w, f"{name}/to_image", x, 1, size=1, gain=1.0))
        coarse = F.interpolate(images[0], scale_factor=2)
        return coarse * (1 - self.fade) + images[1] * self.fade

    def judge(self, w, images, labels):
        def enter(level, images):
            return leaky(conv(w, f"level{level}/from_image", images, WIDTHS[level], size=1))

        def step(level, x):
            x = leaky(conv(w, f"level{level}/conv", x, WIDTHS[level]))
            return leaky(down(w, f"level{level}/down", x, WIDTHS[level - 1]))

        x = step(2, enter(2, images))
        x = enter(1, F.avg_pool2d(images, 2)) * (1 - self.fade) + x * self.fade
        x = leaky(conv(w, "last_conv", deviation(step(1, x)), WIDTHS[0]))
        x = leaky(dense(w, "dense", x.flatten(1), WIDTHS[0], math.sqrt(2)))
        return dense(w, "score", x, 1, 1.0)[:, 0], dense(w, "classes", x, FINDINGS, 1.0)


def class_loss(logits, labels):
    if logits is None:
        return 0.0
    share = labels / labels.sum(1, keepdim=True).clamp(min=1)
    return -(F.log_softmax(logits, 1) * share).sum(1).mean()


def adam(values, gradients):
    """One step from rest: torch.optim.Adam with the seed system's numbers."""
    parameters = [torch.nn.Parameter(value.detach().clone()) for value in values]
    optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE, betas=(0.0, 0.99), eps=1e-8)
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    optimiser.step()
    return [parameter.detach() for parameter in parameters]


def record(network, seed):
    random = torch.Generator().manual_seed(seed)
    labels = (torch.rand(BATCH, FINDINGS, generator=random) > 0.5).float()
    labels[:, 0] = torch.where(labels.sum(1) == 0, 1.0, labels[:, 0])
    latents = torch.randn(BATCH, LATENT, generator=random)
    real = torch.rand(BATCH, 1, SIDE, SIDE, generator=random) * 2 - 1
    mixed = torch.rand(BATCH, 1, SIDE, SIDE, generator=random) * 2 - 1
    weights_g, weights_d = Weights(seed + 1), Weights(seed + 2)

    images = network.generate(weights_g, latents, labels)
    fake = images.detach()
    real_score, real_classes = network.judge(weights_d, real, labels)
    fake_score, fake_classes = network.judge(weights_d, fake, labels)
    loss_d = fake_score.mean() - real_score.mean() + DRIFT * real_score.square().mean()
    loss_d = loss_d + class_loss(real_classes, labels) + class_loss(fake_classes, labels)
    between = mixed.clone().requires_grad_()
    score, _ = network.judge(weights_d, between, labels)
    (slope,) = torch.autograd.grad(score.sum(), between, create_graph=True)
    penalty = LAMBDA * (slope.flatten(1).square().sum(1).add(1e-8).sqrt() - 1).square().mean()

    score, classes = network.judge(weights_d, images, labels)
    loss_g = -score.mean() + class_loss(classes, labels)

    folder = GOLDEN / network.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, weights, loss in [("generator", weights_g, loss_g), ("discriminator", weights_d, loss_d + penalty)]:
        names, values = list(weights.values), list(weights.values.values())
        gradients = torch.autograd.grad(loss, values, retain_graph=True, materialize_grads=True)
        store = lambda part, tensors: save_file(
            {key: tensor.detach().contiguous() for key, tensor in zip(names, tensors)},
            folder / f"{name}{part}.safetensors",
        )
        store("", values)
        store("_gradient", gradients)
        store("_after", adam(values, gradients))
    batch = dict(
        labels=labels, latents=latents, real=real, mixed=mixed, images=images, slope=slope,
        real_score=real_score, fake_score=fake_score, penalty=penalty, loss_d=loss_d, loss_g=loss_g,
    )
    if real_classes is not None:
        batch["real_classes"] = real_classes
    save_file(
        {key: value.detach().contiguous() for key, value in batch.items()},
        folder / "batch.safetensors",
        metadata={"torch": torch.__version__},
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    record(Cpd(), 10)
    record(Prog("prog", 1.0), 20)
    record(Prog("prog_fading", 0.3), 30)
