"""Resizing by Pillow, for tests/data.rs.

Versions: numpy 1.26.4, Pillow 10.4.0 (requirements.txt). Run from the project's root:
    python tests/reference/resize.py
Pillow's mode F resizes in floating point, so nothing is rounded before the end.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

GOLDEN = Path(__file__).parent.parent / "golden"
# Width, height, side, largest value.
SHAPES = [
    (16, 16, 8, 255),
    (30, 20, 8, 255),
    (21, 33, 16, 255),
    (13, 9, 8, 65535),
    (6, 6, 16, 255),
    (5, 9, 8, 255),
    (10, 3, 8, 65535),
    (8, 8, 8, 200),
]


def picture(random, width, height, largest):
    """A smooth picture with an edge and some noise, in whole numbers."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    values = 0.5 + 0.3 * np.sin(5 * x + 2) * np.cos(4 * y) + 0.15 * (x > 0.6)
    values += random.uniform(-0.1, 0.1, size=values.shape)
    return np.round(np.clip(values, 0, 1) * largest)


def square(random, width, height, side, largest, kind=None):
    values = picture(random, width, height, largest)
    shrinks = width >= side and height >= side
    kind = kind or (Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR)
    resized = np.asarray(Image.fromarray(values.astype(np.float32)).resize((side, side), kind))
    scaled = np.maximum(resized, 0) / resized.max() * 255
    return {
        "width": width,
        "height": height,
        "side": side,
        "pixels": values.ravel().tolist(),
        "expected": np.floor(scaled + 0.5).ravel().tolist(),
    }


def enlarged(random, side, wanted):
    values = picture(random, side, side, 255)
    image = Image.fromarray(values.astype(np.float32))
    expected = np.asarray(image.resize((wanted, wanted), Image.Resampling.BILINEAR))
    return {
        "side": side,
        "wanted": wanted,
        "pixels": values.ravel().tolist(),
        "expected": [round(float(value), 3) for value in expected.ravel()],
    }


def halved(random, side):
    values = picture(random, side, side, 255).astype(np.uint8)
    expected = np.asarray(Image.fromarray(values).reduce(2))
    return {
        "side": side,
        "pixels": values.ravel().tolist(),
        "expected": expected.ravel().tolist(),
    }


def grey(random):
    colours = random.integers(0, 256, size=(6, 8, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(colours).convert("L"))
    return {
        "width": 8,
        "height": 6,
        "colours": colours.ravel().tolist(),
        "expected": expected.ravel().tolist(),
    }


def main():
    random = np.random.default_rng(4)
    golden = {
        "squares": [square(random, *shape) for shape in SHAPES],
        "enlarged": [enlarged(random, 8, 16), enlarged(random, 8, 28), enlarged(random, 5, 7)],
        "halved": [halved(random, 16)],
        "grey": grey(random),
        "bicubic": [square(random, *shape, Image.Resampling.BICUBIC) for shape in SHAPES],
    }
    (GOLDEN / "resize.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
