"""Learn the weights behind `confidence` from a gold set, and show how well they hold on another.

    python tools/train_confidence.py ../shared/gold               learn from train, write confidence.toml
    python tools/train_confidence.py ../shared/gold --check dev   the calibration table of docs/quotes.md

The model is a logistic regression (Newton's method, L2). Its shares are then replaced by what was borne out for quotes
of outlets left out of the fit (five folds by outlet), and lowered to the safe end of its interval: see `steps_from`.
"""

import argparse
import importlib.util
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from newsetl.pipeline import process_record
from newsetl.records import Article, Fields, Place, RawRecord
from newsetl.stages.quotes.confidence import Calibration, features, load_calibration, model_share, tell_confidence

TABLE = Path(__file__).parents[1] / "src" / "newsetl" / "stages" / "quotes" / "confidence.toml"
FOLDS = 5
L2 = 2.0  # strength of the pull towards 0; chosen by held-out log loss among 0.5, 1, 2, 4, 8
RARE = 8  # features seen less often are left out
CAUTION = 1.645  # standard errors below what was borne out: true in 19 of 20 cases
STEP_QUOTES = (
    100  # quotes that a step needs: with fewer (40 to 80 were tried) its safe end is lower than what is borne out
)
HEAD = "# Written by tools/train_confidence.py from the training gold set; see docs/quotes.md. Not edited by hand.\n"


def load_score(folder: Path) -> ModuleType:
    """The scorer that lies beside the gold sets."""
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"no score.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_gold(folder: Path, name: str) -> Iterator[tuple[str, Article, dict[str, object]]]:
    """Outlet, article as the pipeline makes it, and annotation, for each article of a gold set."""
    _, notes = load_score(folder).load_gold(folder, name)
    for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        fields = Fields(external_id=row["id"], title=row.get("title"), text=row["text"], source=row.get("outlet"))
        article = process_record(RawRecord(Place(name, None, 0, ""), "text", fields=fields))
        if isinstance(article, Article):
            yield row.get("outlet") or "", article, notes[row["id"]]


def judge(score: ModuleType, article: Article, note: dict[str, object]) -> list[bool]:
    """For each quote found: are content and speaker right?"""
    text = article.document.text
    golds = note["quotes"]
    found = [{"words": score.words(" ".join(text[s.start : s.end] for s in q.segments))} for q in article.quotes]
    right = [False] * len(found)
    for i, j, value in score.pair(golds, found):
        gold = golds[i]
        name = article.quotes[j].speaker_name
        speaker = score.right_speaker(gold, name) if gold["speaker_kind"] != "unknown" else not name
        right[j] = bool(value >= score.RELAXED[gold["type"]] and speaker)
    return right


def collect(folder: Path, name: str) -> tuple[list[str], list[list[str]], np.ndarray]:
    """Outlet, features and rightness of each quote that the engine finds in a gold set."""
    score = load_score(folder)
    outlets, rows, labels = [], [], []
    for outlet, article, note in read_gold(folder, name):
        for position, right in enumerate(judge(score, article, note)):
            outlets.append(outlet)
            rows.append(features(article.document, article.quotes, position))
            labels.append(right)
    return outlets, rows, np.array(labels, dtype=float)


def fit(rows: Sequence[Sequence[str]], labels: np.ndarray) -> dict[str, float]:
    """Weights of the logistic model by Newton's method."""
    counts = Counter(name for row in rows for name in row)
    names = sorted(name for name, count in counts.items() if count >= RARE)
    index = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        matrix[i, [index[name] for name in row if name in index]] = 1.0
    weights = np.zeros(len(names))
    for _ in range(25):
        shares = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (labels - shares) - L2 * weights
        hessian = (matrix * (shares * (1 - shares))[:, None]).T @ matrix + L2 * np.eye(len(names))
        weights += np.linalg.solve(hessian, gradient)
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def held_out(outlets: Sequence[str], rows: Sequence[Sequence[str]], labels: np.ndarray) -> np.ndarray:
    """The model's share for each quote when its outlet is left out of the fit."""
    by_size = [outlet for outlet, _ in Counter(outlets).most_common()]
    fold = {outlet: i % FOLDS for i, outlet in enumerate(by_size)}
    shares = np.zeros(len(rows))
    for number in range(FOLDS):
        inside = [i for i, outlet in enumerate(outlets) if fold[outlet] != number]
        weights = fit([rows[i] for i in inside], labels[inside])
        for i, outlet in enumerate(outlets):
            if fold[outlet] == number:
                shares[i] = model_share(rows[i], weights)
    return shares


