"""What paths, models and payoffs refuse, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib import AadTypeError, AadValueError
from pricers.monte_carlo import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    ConditionalExpectation,
    DigitalOption,
    GeometricAsianOption,
    GeometricBasketOption,
    GeometricBrownianMotion,
    HimalayaOption,
    Kernel,
    LocalizedLikelihoodRatio,
    LocalVolatility,
    Path,
    Softplus,
    SpreadOption,
    WorstOfOption,
    closed_forms,
    compress_steps,
    measured_bias,
    price,
)
from pricers.surfaces.flat import FlatVolatility

from .estimates import ONE, THREE

CALL = BasketOption(strike=100.0)


def path(**changes):
    return Path(**({"dynamics": ONE, "payoff": CALL, "expiry": 1.0} | changes))


def model(**changes):
    return GeometricBrownianMotion(**({"spots": [100.0, 90.0], "volatilities": 0.2} | changes))


VALUES = [
    (lambda: model(spots=[100.0, -1.0]), r"spots\[1\] = -1.0"),
    (lambda: model(spots=[]), "spots is empty"),
    (lambda: model(spots=[[1.0]]), r"spots has shape \(1, 1\)"),
    (lambda: model(volatilities=[0.2, -0.1]), r"volatilities\[1\] = -0.1"),
    (lambda: model(volatilities=[0.2]), "volatilities has 1 entries: there are 2 spots"),
    (lambda: model(rate=np.nan), "rate = nan"),
    (lambda: model(dividend_yields=[0.0, np.inf]), r"dividend_yields\[1\] = inf"),
    (lambda: LocalVolatility(spots=[0.0], surfaces=FlatVolatility(0.2)), r"spots\[0\] = 0.0"),
    (lambda: LocalVolatility(spots=[1.0, 1.0], surfaces=[FlatVolatility(0.2)]), "surfaces has 1 entries"),
    (lambda: BasketOption(strike=np.nan), "strike = nan"),
    (lambda: BasketOption(strike=1.0, weights=[]), "weights is empty"),
    (lambda: BasketOption(strike=1.0, weights=[0.0, 0.0]), "at least one must differ from zero"),
    (lambda: BasketOption(strike=1.0, weights=[np.nan]), r"weights\[0\] = nan"),
    (lambda: DigitalOption(strike=1.0, payout=np.inf), "payout = inf"),
    (lambda: GeometricBasketOption(strike=0.0), "strike = 0.0"),
    (lambda: GeometricAsianOption(strike=-1.0), "strike = -1.0"),
    (lambda: BarrierOption(strike=1.0, barrier=0.0), "barrier = 0.0"),
    (lambda: BarrierOption(strike=1.0, barrier=2.0, kind="sideways"), "kind = 'sideways': choose one of up-and-out"),
    (lambda: WorstOfOption(strike=1.0, references=[1.0, -2.0]), r"references\[1\] = -2.0"),
    (lambda: Autocallable(references=[1.0], coupon=0.0, protection=2.0), "must not be above call_level"),
    (lambda: HimalayaOption(references=[1.0, 0.0]), r"references\[1\] = 0.0"),
    (lambda: HimalayaOption(references=[1.0], notional=-1.0), "notional = -1.0"),
    (lambda: LocalizedLikelihoodRatio(bandwidth=0.0), "bandwidth = 0.0: must be finite and above zero"),
    (lambda: Softplus(sharpness=0.0).estimator(CALL, ONE, 1.0, 1), "sharpness = 0.0"),
    (lambda: Kernel(bandwidth=-1.0).estimator(CALL, ONE, 1.0, 1), "bandwidth = -1.0"),
    (lambda: path(expiry=0.0), "expiry = 0.0"),
    (lambda: path(n_steps=0), "n_steps = 0"),
    (lambda: path(n_steps=2.5), "n_steps = 2.5"),
    (lambda: path(differentiate=("spot",)), "choose different names among spots, volatilities, rate"),
    (lambda: path(dynamics=LocalVolatility(spots=[1.0], surfaces=FlatVolatility(0.2)), differentiate="expiry"),
     "choose different names among spots, weights, rate, dividend_yields, correlations$"),
    (lambda: path(differentiate=()), "choose different names"),
    (lambda: path(differentiate=("rate", "rate")), "choose different names"),
    (lambda: path(smoothing="kink"), "expectation\\(..., smoothing='kink'\\)"),
    (lambda: path(smoothing="vibration"), "smoothing = 'vibration': choose one of none, softplus, kernel"),
    (lambda: path(dynamics=THREE), "weights has 1 entries: the model has 3 assets"),
    (lambda: path(payoff=SpreadOption()), "on 2 assets: the model has 1"),
    (lambda: path(dynamics=THREE, payoff=WorstOfOption(strike=1.0, references=[1.0])), "references has 1 entries"),
    (lambda: path(payoff=AsianOption(strike=100.0), n_steps=4), "AsianOption depends on prices before expiry"),
    (lambda: path(dynamics=LocalVolatility(spots=[1.0], surfaces=FlatVolatility(0.2)),
                  differentiate="spots", n_steps=2), "no exact steps: pass track_steps=True"),
    (lambda: path(correlated_normals=True, differentiate="correlations"), "correlations cannot be differentiated"),
    (lambda: path(control=CALL), "must be a geometric option"),
    (lambda: path(control=WorstOfOption(strike=1.0)), "must be a geometric option"),
    (lambda: path(dynamics=THREE, payoff=WorstOfOption(strike=1.0), smoothing="conditional_expectation"),
     "knows claims on weighted prices, barriers and autocallables, not WorstOfOption"),
    (lambda: path(dynamics=THREE, payoff=Autocallable(references=THREE.spots, coupon=0.1), n_steps=2, track_steps=True,
                  smoothing="conditional_expectation"), "autocallables on one asset, not on 3"),
    (lambda: path(payoff=AsianOption(strike=100.0), n_steps=2, track_steps=True,
                  smoothing=ConditionalExpectation(last_step=True)), "leaves a corner at the earlier dates"),
    (lambda: path(payoff=BasketOption(strike=-1.0), smoothing="conditional_expectation"), "always in or always out"),
    (lambda: path(payoff=AsianOption(strike=100.0), n_steps=2, track_steps=True, smoothing="vibrato"),
     "AsianOption has corners before it"),
    (lambda: path(dynamics=THREE, payoff=BarrierOption(strike=1.0, barrier=2.0, weights=(1.0, -1.0, 1.0)),
                  n_steps=2, track_steps=True, smoothing="conditional_expectation"), "weights that are not negative"),
    (lambda: path()(np.zeros(3), np.zeros(1)), r"parameters has shape \(3,\): must be \(2,\), spots, volatilities"),
    (lambda: path()(np.array([-1.0, 0.2]), np.zeros(1)), r"spots\[0\] = -1.0"),
    (lambda: path()(path().parameters, np.zeros(2)), r"the last axes must be \(1,\)"),
    (lambda: path(n_steps=2, track_steps=True)(path().parameters, np.zeros(2)), r"the last axes must be \(2, 1\)"),
    (lambda: price(path(), normals=np.zeros((1, 1))), "at least two paths"),
    (lambda: price(path(), normals=[[0.0], [np.nan]]), "normals"),
    (lambda: measured_bias(path(), normals=0.0), "at least two paths"),
    (lambda: compress_steps(np.zeros(3)), r"normals has shape \(3,\)"),
    (lambda: closed_forms.digital(dynamics=THREE, strike=1.0, expiry=1.0), "priced for one asset"),
    (lambda: closed_forms.exchange(dynamics=ONE, expiry=1.0), "priced for two assets"),
    (lambda: closed_forms.geometric_asian(dynamics=ONE, strike=1.0, expiry=1.0, n_dates=0), "n_dates = 0"),
    (lambda: closed_forms.geometric_basket(dynamics=ONE, weights=[0.5, 0.5], strike=1.0, expiry=1.0), "weights has 2"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), VALUES, ids=range(len(VALUES)))
def test_values(call, message):
    with pytest.raises(AadValueError, match=message):
        call()


TYPES = [
    (lambda: path(payoff="call"), "payoff = 'call': must be a payoff"),
    (lambda: path(control=3.0), "control = 3.0: must be a payoff"),
    (lambda: path(dynamics=0.2), "dynamics = 0.2: must be a model"),
    (lambda: BasketOption(strike=1.0, is_call=1), "is_call = 1"),
    (lambda: SpreadOption(is_call="put"), "is_call = 'put'"),
    (lambda: path(smoothing=3.0), "smoothing = 3.0: give a name"),
    (lambda: LocalVolatility(spots=[1.0], surfaces=[0.2]), "must be a FlatVolatility"),
    (lambda: closed_forms.geometric_claim(claim=CALL.claim(1), dynamics=ONE, expiry=1.0), "arithmetic mean"),
]


@pytest.mark.parametrize(("call", "message"), TYPES, ids=range(len(TYPES)))
def test_types(call, message):
    with pytest.raises(AadTypeError, match=message):
        call()
