"""JPEGs of 1,024 px to grey squares of 256 px: msx beside Pillow, OpenCV and torchvision.

    pip install pillow numpy opencv-python-headless [torch torchvision]
    python benches/decoding.py path/to/msx [--count 1000] [--colour] [--grain 2]

Draws textured pictures, then runs every reader with two threads or processes in turn, each `--rounds`
times, and prints images a second and how many times faster msx is. All of them read files, make them
grey, average areas down to 256 px, and write one array of bytes; msx also hashes files, images and
array, and keeps them in a cache. A reader whose package is missing is left out by name.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 256
LARGE = 1024
EXPERIMENT = """
experiment decoding { seed: 1 }

dataset pictures: folder { path: "pictures", size: 256px }
"""


def draw(folder, count, colour, grain):
    """Smooth fields with edges and grain, as radiographs have, at the usual quality.

    How much grain decides how long entropy decoding takes, which all readers share. The 112,120 PNGs of
    1,024 px of ChestX-ray14 take 45 GB, 0.40 MB each; these take 0.38 MB with a grain of 1 grey level,
    0.47 MB with 2 and 0.66 MB with 6.
    """
    random = np.random.default_rng(1)
    target = folder / "pictures" / "class"
    target.mkdir(parents=True)
    grain = random.normal(0, grain, size=(2 * LARGE, 2 * LARGE)).astype(np.float32)
    y, x = np.mgrid[0:LARGE, 0:LARGE].astype(np.float32) / LARGE
    for number in range(count):
        phase, slope = random.uniform(0, 6, 2)
        field = 120 + 60 * np.sin(5 * x + phase) * np.cos(4 * y + slope) + 40 * (x + y > slope / 3)
        row, column = random.integers(0, LARGE, 2)
        field = field + grain[row : row + LARGE, column : column + LARGE]
        image = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))
        image = image.convert("RGB") if colour else image
        image.save(target / f"{number:05}.jpg", quality=90)
    return sorted(target.iterdir())


def with_pillow(path):
    image = Image.open(path).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def with_opencv(path):
    import cv2

    cv2.setNumThreads(1)
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def with_torchvision(path):
    import torch
    from torchvision.io import ImageReadMode, decode_image, read_file
    from torchvision.transforms.v2.functional import resize

    torch.set_num_threads(1)
    image = decode_image(read_file(str(path)), ImageReadMode.GRAY)
    return resize(image, [SIDE, SIDE], antialias=True).numpy()[0]


def in_pool(pool, read):
    def work(files, folder):
        with pool(2) as workers:
            images = list(workers.map(read, files, chunksize=16))
        np.save(folder / "images.npy", np.stack(images))

    return work


def with_msx(program):
    def work(_, folder):
        cache = folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        command = [program, "run", "experiment.msx", "--threads", "2"]
        environment = {**os.environ, "MSX_CACHE": str(cache)}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    return work


def processor_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("msx", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--grain", type=float, default=2, help="deviation in grey levels")
    arguments = parser.parse_args()
    readers = {
        "msx": with_msx(arguments.msx.resolve()),
        "Pillow, processes": in_pool(ProcessPoolExecutor, with_pillow),
    }
    if importlib.util.find_spec("cv2"):
        readers["OpenCV, threads"] = in_pool(ThreadPoolExecutor, with_opencv)
    if importlib.util.find_spec("torchvision"):
        readers["torchvision, threads"] = in_pool(ThreadPoolExecutor, with_torchvision)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        files = draw(folder, arguments.count, arguments.colour, arguments.grain)
        (folder / "experiment.msx").write_text(EXPERIMENT)
        best = {}
        for _ in range(arguments.rounds):
            for name, read in readers.items():
                begin, used = time.perf_counter(), processor_seconds()
                read(files, folder)
                spent = (time.perf_counter() - begin, processor_seconds() - used)
                best[name] = min(best.get(name, spent), spent, key=lambda pair: pair[1])
    wall, used = best["msx"]
    for name, (seconds, processor) in best.items():
        row = {
            "reader": name,
            "images a second": round(arguments.count / seconds),
            "processor ms an image": round(1000 * processor / arguments.count, 2),
            "times as long as msx": round(seconds / wall, 2),
            "times the processor time of msx": round(processor / used, 2),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
