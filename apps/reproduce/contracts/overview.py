"""What the overview and the authors state about differential machine learning, to be set beside what we measure."""

from __future__ import annotations

from apps.report.tables import Cell

SOURCE = "overview of differential machine learning"
TWIN_SOURCE = "the authors' article on twin networks, and the overview of differential machine learning"

PRICE_ERROR, GREEKS_ERROR = "median relative error, prices", "median relative error, Greeks"
SAMPLES = "samples that values alone need for the same error, over those of differential training"
LABELS = "time of values with gradients over values alone"
TWIN = "time of price with Greeks over price alone, from the network"

ACCURACY: dict[str, Cell] = {PRICE_ERROR: 0.1, GREEKS_ERROR: 1.0}
"""Per cent; both are upper bounds."""
TRAINING: dict[str, Cell] = {SAMPLES: "10 to 100", LABELS: "3 to 5", TWIN: 2}
