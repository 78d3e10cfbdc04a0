"""What is learned: one file for each problem."""

from pricers.surrogates.samples.problems.bachelier_basket import BachelierBasket
from pricers.surrogates.samples.problems.black_scholes_call import BlackScholesCall

__all__ = ["BachelierBasket", "BlackScholesCall"]
