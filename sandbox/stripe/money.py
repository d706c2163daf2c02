"""Amounts as Stripe states and limits them (https://docs.stripe.com/currencies)."""

from decimal import Decimal

from babel.numbers import format_currency

from payments.currencies import decimals_at_stripe

AMOUNT_MAX = 99_999_999  # eight digits

# The smallest charge by settlement currency; what is not named here is held to one unit of it.
AMOUNT_MIN = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip

_PRESENTMENT = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr
ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk
mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp
sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
CURRENCIES = tuple(_PRESENTMENT.split())


def stated(amount: int, currency: str) -> str:
    """The amount as it stands in Stripe's messages: €12.50."""
    code = currency.upper()
    return format_currency(Decimal(amount).scaleb(-decimals_at_stripe(code)), code, locale="en_US")


def smallest(currency: str) -> int:
    """The least that can be charged in that currency, in minor units."""
    return AMOUNT_MIN.get(currency, 1)
