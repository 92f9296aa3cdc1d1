"""A small set in the seed system's layout, written by an independent TFRecord writer.

Run with the packages of requirements-volumes.txt:

    python tests/reference/tfrecord_set.py

writes tests/golden/tfrecord/.
"""

import json
from pathlib import Path

import numpy as np
from tfrecord.writer import TFRecordWriter

HERE = Path(__file__).resolve().parent.parent / "golden" / "tfrecord"


def write(images, power):
    writer = TFRecordWriter(str(HERE / f"set-r{power:02}.tfrecords"))
    for image in images:
        shape = [1, *image.shape]
        writer.write({"shape": (shape, "int"), "data": (image.tobytes(), "byte")})
    writer.close()


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(5)
    images = random.integers(0, 256, (6, 16, 16), dtype=np.uint8)
    labels = random.integers(0, 2, (6, 3)).astype(np.float32)
    halves = images.reshape(6, 8, 2, 8, 2).astype(np.float32).mean(axis=(2, 4))
    write(images, 4)
    write(np.rint(halves).astype(np.uint8), 3)
    expected = {"images": images.reshape(6, -1).tolist(), "labels": labels.astype(int).tolist()}
    with open(HERE / "set-rxx.labels", "wb") as file:
        np.save(file, labels)
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
