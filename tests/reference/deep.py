"""Pictures of sixteen bits by Pillow, NumPy and pydicom, for tests/data/deep.rs.

Versions: numpy 2.4.6, Pillow 13.0.0, pydicom 3.0.2 (requirements-dicom.txt). Run from the project's root:
    python tests/reference/deep.py FOLDER_OF_SAMPLES
Pillow's mode F resizes in floating point, so nothing is rounded before the end. Windows are pydicom's, whose
output is brought to a share between black and white.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_rescale, apply_windowing

GOLDEN = Path(__file__).parent.parent / "golden"
WHITE = 65535
# Width, height, side, largest value: twelve bits and sixteen, smaller and larger.
SHAPES = [(16, 16, 8, 4095), (30, 20, 8, 65535), (21, 33, 16, 65535), (6, 6, 16, 65535)]
# File, centre, width: a CT of signed samples, an MR of sixteen bits.
SCANS = [("CT_small.dcm", 40, 400), ("CT_small.dcm", 600, 2800), ("MR_small.dcm", 600, 1600)]


def picture(random, width, height, largest):
    """A smooth picture with an edge and some noise, in whole numbers."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    values = 0.5 + 0.3 * np.sin(5 * x + 2) * np.cos(4 * y) + 0.15 * (x > 0.6)
    values += random.uniform(-0.1, 0.1, size=values.shape)
    return np.round(np.clip(values, 0, 1) * largest)


def levels(values):
    """Scaled by their own maximum, halves rounded up."""
    return np.floor(values / values.max() * WHITE + 0.5).astype(int).ravel().tolist()


def square(random, width, height, side, largest):
    values = picture(random, width, height, largest)
    kind = Image.Resampling.BOX if min(width, height) >= side else Image.Resampling.BILINEAR
    resized = Image.fromarray(values.astype(np.float32)).resize((side, side), kind)
    return {
        "width": width,
        "height": height,
        "side": side,
        "pixels": values.astype(int).ravel().tolist(),
        "expected": levels(np.asarray(resized, dtype=np.float64)),
    }


def halved(random, side):
    values = picture(random, side, side, WHITE).astype(np.int64)
    boxes = values.reshape(side // 2, 2, side // 2, 2).sum(axis=(1, 3))
    return {
        "side": side,
        "pixels": values.ravel().tolist(),
        "expected": ((boxes + 2) // 4).ravel().tolist(),
    }


def scan(folder, name, centre, width):
    dataset = pydicom.dcmread(folder / name)
    dataset.WindowCenter, dataset.WindowWidth = centre, width
    dataset.VOILUTFunction = "LINEAR"
    values = apply_rescale(dataset.pixel_array, dataset).astype(np.float64)
    shown = apply_windowing(values, dataset)
    # Black and white are the ends of what the stored bits can say, rescaled.
    bits = dataset.BitsStored
    ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)
    slope = float(dataset.get("RescaleSlope", 1))
    intercept = float(dataset.get("RescaleIntercept", 0))
    black, white = (end * slope + intercept for end in ends)
    expected = levels((shown - black) / (white - black))
    return {
        "file": name,
        "centre": centre,
        "width": width,
        "rows": dataset.Rows,
        "distinct": len(set(expected)),
        "expected": expected[:: dataset.Columns // 16 + 1],
        "step": dataset.Columns // 16 + 1,
    }


def main():
    random = np.random.default_rng(16)
    folder = Path(sys.argv[1])
    golden = {
        "squares": [square(random, *shape) for shape in SHAPES],
        "halved": [halved(random, 16)],
        "scans": [scan(folder, *entry) for entry in SCANS],
    }
    (GOLDEN / "deep.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
