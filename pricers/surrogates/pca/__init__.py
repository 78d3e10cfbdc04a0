"""Principal components of derivatives."""

from pricers.surrogates.pca.differential_pca import DifferentialPCA

__all__ = ["DifferentialPCA"]
