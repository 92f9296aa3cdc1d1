"""Pixels of DICOM files by pydicom, for tests/data/dicom.rs.

Versions: requirements-dicom.txt. Run from the project's root:
    python tests/reference/dicom.py FOLDER_OF_SAMPLES
A lossless file gets the hash of its stored samples, every file that decodes its modality values in
grey, thinned; a file that does not decode gets the class of pydicom's error.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
from blake3 import blake3
from pydicom.pixels import apply_color_lut, apply_rescale

GOLDEN = Path(__file__).parent.parent / "golden"
LUMA = np.array([0.299, 0.587, 0.114])
# So many rows and columns of the first frame are kept.
KEPT = 8
# Grey by way of colours that the decoders turn into each other with roundings of their own.
LOSSY_COLOUR = {"SC_rgb_jpeg.dcm", "SC_rgb_jpeg_dcmtk.dcm"}
# Decoders round the sums of waves in ways of their own.
LOSSY = LOSSY_COLOUR | {"JPGExtended.dcm"}


def grey(dataset, stored):
    """Modality values `[frames, rows, columns]` in grey."""
    photometric = dataset.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        return apply_color_lut(stored, dataset) @ LUMA
    if dataset.SamplesPerPixel == 3:
        if photometric.startswith("YBR"):
            return stored[..., 0].astype(float)
        return stored @ LUMA
    return apply_rescale(stored, dataset).astype(float)


def described(path):
    try:
        dataset = pydicom.dcmread(path)
        stored = dataset.pixel_array if path.name in LOSSY_COLOUR else raw(dataset)
    except Exception as error:
        return {"error": type(error).__name__}
    if path.name in LOSSY_COLOUR:
        dataset.PhotometricInterpretation = "RGB"
    values = grey(dataset, stored)
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    first = values.reshape(frames, dataset.Rows, dataset.Columns)[0]
    rows, columns = (np.arange(KEPT) * side // KEPT for side in first.shape)
    made = {
        "shape": [frames, dataset.Rows, dataset.Columns, dataset.SamplesPerPixel],
        "grey": {
            "min": float(values.min()),
            "max": float(values.max()),
            "mean": float(values.mean()),
            "grid": [round(float(value), 4) for value in first[np.ix_(rows, columns)].ravel()],
        },
    }
    if path.name not in LOSSY:
        made["stored"] = blake3(stored.astype("<i4").tobytes()).hexdigest()
    return made


def raw(dataset):
    """Samples as they are stored: luminance stays luminance."""
    dataset.pixel_array_options(raw=True)
    return dataset.pixel_array


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    paths = sorted(Path(sys.argv[1]).glob("*.dcm"))
    golden = {path.name: described(path) for path in paths}
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in golden.items()]
    (GOLDEN / "dicom.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
