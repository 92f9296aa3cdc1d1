"""AUROC, ROC curves and nearest neighbours by scikit-learn, for tests/measure.rs.

Versions: numpy 1.26.4, scikit-learn 1.5.2 (requirements.txt). Run from the project's root:
    python tests/reference/measure.py
Scores are rounded to few digits, so that they tie alike in 32 and 64 bits.
"""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

GOLDEN = Path(__file__).parent.parent / "golden"


def corners(false_rates, true_rates, thresholds, positives, negatives):
    """The points at which the curve bends, found in whole numbers of cases."""
    x = [round(rate * negatives) for rate in false_rates]
    y = [round(rate * positives) for rate in true_rates]
    points = []
    for i in range(len(x)):
        inner = 0 < i < len(x) - 1
        if inner:
            one = Fraction(x[i] - x[i - 1]) * (y[i + 1] - y[i])
            two = Fraction(y[i] - y[i - 1]) * (x[i + 1] - x[i])
            if one == two:
                continue
        threshold = None if i == 0 else float(thresholds[i])
        points.append([float(false_rates[i]), float(true_rates[i]), threshold])
    return points


def curve(name, scores, labels):
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    points = roc_curve(labels, scores, drop_intermediate=False)
    return {
        "name": name,
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "auroc": float(roc_auc_score(labels, scores)),
        "roc": corners(*points, positives, negatives),
    }


def curves(random):
    labels = (random.random(80) < 0.3).astype(int)
    shifted = random.normal(size=80) + labels
    few = (np.arange(40) == 7).astype(int)
    return [
        curve("no ties", np.round(shifted, 6), labels),
        curve("many ties", np.round(shifted, 0), labels),
        curve("all tied", np.full(80, 0.5), labels),
        curve("perfect", labels + np.round(random.random(80), 3) / 2, labels),
        curve("worse than chance", np.round(-shifted, 1), labels),
        curve("one positive", np.round(random.random(40), 1), few),
    ]


def several(random):
    labels = (random.random((120, 4)) < [0.5, 0.2, 0.08, 0.35]).astype(int)
    scores = np.round(random.random((120, 4)) + 0.4 * labels, 2)
    return {
        "scores": scores.ravel().tolist(),
        "labels": labels.ravel().tolist(),
        "findings": 4,
        "macro": float(roc_auc_score(labels, scores, average="macro")),
        "micro": float(roc_auc_score(labels, scores, average="micro")),
    }


def neighbours(random):
    candidates = np.round(random.normal(size=(30, 6)), 2).astype(np.float32)
    candidates[11] = 0
    queries = np.round(random.normal(size=(12, 6)), 2).astype(np.float32)
    queries[3] = candidates[20]
    queries[4] = 3 * candidates[21]
    result = {"width": 6, "queries": queries.ravel().tolist(), "candidates": candidates.ravel().tolist()}
    for metric in ("cosine", "euclidean"):
        model = NearestNeighbors(n_neighbors=1, metric=metric, algorithm="brute")
        distances, indices = model.fit(candidates.astype(float)).kneighbors(queries.astype(float))
        result[metric] = {"indices": indices.ravel().tolist(), "distances": distances.ravel().tolist()}
    return result


def main():
    random = np.random.default_rng(20)
    measured = {"curves": curves(random), "several": several(random)}
    (GOLDEN / "measure.json").write_text(json.dumps(measured) + "\n")
    (GOLDEN / "neighbours.json").write_text(json.dumps(neighbours(random)) + "\n")


if __name__ == "__main__":
    main()