def steps_from(shares: np.ndarray, labels: np.ndarray) -> list[tuple[float, float]]:
    """Steps (model's share from, share borne out): neighbours are pooled until they rise (isotonic regression)."""
    order = np.argsort(shares, kind="stable")
    groups = [
        [float(shares[part[0]]), float(labels[part].sum()), len(part)]
        for part in np.array_split(order, max(1, len(order) // STEP_QUOTES))
    ]
    pooled: list[list[float]] = []
    for group in groups:
        pooled.append(group)
        while len(pooled) > 1 and pooled[-2][1] / pooled[-2][2] >= pooled[-1][1] / pooled[-1][2]:
            _, right, count = pooled.pop()
            pooled[-1] = [pooled[-1][0], pooled[-1][1] + right, pooled[-1][2] + count]
    pooled[0][0] = 0.0
    steps: list[tuple[float, float]] = []
    for low, right, count in pooled:
        steps.append((round(low, 3), max(round(cautious(right, count), 3), steps[-1][1] if steps else 0.0)))
    return steps


def cautious(right: float, count: float) -> float:
    """The lower end of a share's 90 % interval (Wilson)."""
    share, z2 = right / count, CAUTION * CAUTION
    centre = share + z2 / (2 * count)
    return (centre - CAUTION * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))) / (1 + z2 / count)


def write_table(weights: dict[str, float], steps: list[tuple[float, float]]) -> None:
    """The learned table as TOML."""
    lines = [HEAD, "steps = ["]
    lines += [f"  [{low}, {share}]," for low, share in steps]
    lines += ["]", "", "[weights]"]
    lines += [f"{json.dumps(name, ensure_ascii=False)} = {weight}" for name, weight in sorted(weights.items())]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def show(folder: Path, name: str, table: Calibration) -> None:
    """How often quotes of each confidence are right, as Markdown."""
    score = load_score(folder)
    told: list[tuple[float, bool]] = []
    for _, article, note in read_gold(folder, name):
        told += [
            (tell_confidence(article.document, article.quotes, position, table), right)
            for position, right in enumerate(judge(score, article, note))
        ]
    print(f"| confidence on {name} | quotes | right | of 100 |\n|---|---|---|---|")
    for low, high in ((0.9, 1.01), (0.8, 0.9), (0.7, 0.8), (0.5, 0.7), (0.0, 0.5)):
        group = [right for value, right in told if low <= value < high]
        share = f"{100 * sum(group) / len(group):.1f}" if group else "–"
        print(f"| {low} to {min(high, 1)} | {len(group)} | {sum(group)} | {share} |")


def main() -> None:
    """Learn and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="folder of the gold sets")
    parser.add_argument("--check", metavar="NAME", action="append", help="only show the table for this set")
    arguments = parser.parse_args()
    if not arguments.check:
        outlets, rows, labels = collect(arguments.gold, "train")
        shares = held_out(outlets, rows, labels)
        loss = -np.mean(np.log(np.where(labels > 0, shares, 1 - shares)))
        print(f"{len(rows)} quotes, {100 * labels.mean():.1f} of 100 right; held-out log loss {loss:.4f}")
        write_table(fit(rows, labels), steps_from(shares, labels))
        load_calibration.cache_clear()
    for name in arguments.check or ("train", "dev"):
        show(arguments.gold, name, load_calibration())


if __name__ == "__main__":
    main()
