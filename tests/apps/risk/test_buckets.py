"""Volatility buckets: which there are, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from apps.data.synthetic import synthetic_quotes
from apps.risk.buckets import bucket_expiries, volatility_buckets
from pricers.chain.quotes import Quotes


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return synthetic_quotes(min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=2.0)


def test_labels_follow_the_layout() -> None:
    buckets = volatility_buckets([0.1, 0.3, 0.8])
    assert len(buckets.labels) == buckets.size == 18
    assert buckets.labels[3] == "36d ATM" and buckets.labels[-1] == "9.6m +2 dev"
    weights = buckets.hats.weights(time=0.3, deviation=0.0)
    assert buckets.labels[int(np.argmax(weights))] == "3.6m ATM"


def test_a_whole_chain_has_the_usual_centres(quotes: Quotes) -> None:
    first, last = quotes.slices[0].expiry, quotes.slices[-1].expiry
    centres = bucket_expiries(quotes)
    assert centres == sorted(centres) and len(centres) >= 5
    assert first <= centres[0] and centres[-1] <= 1.05 * last


def test_one_expiry_is_one_centre(quotes: Quotes) -> None:
    for k in (0, 1, len(quotes.slices) // 2):
        alone = quotes.select(quotes.slice_index == k)
        assert bucket_expiries(alone) == [quotes.slices[k].expiry]
        assert volatility_buckets(bucket_expiries(alone)).size == 6


def test_few_expiries_far_apart_are_the_centres(quotes: Quotes) -> None:
    short = quotes.select(quotes.expiry < 0.07)
    expiries = sorted({quotes.slices[k].expiry for k in np.unique(short.slice_index)})
    assert len(bucket_expiries(short)) == 2 and expiries[-1] > 1.5 * expiries[0]
    assert bucket_expiries(short) == [expiries[0], expiries[-1]]


@pytest.mark.parametrize("expiries", [[], [0.5, 0.25], [0.0, 1.0]])
def test_bucket_centres_are_checked(expiries: list[float]) -> None:
    with pytest.raises(AadValueError, match="expiries"):
        volatility_buckets(expiries)
