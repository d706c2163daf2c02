"""Our n-grams against scikit-learn's: the same terms, the same numbers, for any text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.ngrams import Kind, NgramFeatures, NgramTable, plain

TAUGHT = [
    "where is my order",
    "Wo ist meine Bestellung 12?",
    "I'd like 3 mugs, please!",
    "¿dónde está mi pedido?",
    "a",
    "",
    "mug mug mug",
    "ñandú — café",
]
SHAPES: list[tuple[Kind, tuple[int, int]]] = [
    ("word", (1, 2)),
    ("char_wb", (2, 5)),
    ("word", (2, 3)),
    ("char_wb", (1, 3)),
]


def theirs(kind: str, ngrams: tuple[int, int]) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(
        analyzer=kind,
        ngram_range=ngrams,
        preprocessor=plain,
        token_pattern=r"(?u)\b\w+\b" if kind == "word" else None,
        sublinear_tf=True,
        dtype=np.float32,
    )
    return vectorizer.fit(TAUGHT)


def same(kind: Kind, ngrams: tuple[int, int], texts: list[str]) -> None:
    ours, other = NgramTable.fit(kind, ngrams, TAUGHT), theirs(kind, ngrams)
    assert list(ours.terms) == other.get_feature_names_out().tolist()
    assert np.allclose(ours.idf, other.idf_, atol=1e-6)
    rows = NgramFeatures([ours]).rows(texts)
    assert rows is not None
    dense = rows.times(np.eye(rows.width, dtype=np.float32))
    assert np.allclose(dense, other.transform(texts).toarray(), atol=1e-6)


@pytest.mark.parametrize(("kind", "ngrams"), SHAPES)
def test_the_same_as_scikit_learn(kind: Kind, ngrams: tuple[int, int]) -> None:
    same(kind, ngrams, TAUGHT)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.sampled_from(SHAPES))
def test_the_same_as_scikit_learn_for_any_text(texts: list[str], shape: tuple[Kind, tuple[int, int]]) -> None:
    same(*shape, texts)


def test_tables_stand_side_by_side() -> None:
    tables = [NgramTable.fit(kind, ngrams, TAUGHT) for kind, ngrams in SHAPES[:2]]
    rows = NgramFeatures(tables).rows(TAUGHT)
    assert rows is not None
    assert rows.width == sum(len(table.terms) for table in tables)
    separate = [theirs(kind, ngrams).transform(TAUGHT).toarray() for kind, ngrams in SHAPES[:2]]
    assert np.allclose(rows.times(np.eye(rows.width, dtype=np.float32)), np.hstack(separate), atol=1e-6)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no text holds a word"):
        NgramTable.fit("word", (1, 2), ["", "?!"])


def test_no_tables_have_no_rows() -> None:
    assert NgramFeatures([]).rows(["words"]) is None
