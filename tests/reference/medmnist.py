"""Small archives in MedMNIST's layout, as NumPy writes them, and what they hold.

Run with the packages of requirements-volumes.txt:

    python tests/reference/medmnist.py

writes tests/golden/medmnist/.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent.parent / "golden" / "medmnist"
COUNTS = {"train": 5, "val": 2, "test": 3}


def scaled(images):
    """Each image scaled by its own maximum to 0..255; colour by ITU-R BT.601 first."""
    values = images.astype(np.float64)
    if values.ndim == 4:
        values = values @ np.array([0.299, 0.587, 0.114])
    largest = values.max(axis=(1, 2), keepdims=True)
    return np.rint(values / largest * 255).astype(int).reshape(len(values), -1).tolist()


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    several, one, expected = {}, {}, {}
    for split, count in COUNTS.items():
        several[f"{split}_images"] = random.integers(0, 200, (count, 12, 12), dtype=np.uint8)
        several[f"{split}_labels"] = random.integers(0, 2, (count, 14), dtype=np.uint8)
        one[f"{split}_images"] = random.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
        one[f"{split}_labels"] = random.integers(0, 9, (count, 1), dtype=np.int64)
    np.savez_compressed(HERE / "chestmnist.npz", **several)
    np.savez(HERE / "pathmnist_12.npz", **one)
    for name, arrays in [("chestmnist", several), ("pathmnist_12", one)]:
        expected[name] = {
            "labels": [row for split in COUNTS for row in arrays[f"{split}_labels"].tolist()],
            "images": [row for split in COUNTS for row in scaled(arrays[f"{split}_images"])],
        }
    text = json.dumps(expected, separators=(",", ":"))
    (HERE / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
