"""Words after which a machine does not answer: money, law, health. All as data.

Each is matched as a whole word; `*` at the end stands for any ending. A word that often means
something harmless is listed with what has to stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MONEY: Final = (
    "refund*", "reimburse*", "money back", "chargeback*", "charged twice", "double charged",
    "overcharged", "overcharge", "wrongly charged", "charged me", "been charged", "was charged",
    "unauthorized", "unauthorised", "invoice*", "billing", "wrong bill", "my bill", "bank transfer",
    "bank account", "credit card", "debit card", "iban", "direct debit", "payment failed",
    "failed payment", "paid twice", "payment plan", "owe", "owed", "debt*", "compensation",
    "compensate*", "fraud*", "scam*", "stolen", "my money", "discount*", "price match",
    # German, French, Spanish
    "rückerstattung*", "rueckerstattung*", "erstattung*", "erstatten", "geld zurück",
    "geld zurueck", "rechnung*", "abgebucht", "lastschrift*", "mahnung*", "betrug*", "schulden",
    "remboursement*", "rembourser", "remboursez", "facture*", "prélèvement*", "escroquerie*",
    "reembolso*", "reembolsar", "factura*", "estafa*",
)  # fmt: skip
LAW: Final = (
    "lawyer*", "attorney*", "solicitor*", "barrister*", "lawsuit*", "sue", "suing", "sued",
    "legal", "legally", "illegal*", "court", "small claims", "litigation", "subpoena*",
    "cease and desist", "liable", "liability", "gdpr", "dsgvo", "rgpd", "ccpa", "data protection",
    "my personal data", "right to be forgotten", "delete my data", "erase my data", "breach",
    "regulator*", "ombudsman", "trading standards", "consumer protection", "police",
    "copyright*", "trademark*", "terms of service", "warranty claim", "discriminat*", "harass*",
    "anwalt*", "anwält*", "rechtsanwalt*", "klage", "verklagen", "gericht*", "datenschutz*",
    "verbraucherschutz*", "polizei", "avocat*", "tribunal*", "juridique*", "plainte*", "abogad*",
    "demandar", "denuncia*", "policía",
)  # fmt: skip
HEALTH: Final = (
    "doctor*", "hospital*", "injur*", "allerg*", "rash*", "bleeding", "poison*", "pregnan*",
    "medication*", "medicine*", "medical*", "prescription*", "diagnos*", "disease*", "illness*",
    "diabet*", "cancer*", "asthma*", "epilep*", "seizure*", "side effect*", "overdose*", "suicid*",
    "kill myself", "self harm", "depress*", "burned me", "burnt me", "electric shock",
    "caught fire", "choking", "choked", "made me sick", "made me ill", "feel sick", "felt sick",
    "food poisoning", "died", "death*", "emergency", "ambulance*",
    "arzt*", "ärzt*", "krankenhaus*", "verletz*", "allergi*", "schwanger*", "vergift*", "notfall*",
    "médecin*", "hôpital*", "blessé*", "enceinte", "médico*", "herida*", "embarazad*",
)  # fmt: skip

#: Said so, they are something else: cut out before a text is looked at.
HARMLESS: Final = (
    "legal holiday*", "court shoe*", "tennis court*", "food court*", "basketball court*",
    "squash court*", "padel court*", "dr martens", "doctor who", "doc martens", "rash guard*",
    "rash vest*", "free of charge", "to die for", "drop dead gorgeous", "no side effects on",
    "credit card size*", "sue ellen", "death metal", "death star", "cancer season",
    "emergency exit light*", "gerichte",
)  # fmt: skip

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"money": MONEY, "law": LAW, "health": HEALTH}
)
