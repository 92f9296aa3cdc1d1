"""JPEGs by Pillow and the squares that it makes of them, for tests/data/jpeg.rs.

Versions: numpy 1.26.4, Pillow 10.4.0 (requirements.txt). Run from the project's root:
    python tests/reference/jpeg.py
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

GOLDEN = Path(__file__).parent.parent / "golden" / "jpeg"
# Width, height, side, how it is saved, and by how much sides shrink before pixels are made; 1 for files
# that a general decoder reads.
CASES = {
    "grey-uneven": (64, 48, 20, {"quality": 90}, 1),
    "grey-half": (32, 64, 16, {"quality": 90}, 2),
    "grey-quarter": (64, 128, 16, {"quality": 90}, 4),
    "grey-eighth": (64, 128, 8, {"quality": 75}, 8),
    "grey-more": (96, 96, 2, {"quality": 95}, 8),
    "grey-border": (60, 36, 6, {"quality": 90}, 2),
    "grey-fine": (64, 64, 16, {"quality": 100}, 4),
    "grey-coarse": (64, 64, 16, {"quality": 20}, 4),
    "grey-optimised": (64, 64, 16, {"quality": 90, "optimize": True}, 4),
    "grey-restarts": (64, 64, 16, {"quality": 90, "restart_marker_blocks": 3}, 4),
    "grey-progressive": (64, 64, 16, {"quality": 90, "progressive": True}, 1),
    "colour-444": (64, 64, 16, {"quality": 90, "subsampling": "4:4:4"}, 4),
    "colour-422": (64, 64, 16, {"quality": 90, "subsampling": "4:2:2"}, 4),
    "colour-420": (64, 64, 32, {"quality": 90, "subsampling": "4:2:0"}, 2),
    "colour-border": (40, 56, 4, {"quality": 90, "subsampling": "4:2:0"}, 2),
    "colour-restarts": (64, 64, 8, {"quality": 90, "restart_marker_rows": 1}, 8),
    "colour-rgb": (64, 64, 16, {"quality": 90, "keep_rgb": True}, 1),
}


def picture(random, width, height, has_colour):
    """Smooth, with an edge, some noise, and places that are black or white."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    values = 0.5 + 0.5 * np.sin(5 * x + 2) * np.cos(4 * y) + 0.3 * (x > 0.6)
    values += random.uniform(-0.1, 0.1, size=values.shape)
    values = np.round(np.clip(values, 0, 1) * 255)
    if not has_colour:
        return Image.fromarray(values.astype(np.uint8))
    tint = np.stack([0.9 + 0.1 * x, 0.95 - 0.1 * y, 0.85 + 0.1 * x * y], axis=-1)
    return Image.fromarray(np.clip(20 + values[..., None] * tint * 0.85, 0, 255).astype(np.uint8))


def main():
    random = np.random.default_rng(6)
    GOLDEN.mkdir(exist_ok=True)
    cases = []
    for name, (width, height, side, options, factor) in CASES.items():
        path = GOLDEN / f"{name}.jpg"
        picture(random, width, height, name.startswith("colour")).save(path, **options)
        grey = np.asarray(Image.open(path).convert("L")).astype(np.float32)
        square = np.asarray(Image.fromarray(grey).resize((side, side), Image.Resampling.BOX))
        expected = np.floor(square / square.max() * 255 + 0.5)
        cases.append(
            {
                "name": name,
                "width": width,
                "height": height,
                "side": side,
                "factor": factor,
                "expected": expected.ravel().astype(int).tolist(),
            }
        )
    (GOLDEN / "cases.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
