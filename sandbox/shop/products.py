"""What the shop sells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Product:
    """One product; its picture is `<slug>.svg`."""

    slug: str
    name: str
    kind: str
    price: Decimal
    line: str
    text: str
    facts: tuple[str, ...]


PRODUCTS = (
    Product(
        "kettlebell",
        "Cast kettlebell, 12\N{NO-BREAK SPACE}kg",
        "strength",
        Decimal("49.00"),
        "One piece of iron, a handle that fits two hands.",
        "Cast in one piece, so nothing can come loose. The powder coat grips dry and wet, and the"
        " flat base stands still between two rounds.",
        ("12 kg, single cast", "Handle 33 mm, powder coated", "Ten years of warranty"),
    ),
    Product(
        "bands",
        "Resistance bands, set of three",
        "strength",
        Decimal("24.50"),
        "Light, medium and strong, in a bag that fits a pocket.",
        "Three loops of layered latex that keep their pull. For warming up, for pull-ups that are"
        " still too far, and for hotel rooms.",
        ("7, 16 and 30 kg of pull", "Layered natural latex", "With a cotton bag"),
    ),
    Product(
        "mat",
        "Training mat, 6\N{NO-BREAK SPACE}mm",
        "mobility",
        Decimal("59.00"),
        "Lies flat from the first day and does not slip.",
        "Natural rubber below, a fine weave above: firm enough to stand on one leg, soft enough"
        " for knees. Rinse it with water, hang it up, done.",
        ("183 x 66 cm, 6 mm", "Natural rubber, no PVC", "Rolls up with its own strap"),
    ),
    Product(
        "rope",
        "Skipping rope, steel",
        "endurance",
        Decimal("18.90"),
        "Fast on ball bearings, its length set in a second.",
        "A coated steel cable on ball bearings turns evenly and never kinks. Ten minutes of it"
        " replace a run when it rains.",
        ("3 m, shortened without tools", "Ball bearings in both grips", "180 g"),
    ),
)
BY_SLUG = {product.slug: product for product in PRODUCTS}
KINDS = tuple(dict.fromkeys(product.kind for product in PRODUCTS))
